// @vitest-environment node
/** Not a test: `npm run bench` runs this in vitest, for the fake clock and the modules that Vite loads. See main.ts. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeEach, test, vi } from "vitest";
import { measureBaselines, measureMirror, type Costs } from "./cases.js";
import { measureFlights } from "./flights.js";

const out = process.env.BENCH_OUT;
const sizes = (process.env.BENCH_SIZES ?? "1000,10000,100000").split(",").map(Number);
const results: Record<string, Costs> = {};

beforeEach(() => {
  vi.useFakeTimers();
});
afterAll(() => {
  vi.useRealTimers();
  if (out !== undefined) writeFileSync(out, JSON.stringify(results));
});

test.each(sizes)("a mirror of %i rows", { timeout: 3_600_000 }, async (size) => {
  results[`mirror of ${String(size)} rows`] = await measureMirror(size);
});

test.each(sizes)("baselines with %i rows", { timeout: 3_600_000 }, async (size) => {
  results[`baselines with ${String(size)} rows`] = await measureBaselines(size);
});

test.skipIf(process.env.BENCH_FLIGHTS === "no")(
  "200,000 flights without a key",
  { timeout: 3_600_000 },
  async () => {
    results["flights-200k, without a key"] = await measureFlights();
  },
);
