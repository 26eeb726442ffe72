/** Runs before each test file. Files share a process, so what one has changed is put back. */
import fc from "fast-check";
import { afterAll, vi } from "vitest";
import { loadScripts } from "../src/core/rows/transliterate.js";

// Files share what a module remembers: without this, a test would depend on those before it. That requests load them
// is tested in src/http/request.test.ts.
await loadScripts();

// Properties draw other values in every run, and print the seed when one fails; SEED plays the same values again.
const seed = process.env["SEED"];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
