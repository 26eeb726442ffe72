import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A process has one environment: files of one after those of the other, so that neither is started more than once. */
class ByEnvironment extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const asksForNode = ({ moduleId }: TestSpecification) =>
      readFileSync(moduleId, "utf8").startsWith("// @vitest-environment node");
    return [...sorted.filter(asksForNode), ...sorted.filter((file) => !asksForNode(file))];
  }
}

/** V8 counts only what is compiled after it was asked to: such a test needs a process of its own. */
const COUNTED = "test/core/linear.test.ts";

export default defineConfig({
  resolve: {
    // Tests see the sources, not the last build.
    alias: [
      { find: /^convex-streaming-import$/, replacement: at("src/client/index.ts") },
      {
        find: /^convex-streaming-import\/(schema|guard|react|dashboard)$/,
        replacement: at("src/$1/index.ts"),
      },
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
    // Every core, and one process for many files: they import the same modules. test/setup.ts puts back what a file changes.
    maxWorkers: "100%",
    isolate: false,
    setupFiles: ["test/setup.ts"],
    sequence: { sequencer: ByEnvironment },
    // What needs more than Node has commands of its own: `npm run test:browser`, `test:postgres`, `test:connectors`.
    exclude: ["**/node_modules/**", "dist/**", "test/{browser,postgres,connectors}/**"],
    projects: [
      {
        extends: true,
        test: {
          name: "shared",
          include: ["{src,convex,eslint-rules,tools,test,example}/**/*.test.{ts,tsx}"],
          exclude: [COUNTED],
        },
      },
      {
        extends: true,
        test: { name: "counted", include: [COUNTED], isolate: true, typecheck: { enabled: false } },
      },
    ],
    // Nobody waits longer for what hangs, and a busy machine fails no test.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // A test that fails shows what it logged; the others say nothing.
    silent: "passed-only",
    typecheck: { enabled: true, include: ["src/**/*.test-d.ts"], tsconfig: "test/tsconfig.types.json" },
  },
});
