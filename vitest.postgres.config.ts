import { defineConfig } from "vitest/config";

/** What reads a Postgres database: `npm run test:postgres`. Apart from the other tests, which need Node alone. */
export default defineConfig({
  test: {
    environment: "node",
    include: ["test/postgres/**/*.test.ts"],
    // A file is a database server and a deployment of its own; two at once only make both slow.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
