/**
 * How fast `airbyte write` is, beside the floor under it: the same messages through the same reader and JSON.parse
 * alone. Both run one after the other, several times, each in a process of its own; the sink is a third one.
 *
 *   npx tsx bench/cli/airbyte.ts [--records 1000000] [--rounds 3] [--json]
 */
import { spawn } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { generateMessages, writeCatalog } from "./source.js";

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const records = Number(values.records);
const rounds = Number(values.rounds);

/** How often memory is looked at, in milliseconds. */
const SAMPLE_MS = 50;

interface Measured {
  seconds: number;
  cpuSeconds: number;
  peakMb: number;
  /** Peak of each quarter of the run: flat memory has the same in the last as in the second. */
  quartersMb: number[];
}

const directory = await mkdtemp(path.join(os.tmpdir(), "bench-airbyte-"));
const at = (name: string) => path.join(directory, name);
try {
  // Bundles, so that neither side pays for translating TypeScript.
  const source = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  await bundle(source("./floor.ts"), at("floor.mjs"));
  await bundle(source("../../src/cli/main.ts"), at("src/cli/project/main.mjs"));
  await bundle(source("./sink.ts"), at("sink.mjs"));
  // The command reads the package.json three folders above it.
  await copyFile(source("../../package.json"), at("package.json"));
  const bytes = await generateMessages(at("messages.jsonl"), records);
  await writeCatalog(at("catalog.json"));
  const sink = await startSink();
  await writeFile(
    at("config.json"),
    JSON.stringify({ deployment_url: sink.url, access_key: "csi_bench_token" }),
  );
  const write = ["airbyte", "write", "--config", at("config.json"), "--catalog", at("catalog.json")];
  const floor: Measured[] = [];
  const whole: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    floor.push(await measure([at("floor.mjs")]));
    whole.push(await measure([at("src/cli/project/main.mjs"), ...write]));
  }
  sink.stop();
  report(bytes, floor, whole);
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    // Packages in CommonJS call require(), which a module of its own has not.
    banner: { js: 'import { createRequire as _r } from "node:module"; const require = _r(import.meta.url);' },
  });
}

async function startSink() {
  const child = spawn(process.execPath, [at("sink.mjs")], { stdio: ["pipe", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout }).once("line", resolve),
  );
  return { url, stop: () => child.stdin.end() };
}

/** Runs a program with the messages on its stdin, a pipe, and watches its memory. */
async function measure(args: string[]): Promise<Measured> {
  const startedAt = performance.now();
  // A pipe from process to process, as between two containers; this one only watches.
  const cat = spawn("cat", [at("messages.jsonl")], { stdio: ["ignore", "pipe", "inherit"] });
  const child = spawn(process.execPath, args, { stdio: [cat.stdout, "pipe", "inherit"] });
  cat.stdout.destroy();
  child.stdout.resume();
  const samples: number[] = [];
  let cpuSeconds = 0;
  const timer = setInterval(() => {
    void (async () => {
      const status = await readFile(`/proc/${String(child.pid)}/status`, "utf8").catch(() => "");
      const rss = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
      if (rss !== undefined) samples.push(Number(rss) / 1024);
      const stat = await readFile(`/proc/${String(child.pid)}/stat`, "utf8").catch(() => "");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (fields.length > 12) cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100;
    })();
  }, SAMPLE_MS);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${String(code)}.`);
  const quarter = Math.ceil(samples.length / 4);
  const quartersMb = [0, 1, 2, 3].map((q) => Math.max(0, ...samples.slice(q * quarter, (q + 1) * quarter)));
  return {
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds,
    peakMb: Math.max(0, ...samples),
    quartersMb,
  };
}

function report(bytes: number, floor: Measured[], whole: Measured[]): void {
  const best = (all: Measured[]) => all.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  const ratio = best(whole).seconds / best(floor).seconds;
  const cpuRatio = best(whole).cpuSeconds / best(floor).cpuSeconds;
  const peakMb = Math.max(...whole.map((run) => run.peakMb));
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ records, bytes, floor, whole, ratio, cpuRatio, peakMb })}\n`);
  } else {
    process.stdout.write(
      `${String(records)} records, ${(bytes / 1e6).toFixed(0)} MB, best of ${String(rounds)} rounds\n`,
    );
    row("JSON.parse alone", best(floor));
    row("airbyte write", best(whole));
    process.stdout.write(
      `whole path / floor: ${ratio.toFixed(2)} (bound 2.5), of CPU time ${cpuRatio.toFixed(2)}; peak memory ${peakMb.toFixed(0)} MB (bound 200)\n`,
    );
  }
  if (ratio > 2.5 || peakMb > 200) process.exitCode = 1;
}

function row(name: string, { seconds, cpuSeconds, peakMb, quartersMb }: Measured): void {
  const perSecond = Math.round(records / seconds).toLocaleString("en");
  const quarters = quartersMb.map((mb) => mb.toFixed(0)).join(" ");
  process.stdout.write(
    `${name.padEnd(18)} ${seconds.toFixed(2)} s  ${perSecond.padStart(9)} messages/s  cpu ${cpuSeconds.toFixed(2)} s  peak ${peakMb.toFixed(0)} MB  by quarter ${quarters}\n`,
  );
}
