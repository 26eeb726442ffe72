import { v } from "convex/values";
import type { Doc, Id } from "./_generated/dataModel.js";
import { mutation, type MutationCtx } from "./_generated/server.js";
import { ledgerError } from "./errors.js";
import type { ApplyHandle } from "./port.js";
import { getHandles, getMirror } from "./registry.js";
import { openRun } from "./runs.js";
import { now } from "./time.js";
import { touchToken } from "./tokens.js";
import { addCounts, vCounts, vRowChange, vSyncMode } from "./validators.js";

/**
 * Applies one chunk of changes to one mirror: the rows (in the app, through its function handle), the run's and the
 * mirror's counters and the refresh's manifest, in one transaction. Either all of it happens or none.
 *
 * A chunk holds at most 1,000 rows: the platform allows 4,096 index ranges in a transaction, a changed row costs two
 * (its lookup, and the by_id range of its replace), and the ledger needs a handful.
 *
 * @throws UnknownMirror, NotDeclared; StaleRun when `run` no longer owns the mirror: nothing was applied.
 */
export const applyChunk = mutation({
  args: {
    mirror: v.string(),
    rows: v.array(vRowChange),
    /** 8 bytes of SHA-256 of each upserted row's key; what a refresh has brought. */
    keyHashes: v.bytes(),
    /** Size of the rows, in bytes of Convex documents. */
    bytes: v.number(),
    /** The run that the caller believes it is in; without it, the mirror's current run or a new one. */
    run: v.optional(v.id("runs")),
    /** The mirror has no primary key: every row is a new one. */
    append: v.boolean(),
    syncMode: vSyncMode,
    token: v.id("tokens"),
    settleAfterMs: v.number(),
  },
  returns: v.object({ run: v.id("runs"), counts: vCounts, rows: v.number() }),
  handler: async (ctx, args) => {
    const [mirror, handles] = await Promise.all([getMirror(ctx, args.mirror), getHandles(ctx)]);
    const run = await owningRun(ctx, mirror, args);

    const { counts, rowsDelta } = await ctx.runMutation(handles.apply as ApplyHandle, {
      table: args.mirror,
      rows: args.rows,
      append: args.append,
    });

    const at = now();
    const rows = mirror.rows + rowsDelta;
    const runCounts = addCounts(run.counts, counts);
    await ctx.db.patch("runs", run._id, {
      lastDeliveryAt: at,
      chunks: run.chunks + 1,
      bytes: run.bytes + args.bytes,
      counts: runCounts,
    });
    await ctx.db.patch("mirrors", mirror._id, {
      rows,
      total: addCounts(mirror.total, counts),
      lastAppliedAt: at,
      // The rows of an overwrite look like those of an append; its run knows better.
      syncMode: run.openedBy === "records" ? args.syncMode : run.syncMode,
      ...progress(mirror, run, runCounts.received),
    });
    if (run.generation !== undefined) await appendManifest(ctx, run._id, run.chunks, args.keyHashes);
    if (mirror.sweeping !== undefined) await shieldFromSweep(ctx, mirror.sweeping, args.keyHashes);
    await touchToken(ctx, args.token);
    return { run: run._id, counts, rows };
  },
});

/** The run that this chunk belongs to. Opens one when the mirror has none. @throws StaleRun */
async function owningRun(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  args: {
    run?: Id<"runs">;
    syncMode: Doc<"runs">["syncMode"];
    token: Id<"tokens">;
    settleAfterMs: number;
  },
): Promise<Doc<"runs">> {
  if (args.run !== undefined && args.run !== mirror.run) {
    throw ledgerError(
      "StaleRun",
      `Another run has taken over the mirror "${mirror.name}"; this one may not write to it any more. Begin a new run.`,
    );
  }
  const current = mirror.run === undefined ? null : await ctx.db.get("runs", mirror.run);
  return current ?? (await openRun(ctx, mirror, { ...args, openedBy: "records", refresh: false }));
}

function progress(mirror: Doc<"mirrors">, run: Doc<"runs">, received: number) {
  const loading = run.generation !== undefined || mirror.state === "snapshotting" || mirror.state === "waiting";
  if (loading) {
    const what = run.generation === undefined ? "First load" : `Full refresh ${String(run.generation)}`;
    return { state: "snapshotting", reason: `${what}: ${String(received)} rows received so far.` } as const;
  }
  return { state: "upToDate", reason: "Everything received is applied." } as const;
}

async function appendManifest(
  ctx: MutationCtx,
  run: Id<"runs">,
  sequence: number,
  keyHashes: ArrayBuffer,
): Promise<void> {
  if (keyHashes.byteLength > 0) await ctx.db.insert("manifests", { run, sequence, keyHashes });
}

/** A row that arrives while an earlier refresh is swept must not be taken for one that it left behind. */
async function shieldFromSweep(ctx: MutationCtx, run: Id<"runs">, keyHashes: ArrayBuffer): Promise<void> {
  const last = await ctx.db
    .query("manifests")
    .withIndex("by_run", (q) => q.eq("run", run))
    .order("desc")
    .first();
  await appendManifest(ctx, run, (last?.sequence ?? -1) + 1, keyHashes);
}
