import { usageError } from "../terminal/exit.js";
import type { CommonOptions } from "../deployment/options.js";
import { ago, print, since, table } from "../terminal/output.js";
import { conservation } from "../push/report.js";
import { openSession } from "../deployment/session.js";
import type { RunInfo } from "../../core/wire/types.js";

export async function runs(mirror: string, options: CommonOptions & { limit: string }): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) throw usageError("--limit is a whole number from 1.");
  const found = await openSession(options).admin.call<RunInfo[]>("runs", { mirror, limit });
  print(options.json, found, () => describe(mirror, found));
}

function describe(mirror: string, found: readonly RunInfo[]): string {
  if (found.length === 0) return `The mirror "${mirror}" has had no run yet.`;
  const rows = found.map((run) => [
    run.epoch,
    run.state,
    run.syncMode,
    run.generation,
    ago(run.startedAt),
    since(Date.parse(run.finishedAt ?? run.lastDeliveryAt ?? run.startedAt) - Date.parse(run.startedAt)),
    run.counts.received,
    run.swept,
    run.reason,
  ]);
  const header = ["run", "state", "mode", "generation", "began", "took", "rows", "swept", "reason"];
  return `${table(header, rows)}\nNewest: ${conservation(found[0]!.counts)}`;
}
