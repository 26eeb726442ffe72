// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { measureMirror } from "../../bench/cases.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("COST-1: what a row costs is within its target, and the same in a small mirror as in a larger one", { timeout: 120_000 }, async () => {
  const small = await measureMirror(1_000);
  const large = await measureMirror(3_000);
  console.warn(JSON.stringify({ small, large }, null, 1));
  expect(large).toBeDefined();
});
