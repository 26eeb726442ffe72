import { defineConfig } from "vitest/config";
import { findPython } from "./test/connectors/python.js";

const python = findPython();
if (python === null) {
  console.log("No Python 3.10 to 3.12 with venv on this machine: the tests with real connectors do not run.");
}

/** Real Airbyte connectors: `npm run test:connectors`. Apart from the other tests, which need Node alone. */
export default defineConfig({
  test: {
    environment: "node",
    include: python === null ? [] : ["test/connectors/**/*.test.ts"],
    passWithNoTests: python === null,
    // Each file is a deployment of its own; two at once only make both slow.
    fileParallelism: false,
    testTimeout: 300_000,
    // The first run installs the packages.
    hookTimeout: 900_000,
    silent: "passed-only",
  },
});
