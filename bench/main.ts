/**
 * Measures what imports cost, per 1,000 rows: `npm run bench`, `npm run bench -- --json`. `--sizes 1000,10000` for
 * other sizes than 1k, 10k and 100k rows already in the mirror; `--no-flights` leaves out the 200,000 flights;
 * `--reader 0` leaves out the reader of the local server, another number has it read so many rows.
 *
 * `npm run bench -- contention`: which mutations conflict, and what that costs 1 to 64 senders.
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
  },
});
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

function printTables(results: Record<string, Record<string, Cost>>): void {
  for (const [title, costs] of Object.entries(results)) {
    // Mirrors and baselines are counted per 1,000 rows, the export per call.
    console.log(`\n${title}${/^(mirror|baselines|flights)/.test(title) ? ", per 1,000 rows" : ""}`);
    console.table(costs);
  }
}
