/** Runs before each test file. Files share a process, so what one has changed is put back. */
import { afterAll, vi } from "vitest";
import { loadScripts } from "../src/core/rows/transliterate.js";

// Files share what a module remembers: without this, a test would depend on those before it. That requests load them
// is tested in src/http/request.test.ts.
await loadScripts();

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
