import { spinner } from "@clack/prompts";
import cliProgress from "cli-progress";
import { Meter } from "./meter.js";

/** Shows how far a sync is. On stderr: stdout is for the result. */
export interface Progress {
  add(rows: number): void;
  stop(): void;
}

const LINE_EVERY_MS = 1000;

/** A bar on a terminal, a line a second elsewhere, nothing when quiet. */
export function showProgress(label: string, total: number, quiet: boolean): Progress {
  if (quiet) return { add: () => undefined, stop: () => undefined };
  return process.stderr.isTTY ? bar(label, total) : lines(label, total);
}

/** Shows that a step runs: a spinner on a terminal, a line elsewhere, nothing when quiet. Returns what the step does. */
export async function step<Result>(
  label: string,
  quiet: boolean,
  work: () => Promise<Result>,
): Promise<Result> {
  if (quiet) return await work();
  if (!process.stderr.isTTY) {
    process.stderr.write(`${label} …\n`);
    return await work();
  }
  const shown = spinner({ output: process.stderr, indicator: "timer" });
  shown.start(label);
  try {
    const result = await work();
    shown.stop(label);
    return result;
  } catch (error) {
    shown.error(label);
    throw error;
  }
}

function bar(label: string, total: number): Progress {
  const meter = new Meter();
  const shown = new cliProgress.SingleBar(
    {
      format: `  ${label}  {bar} {percentage}%  {value}/{total} rows  {speed} rows/s  ETA {eta_formatted}`,
      formatValue: (value, _options, type) =>
        type === "value" || type === "total" ? value.toLocaleString("en") : String(value),
      barsize: 28,
      hideCursor: true,
      stream: process.stderr,
    },
    cliProgress.Presets.shades_classic,
  );
  shown.start(total, 0, { speed: "–" });
  return {
    add(rows) {
      meter.add(rows);
      shown.update(meter.rows, { speed: Math.round(meter.rate()).toLocaleString("en") });
    },
    stop() {
      shown.stop();
    },
  };
}

function lines(label: string, total: number): Progress {
  const meter = new Meter();
  let lastAt = 0;
  return {
    add(rows) {
      meter.add(rows);
      if (meter.rows < total && performance.now() - lastAt < LINE_EVERY_MS) return;
      lastAt = performance.now();
      const eta = Math.ceil((total - meter.rows) / meter.rate());
      process.stderr.write(
        `  ${label}  ${meter.rows.toLocaleString("en")}/${total.toLocaleString("en")} rows  ${Math.round(meter.rate()).toLocaleString("en")} rows/s  ETA ${String(eta)}s\n`,
      );
    },
    stop: () => undefined,
  };
}
