import { expect, test } from "vitest";
import { isTransactionLimit } from "./limitErrors.js";

test.each([
  // The backend.
  "Too many reads in a single function execution (limit: 4096). Consider using smaller limits in your queries.",
  "Too many documents read in a single function execution (limit: 32000).",
  "Too many bytes read in a single function execution (limit: 16777216 bytes).",
  "Too many writes in a single function execution (limit: 16000)",
  "Too many bytes written in a single function execution (limit: 16777216 bytes)",
  "Too many functions scheduled by this mutation (limit: 1000)",
  "Arguments for imports:apply are too large (actual: 17.2 MiB, limit: 16 MiB)",
  "Function execution timed out (maximum duration: 1s)",
  "Your request timed out performing too many system operations.",
  "JavaScript execution ran out of memory (maximum memory usage: 64 MB)",
  "Uncaught Error: Too many reads in a single function execution (limit: 4096).\n    at async handler (../convex/imports.ts:1:1)",
  "[CONVEX M(ingest:apply)] [Request ID: 52ff] Server Error\nUncaught Error: Too many writes in a single function execution (limit: 16000)",
  // Nested calls, as the open-source backend words them (26 November 2026).
  "Uncaught Error: Uncaught Error: Too many reads in a single function execution (limit: 4096). Consider using smaller limits in your queries.\n    at async handler (../convex/comp/m.ts:2:106)\n\n    at async handler (../convex/m.ts:4:91)\n",
  "Uncaught Error: Uncaught Error: Uncaught Error: Too many bytes written in a single function execution (limit: 16 MiB)\n",
  "Uncaught Error: Function execution timed out (maximum duration: 1s)\n\n    at async handler (../convex/m.ts:4:91)\n",
  // convex-test.
  "Read too much data in a single function execution (limit: 16777216 bytes). See docs",
  "Scanned too many documents in a single function execution (limit: 32000). See docs",
  "Wrote too much data in a single function execution (limit: 16777216 bytes). See docs",
  "Wrote too many documents in a single function execution (limit: 16000). See docs",
  "Too many index ranges read in a single function execution (limit: 4096). See docs",
  "Scheduled too many functions in a single function execution (limit: 1000). See docs",
  "Scheduled function arguments too large in a single function execution (limit: 16777216 bytes). See docs",
])("a smaller transaction may get past: %s", (message) => {
  expect(isTransactionLimit(new Error(message))).toBe(true);
  expect(isTransactionLimit(message)).toBe(true);
});

test.each([
  "Validator error: Expected `string`, got `Too many reads in a single function execution (limit: 4096)`",
  'Failed to insert or update a document in table "limits": Object is missing the required field `limit`.',
  "Value is too large (1.2 MiB > maximum size 1 MiB)",
  "Array length is too long (9154 > maximum length 8192)",
  "Documents read from or written to the table changed while this mutation was being run",
  'The row takes 2000000 bytes; a document has too many. Its largest field is "limit".',
  "TooManyWrites: the deployment's write throughput is spent; try again",
  "ConvexError: too many",
  'Uncaught Error: Uncaught Error: Value does not match validator.\nValue: "Too many reads in a single function execution"',
  "",
])("is another matter: %s", (message) => {
  expect(isTransactionLimit(new Error(message))).toBe(false);
});

test("what is no error is no limit", () => {
  expect(isTransactionLimit(undefined)).toBe(false);
  expect(isTransactionLimit({ message: "Too many reads in a single function execution" })).toBe(false);
});
