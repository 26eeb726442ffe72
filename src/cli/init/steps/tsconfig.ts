import { existsSync } from "node:fs";
import path from "node:path";
import { create, type Planning, type Step } from "../edit.js";

/** As `npx convex dev` writes it. */
const WHOLE = `{
  /* This TypeScript project config describes the environment that
   * Convex functions run in and is used to typecheck them. */
  "compilerOptions": {
    "allowJs": true,
    "strict": true,
    "moduleResolution": "Bundler",
    "jsx": "react-jsx",
    "skipLibCheck": true,
    "allowSyntheticDefaultImports": true,
    "target": "ESNext",
    "lib": ["ES2023", "dom"],
    "forceConsistentCasingInFileNames": true,
    "module": "ESNext",
    "isolatedModules": true,
    "noEmit": true
  },
  "include": ["./**/*"],
  "exclude": ["./_generated"]
}
`;

/**
 * Without a tsconfig.json of the functions, `npx convex deploy` checks no types, and a write to a mirror passes.
 * @returns null where there is one, or nothing to check
 */
export function planTsconfig({ project }: Planning): Step | null {
  const file = `${project.functionsDir}/tsconfig.json`;
  if (project.language === "js" || existsSync(path.join(project.root, file))) return null;
  return create(file, WHOLE);
}
