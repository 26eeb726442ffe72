import { CliError, EXIT, usageError } from "../terminal/exit.js";
import type { CommonOptions } from "../deployment/options.js";
import { ago, keyForPeople, print, since, table } from "../terminal/output.js";
import { count, repairWords } from "../../core/words.js";
import { conservation } from "../push/report.js";
import { openSession } from "../deployment/admin.js";
import type { AuditReport, RunSummary, UnknownStream } from "../../core/wire/views.js";
import { setTimeout as sleep } from "node:timers/promises";
import type { Io } from "../terminal/io.js";
import { adminOf, agreed, keyFields, knownMirror } from "./quarantine.js";

export async function runs(
  io: Io,
  mirror: string,
  options: CommonOptions & { limit: string },
): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) throw usageError("--limit is a whole number from 1.");
  const admin = await adminOf(io, mirror, options);
  const found = await admin.component<RunSummary[]>("runs:history", { mirror, limit });
  print(io, options.json, found, () => describe(mirror, found, io.stdout.columns));
}

function describe(mirror: string, found: readonly RunSummary[], columns: number | undefined): string {
  if (found.length === 0) return `The mirror "${mirror}" has no runs yet.`;
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
  return `${table(header, rows, columns)}\nNewest: ${conservation(found[0]!.counts)}`;
}

export async function pause(
  io: Io,
  mirror: string,
  options: CommonOptions & { reason?: string },
): Promise<void> {
  const { reason } = options;
  const admin = await adminOf(io, mirror, options);
  await admin.component("registry:pause", {
    mirror,
    ...(reason !== undefined && { reason }),
  });
  print(
    io,
    options.json,
    { mirror, paused: true },
    () => `"${mirror}" is paused: deliveries are refused until it is resumed.`,
  );
}

export async function resume(io: Io, mirror: string, options: CommonOptions): Promise<void> {
  const admin = await adminOf(io, mirror, options);
  await admin.component("registry:resume", { mirror });
  print(io, options.json, { mirror, paused: false }, () => `"${mirror}" takes deliveries again.`);
}

/** Lets a held sweep delete what its refresh did not deliver. */
export async function sweep(
  io: Io,
  mirror: string,
  options: CommonOptions & { yes?: boolean },
): Promise<void> {
  const { admin } = openSession(io, options);
  const { held } = await knownMirror(admin, mirror);
  if (held === null)
    throw new CliError("NothingHeld", `No sweep of "${mirror}" is held: there is nothing to delete.`);
  await agreed(io, options, `${held} Delete the rows that it did not deliver?`);
  await admin.component("runs:sweep", { mirror });
  print(
    io,
    options.json,
    { mirror, sweeping: true },
    () => `Deleting the rows of "${mirror}" that the last refresh did not deliver.`,
  );
}

/** Deletes every row of a mirror, and says how many. */
export async function clear(
  io: Io,
  mirror: string,
  options: CommonOptions & { yes?: boolean },
): Promise<void> {
  const admin = await adminOf(io, mirror, options);
  await agreed(io, options, `Delete every row of "${mirror}"? Only the source can bring them back.`);
  const deleted = await admin.component<number>("write/clear:clear", { mirror });
  print(io, options.json, { mirror, deleted }, () => `${count(deleted, "row")} of "${mirror}" deleted.`);
}

/** Shows the streams that connectors send and no mirror is declared for. */
export async function streams(io: Io, options: CommonOptions): Promise<void> {
  const found = await openSession(io, options).admin.component<UnknownStream[]>("unknownStreams:list");
  print(io, options.json, found, () => {
    if (found.length === 0) return "Every stream that connectors send has a mirror.";
    const codes = found.map(({ stream, snippet }) => `// ${stream}\n${snippet}`);
    return `Add to schema.ts what you want, or deselect the stream in the connector:\n\n${codes.join("\n\n")}`;
  });
}

/** Lets a sender's refreshes be numbered from 1 again. */
export async function resetGeneration(io: Io, mirror: string, options: CommonOptions): Promise<void> {
  const admin = await adminOf(io, mirror, options);
  await admin.component("runs:resetGeneration", { mirror });
  print(
    io,
    options.json,
    { mirror, reset: true },
    () =>
      `The sender of "${mirror}" may number its next refresh from 1. The generations that \`runs\` shows are the mirror's own count, which goes on.`,
  );
}

/** How often the report of a walk is looked at, in milliseconds. */
const POLL_MS = 500;

interface AuditOptions extends CommonOptions {
  last?: boolean;
  repair?: boolean;
  removeAdded?: boolean;
}

/** What a repair did: see `audit.repair`. */
type Repair = Record<"askedAgain" | "removed" | "left", number>;

/** Looks for rows that were written past the importer; ends with 3 when there are some. */
export async function audit(io: Io, mirror: string, options: AuditOptions): Promise<void> {
  const admin = await adminOf(io, mirror, options);
  if (options.last !== true) await admin.component("audit:start", { mirror });
  let report = await admin.component<AuditReport | null>("audit:report", { mirror });
  while (report?.state === "walking" && options.last !== true) {
    await sleep(POLL_MS);
    report = await admin.component<AuditReport | null>("audit:report", { mirror });
  }
  if (report === null) throw new CliError("NeverAudited", `The mirror "${mirror}" has never been audited.`);
  const found = report;
  const fields = await keyFields(admin, mirror);
  const repaired =
    options.repair === true && found.state === "differs"
      ? await admin.component<Repair>("audit:repair", { mirror, removeAdded: options.removeAdded === true })
      : null;
  print(io, options.json, { ...found, repaired }, () => {
    const findings = found.findings.map(({ kind, key }) => [kind, keyForPeople(key, fields)]);
    const lines = [`${found.state}: ${found.reason} ${count(found.rows, "row")}.`];
    if (findings.length > 0) lines.push(table(["finding", "key"], findings, io.stdout.columns));
    if (!found.all) lines.push(`There are more, in the buckets ${found.differingBuckets.join(", ")} of 64.`);
    if (repaired !== null) lines.push(repairWords(repaired, found.all));
    return lines.join("\n");
  });
  // Repaired rows may still wait for the source, and only another audit proves anything.
  if (found.state === "differs" || found.state === "repaired") io.exitCode = EXIT.differs;
  else if (found.state !== "equal") io.exitCode = EXIT.failure;
}
