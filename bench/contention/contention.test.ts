// @vitest-environment node
/** Not a test: `npm run bench -- contention` runs this in vitest, for the fake clock and the modules that Vite loads. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeEach, test, vi } from "vitest";
import { measureContention } from "./record.js";
import { conflictsOf, simulate } from "./simulate.js";

const SENDERS = [1, 2, 4, 8, 16, 32, 64];
const LOADS = { "50 rows of 300 bytes": 15_000, "1,000 rows of 4 KiB": 4 << 20 };

const results: Record<string, Record<string, object>> = {};

beforeEach(() => {
  vi.useFakeTimers();
});
afterAll(() => {
  vi.useRealTimers();
  if (process.env.BENCH_OUT !== undefined) writeFileSync(process.env.BENCH_OUT, JSON.stringify(results));
});

test("contention", { timeout: 3_600_000 }, async () => {
  const contention = await measureContention();
  results["pairs of mutations that conflict"] = {
    "of one mirror": { pairs: contention.same.length },
    "of two mirrors": { pairs: contention.across.length },
  };
  const conflicts = conflictsOf(contention);
  for (const [load, bytes] of Object.entries(LOADS)) results[load] = await play(bytes, conflicts);
  results["50 rows of 300 bytes, if all chunks wrote one document"] = await play(
    15_000,
    (reader, writer, isSame) =>
      conflicts(reader, writer, isSame) || (reader === "ingest:applyChunk" && writer === reader),
  );
});

async function play(
  bytes: number,
  conflicts: ReturnType<typeof conflictsOf>,
): Promise<Record<string, object>> {
  const outcomes: Record<string, object> = {};
  let alone = 0;
  for (const senders of SENDERS) {
    const outcome = await simulate({ senders, seconds: 120, bytes, conflicts });
    alone ||= outcome.chunksPerSecond;
    const timesOne = outcome.chunksPerSecond / alone;
    outcomes[`${String(senders)} senders`] = Object.fromEntries(
      Object.entries({ timesOne, ...outcome }).map(([name, value]) => [
        name,
        Math.round(value * 1000) / 1000,
      ]),
    );
  }
  return outcomes;
}
