import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Convex functions run without Node's globals; so do their tests, unless a file asks for node.
    environment: "edge-runtime",
    include: ["{src,convex,eslint-rules,tools,test,example}/**/*.test.{ts,tsx}"],
    exclude: ["**/node_modules/**", "dist/**"],
    typecheck: { enabled: true, include: ["src/**/*.test-d.ts"], tsconfig: "tsconfig.json" },
  },
});
