import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests see the sources, not the last build.
    alias: [
      { find: /^convex-streaming-import$/, replacement: at("src/client/index.ts") },
      { find: /^convex-streaming-import\/(schema|guard|react)$/, replacement: at("src/$1/index.ts") },
      { find: /^convex-streaming-import\/test$/, replacement: at("src/test.ts") },
      {
        find: /^convex-streaming-import\/convex\.config(\.js)?$/,
        replacement: at("convex/convex.config.ts"),
      },
    ],
  },
  test: {
    // Convex functions run without Node's globals; so do their tests, unless a file asks for node.
    environment: "edge-runtime",
    include: ["{src,convex,eslint-rules,tools,test,example}/**/*.test.{ts,tsx}"],
    // What needs more than Node has commands of its own: `npm run test:browser`, `test:postgres`, `test:connectors`.
    exclude: ["**/node_modules/**", "dist/**", "test/{browser,postgres,connectors}/**"],
    // A test that fails shows what it logged; the others say nothing.
    silent: "passed-only",
    typecheck: { enabled: true, include: ["src/**/*.test-d.ts"], tsconfig: "tsconfig.json" },
  },
});
