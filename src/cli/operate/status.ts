import { openAdmin } from "../deployment/admin.js";
import { V1Client } from "../api/client.js";
import { findDeployment, importApi, readVariables } from "../deployment/environment.js";
import type { CommonOptions } from "../deployment/options.js";
import { ago, print, since, table } from "../terminal/output.js";
import { count, READER_WORDS, RESENDING, STATE_WORDS } from "../../core/words.js";
import { budgetUse, type BudgetBalance, type BudgetUse } from "../../core/wire/budget.js";
import type { MirrorState } from "../../core/wire/validators.js";
import type { SenderStatus } from "../../core/wire/senderStatus.js";
import type { MirrorStatus, ReaderStatus, RunSummary } from "../../core/wire/views.js";
import { watch } from "../terminal/watch.js";
import { unknownMirror } from "../deployment/token.js";
import { style } from "../terminal/style.js";
import type { Io } from "../terminal/io.js";

/** How often `--watch` looks again, in milliseconds. */
const WATCH_MS = 2_000;

interface StatusOptions extends CommonOptions {
  watch?: boolean;
}

/** A mirror with the run that owns it, as far as the caller may know of it. */
type Watched = SenderStatus & Partial<Pick<MirrorStatus, "held" | "resending">> & { run?: RunSummary | null };

/** What there is to tell. The budget is null where the deployment does not tell it: its package is older. */
interface Status {
  mirrors: Watched[];
  budget: BudgetUse | null;
  /** Who reads the export; absent for an import token, which may not know. */
  readers?: ReaderStatus[];
}

export async function status(io: Io, mirror: string | undefined, options: StatusOptions): Promise<void> {
  const read = reader(io, options);
  const look = async (): Promise<Status> => {
    const { mirrors, readers, ...rest } = await read();
    if (mirror !== undefined) {
      const found = mirrors.filter(({ name }) => name === mirror);
      if (found.length === 0)
        throw await unknownMirror(
          io,
          mirror,
          mirrors.map(({ name }) => name),
        );
      return { mirrors: found, ...rest };
    }
    return { mirrors, ...rest, ...(readers !== undefined && { readers }) };
  };
  if (options.watch !== true) {
    const found = await look();
    print(io, options.json, found, () => describe(found, io.stdout.columns));
    return;
  }
  const stop = new AbortController();
  const off = io.onStop((code) => {
    io.exitCode = code;
    stop.abort();
  });
  const isJson = options.json === true;
  const show = async () => {
    const found = await look();
    return isJson
      ? JSON.stringify(found)
      : `${describe(found, io.stdout.columns)}\n${style.dim(new Date().toLocaleTimeString())}`;
  };
  await watch(show, {
    out: io.stdout,
    redraws: !isJson && io.stdout.isTTY === true,
    intervalMs: WATCH_MS,
    signal: stop.signal,
  }).finally(off);
}

/** With the deployment's key everything; with an import token, the mirrors that it opens. */
function reader(io: Io, options: StatusOptions): () => Promise<Status> {
  const deployment = findDeployment(options, readVariables(io));
  const { token } = deployment;
  if (deployment.adminKey === null && token !== null) {
    let client: V1Client | null = null;
    return async () => {
      client ??= new V1Client({ url: await importApi(deployment, io.cwd), token });
      return await client.status();
    };
  }
  const admin = openAdmin(io, deployment);
  return async () => {
    const mirrors = await admin.component<MirrorStatus[]>("registry:list", { exact: true });
    const readers = await admin.component<ReaderStatus[]>("readers:list");
    // Before the first declaration there is no budget.
    if (mirrors.length === 0) return { mirrors: [], budget: null, readers };
    const budget = await admin.component<BudgetBalance>("write/budget:balance");
    const watched = mirrors.map(async (mirror) => {
      if (!mirror.running) return { ...mirror, run: null };
      const [run = null] = await admin.component<RunSummary[]>("runs:history", {
        mirror: mirror.name,
        limit: 1,
      });
      return { ...mirror, run };
    });
    return { mirrors: await Promise.all(watched), budget: budgetUse(budget, Date.now()), readers };
  };
}

const COLOURS: Record<MirrorState, (text: string) => string> = {
  upToDate: style.green,
  rowsWaiting: style.yellow,
  sweepHeld: style.yellow,
  snapshotting: style.cyan,
  waiting: style.dim,
  late: style.yellow,
  stale: style.red,
  paused: style.yellow,
  failed: style.red,
  removed: style.dim,
};

function describe({ mirrors, budget, readers = [] }: Status, columns: number | undefined): string {
  const reading = readers.length === 0 ? [] : ["", describeReaders(readers, columns)];
  if (mirrors.length === 0)
    return ["No mirrors. Declare one with mirrorTable in convex/schema.ts and deploy.", ...reading].join(
      "\n",
    );
  const rows = mirrors.map((mirror) => [
    mirror.name,
    isResending(mirror) ? style.yellow("repair pending") : COLOURS[mirror.state](STATE_WORDS[mirror.state]),
    mirror.rows,
    mirror.quarantined,
    mirror.lagMs === null ? null : since(mirror.lagMs),
    ago(mirror.lastHeardAt),
    progress(mirror),
  ]);
  const reasons = mirrors
    .filter(({ state }) => state !== "upToDate")
    .map(({ name, reason }) => `${style.bold(name)}: ${reason}`);
  const resending = mirrors
    .filter((mirror) => mirror.resending === true)
    .map(({ name }) => `${style.bold(name)}: ${RESENDING}`);
  return [
    table(["mirror", "state", "rows", "quarantined", "lag", "heard", "run"], rows, columns),
    ...reasons,
    ...resending,
    ...(budget === null ? [] : [describeBudget(budget)]),
    ...reading,
  ].join("\n");
}

/** Whether a mirror is up to date but for rows that the source is asked to send again. */
function isResending({ state, resending }: Watched): boolean {
  return resending === true && state === "upToDate";
}

/** Who reads the export; those that lose changes, or are about to, stand out. */
function describeReaders(readers: readonly ReaderStatus[], columns: number | undefined): string {
  const rows = readers.map(
    ({ token, client, tables, state, retention, unreadSince, lastPageAt, lastRows }) => [
      token,
      client,
      tables,
      retention === "lost"
        ? style.red("must start over")
        : retention === "ending"
          ? style.yellow("must read soon")
          : READER_WORDS[state],
      unreadSince === null ? null : since(Date.now() - Date.parse(unreadSince)),
      `${ago(lastPageAt)}, ${count(lastRows, "row")}`,
    ],
  );
  const notes = [
    ...(readers.some(({ retention }) => retention === "ending")
      ? ["must read soon: changes that the reader has not read are about to be deleted."]
      : []),
    ...(readers.some(({ retention }) => retention === "lost")
      ? ["must start over: changes that the reader has not read are deleted. Refresh its streams or tables."]
      : []),
  ];
  return [
    table(["reader", "client", "tables", "state", "behind", "last page"], rows, columns),
    ...notes,
  ].join("\n");
}

/** "write budget: 40% of 2.0 MiB/s in use"; above 100% imports wait. */
function describeBudget({ bytesPerSecond, usedShare }: BudgetUse): string {
  const percent = Math.round(usedShare * 100);
  const colour = percent > 100 ? style.red : percent > 80 ? style.yellow : style.dim;
  const waits = percent > 100 ? "; imports wait" : "";
  return colour(
    `write budget: ${String(percent)}% of ${(bytesPerSecond / 2 ** 20).toFixed(1)} MiB/s in use${waits}`,
  );
}

/** How far the run is that owns the mirror, and how fast. */
function progress({ running, run }: Watched): string | null {
  if (!running) return null;
  if (run === null || run === undefined) return "running";
  const seconds = Math.max(1, (Date.now() - Date.parse(run.startedAt)) / 1000);
  return `${count(run.counts.received, "row")}, ${Math.round(run.counts.received / seconds).toLocaleString("en")} rows/s, ${(run.bytes / seconds / 1024).toFixed(0)} KiB/s`;
}
