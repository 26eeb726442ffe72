/**
 * Measures what imports cost, per 1,000 rows: `npm run bench`, `npm run bench -- --json`. `--sizes 1000,10000` for
 * other sizes than 1k, 10k and 100k rows already in the mirror; `--no-flights` leaves out the 200,000 flights;
 * `--reader 0` leaves out the reader of the local server, another number has it read so many rows.
 *
 * - `npm run bench -- contention`: which mutations conflict, and what that costs 1 to 64 senders.
 * - `npm run bench -- sizes`: what each call evaluates.
 * - `npm run bench -- senders`: how much faster 2, 4 and 8 senders are than one, on the local server; `--seconds 30` of
 *   each, with `--latency 100` milliseconds for each commit and answer.
 * - `npm run bench -- speed`: how fast rows are written, beside a plain mutation.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startVitest } from "vitest/node";
import type { Cost } from "./count.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    sizes: { type: "string" },
    "no-flights": { type: "boolean", default: false },
    reader: { type: "string" },
    seconds: { type: "string", default: "30" },
    latency: { type: "string", default: "100" },
  },
});
switch (positionals[0]) {
  case "sizes": {
    const { measureSizes, measureFloor } = await import("./sizes.js");
    const sizes = { ...(await measureSizes()), "Convex alone": await measureFloor() };
    if (options.json) console.log(JSON.stringify(sizes));
    else console.table(sizes);
    break;
  }
  case "senders": {
    const { measureSenders } = await import("./senders.js");
    const { outcomes, conflicts } = await measureSenders(
      [1, 2, 4, 8],
      Number(options.seconds),
      Number(options.latency),
    );
    if (options.json) console.log(JSON.stringify({ outcomes, conflicts }));
    else {
      console.table(outcomes.map(rounded));
      console.log("Tries in vain since the start, by function and table:", conflicts);
    }
    break;
  }
  case "speed": {
    const { measureSpeed } = await import("./speed.js");
    const repeats = new Map([
      [1, 15],
      [10, 9],
      [100, 7],
      [1000, 5],
    ]);
    const speeds = await measureSpeed(repeats);
    if (options.json) console.log(JSON.stringify(speeds));
    else console.table(speeds.map(rounded));
    break;
  }
  default:
    await measureCosts();
}

function rounded<Row extends object>(row: Row): Row {
  const entries = Object.entries(row).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "number" ? Number(value.toPrecision(3)) : value,
  ]);
  return Object.fromEntries(entries) as Row;
}

async function measureCosts(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  const out = join(directory, "results.json");
  process.env.BENCH_OUT = out;
  if (options.sizes !== undefined) process.env.BENCH_SIZES = options.sizes;
  if (options.reader !== undefined) process.env.BENCH_READER = options.reader === "0" ? "no" : options.reader;
  if (options["no-flights"]) process.env.BENCH_FLIGHTS = "no";

  const vitest = await startVitest("test", [positionals[0] ?? "bench.test.ts"], {
    config: "bench/vitest.config.ts",
    watch: false,
    reporters: options.json ? [{}] : ["default"],
  });
  await vitest.close();
  const text = readFileSync(out, "utf8");
  rmSync(directory, { recursive: true });
  if (options.json) console.log(text);
  else printTables(JSON.parse(text) as Record<string, Record<string, Cost>>);
}

function printTables(results: Record<string, Record<string, Cost>>): void {
  for (const [title, costs] of Object.entries(results)) {
    // Mirrors and baselines are counted per 1,000 rows, the export per call.
    console.log(`\n${title}${/^(mirror|baselines|flights)/.test(title) ? ", per 1,000 rows" : ""}`);
    console.table(costs);
  }
}
