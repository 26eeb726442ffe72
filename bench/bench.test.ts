// @vitest-environment node
/** Not a test: `npm run bench` runs this in vitest, for the fake clock and the modules that Vite loads. See main.ts. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeEach, test, vi } from "vitest";
import { measureBaselines, measureMirror, type Costs } from "./cases.js";
import { measureDeltas, measureRecording, type ExportCosts } from "./export.js";
import { measureFlights } from "./flights.js";
import { measureReader, type ReaderSpeed } from "./reader.js";

const out = process.env.BENCH_OUT;
const sizes = (process.env.BENCH_SIZES ?? "1000,10000,100000").split(",").map(Number);
const results: Record<string, Costs | ExportCosts | Record<string, ReaderSpeed>> = {};

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

test("recording for readers", { timeout: 3_600_000 }, async () => {
  results["what export adds to a mutation or delivery"] = await measureRecording();
});

test.each(sizes)("changes of a table of %i rows", { timeout: 3_600_000 }, async (size) => {
  results[`a page of changes, table of ${String(size)} rows`] = await measureDeltas(size);
});

test.skipIf(process.env.BENCH_READER === "no")(
  "a reader of the local server",
  { timeout: 3_600_000 },
  async () => {
    vi.useRealTimers();
    const rows = Number(process.env.BENCH_READER ?? 200_000);
    results["a reader of the local server, against the plain paginated query"] = {
      snapshot: await measureReader(rows),
    };
  },
);

test.skipIf(process.env.BENCH_FLIGHTS === "no")(
  "200,000 flights without a key",
  { timeout: 3_600_000 },
  async () => {
    results["flights-200k, without a key"] = await measureFlights();
  },
);
