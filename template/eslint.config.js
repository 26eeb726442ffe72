import streamingImport from "convex-streaming-import/eslint";
import tseslint from "typescript-eslint";

export default [
  { ignores: ["convex/_generated/**", "dist/**"] },
  {
    files: ["convex/**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}"],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
  },
  ...streamingImport.configs.recommended,
];
