import { defineConfig } from "vitest/config";

/** The example's page in a real browser: `npm run test:browser`. Apart from the other tests, which need Node alone. */
export default defineConfig({
  test: {
    environment: "node",
    include: ["test/browser/**/*.test.ts"],
    // A file is a deployment and a browser of its own; two at once only make both slow.
    fileParallelism: false,
    // Nobody waits longer for what hangs, and a busy machine fails no test.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
