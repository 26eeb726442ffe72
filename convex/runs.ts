import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { internalMutation, mutation, type MutationCtx } from "./_generated/server.js";
import { getMirror } from "./registry.js";
import { startSweep } from "./refresh.js";
import { now, since } from "./time.js";
import { noCounts, vSyncMode, type SyncMode } from "./validators.js";

/** Runs kept per mirror: months of history for an hourly sync would be noise, two weeks are enough to see a trend. */
const MAX_RUNS_PER_MIRROR = 300;

/**
 * A `clear_tables` that follows this soon on the last delivery is taken for the retry of an attempt that was cut off
 * (Airbyte retries at once), so the earlier refresh removes nothing. One that comes later starts the next sync, which
 * says that the earlier one was whole.
 */
const RETRY_WINDOW_MS = 60_000;

/**
 * Opens a run of a mirror, or finds the one that `openedBy` opened before (`resume`).
 * A full refresh of a mirror with a primary key (`refresh`) counts a new generation: old rows stay readable, and those
 * it does not bring go when it has settled.
 */
export const begin = mutation({
  args: {
    mirror: v.string(),
    openedBy: v.string(),
    resume: v.boolean(),
    refresh: v.boolean(),
    syncMode: vSyncMode,
    token: v.id("tokens"),
    settleAfterMs: v.number(),
  },
  returns: v.object({ run: v.id("runs"), resumed: v.boolean() }),
  handler: async (ctx, args) => {
    const mirror = await getMirror(ctx, args.mirror);
    if (args.resume && mirror.run !== undefined) {
      const current = await ctx.db.get("runs", mirror.run);
      if (current?.openedBy === args.openedBy) return { run: current._id, resumed: true };
    }
    return { run: (await openRun(ctx, mirror, args))._id, resumed: false };
  },
});

/** Says that a run is whole: the connector's own word, or an operator's. A refresh is swept at once. */
export const finish = mutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run }) => {
    const doc = await ctx.db.get("runs", run);
    if (doc?.state === "running") await finishRun(ctx, doc, "The connector finished it.");
    return null;
  },
});

/** Finishes a run whose connector has fallen silent; looks again later when it has not. */
export const settle = internalMutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "running") return null;
    const silent = await silence(ctx, run);
    if (silent < run.settleAfterMs) await scheduleSettle(ctx, run, run.settleAfterMs - silent);
    else await finishRun(ctx, run, "The connector fell silent.");
    return null;
  },
});

/** Opens a run and makes it the mirror's owner. The run before it ends: it may write no more. */
export async function openRun(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  args: { openedBy: string; refresh: boolean; syncMode: SyncMode; token: Id<"tokens">; settleAfterMs: number },
): Promise<Doc<"runs">> {
  if (mirror.run !== undefined) await endForSuccessor(ctx, mirror.run);
  const epoch = mirror.epoch + 1;
  const generation = args.refresh ? mirror.generation + 1 : mirror.generation;
  const id = await ctx.db.insert("runs", {
    mirror: mirror.name,
    state: "running",
    reason: args.refresh ? `Full refresh ${String(generation)}: old rows stay until it is whole.` : "Receiving changes.",
    openedBy: args.openedBy,
    token: args.token,
    settleAfterMs: args.settleAfterMs,
    syncMode: args.syncMode,
    epoch,
    ...(args.refresh && { generation }),
    startedAt: now(),
    chunks: 0,
    bytes: 0,
    counts: noCounts,
    swept: 0,
    sweepAttempt: 0,
  });
  const firstLoad = mirror.lastAppliedAt === undefined;
  await ctx.db.patch("mirrors", mirror._id, {
    run: id,
    epoch,
    generation,
    syncMode: args.syncMode,
    ...((args.refresh || firstLoad) && {
      state: "snapshotting",
      reason: firstLoad ? "First load." : `Full refresh ${String(generation)}; the old rows stay readable meanwhile.`,
    }),
  });
  await pruneRuns(ctx, mirror.name);
  const run = (await ctx.db.get("runs", id))!;
  await scheduleSettle(ctx, run, args.settleAfterMs);
  return run;
}

async function endForSuccessor(ctx: MutationCtx, id: Id<"runs">): Promise<void> {
  const run = await ctx.db.get("runs", id);
  if (run?.state !== "running") return;
  const cutOff = run.generation !== undefined && since(run.lastDeliveryAt) < RETRY_WINDOW_MS;
  if (cutOff) {
    await ctx.db.patch("runs", id, {
      state: "superseded",
      reason: "A new refresh began within a minute of the last delivery: taken for a retry. Nothing was removed.",
      finishedAt: now(),
    });
    await ctx.scheduler.runAfter(0, internal.refresh.dropManifest, { run: id });
  } else {
    await finishRun(ctx, run, "The next sync began.");
  }
}

/** Ends a run that is whole. A refresh that brought rows goes on to sweep those it did not bring. */
async function finishRun(ctx: MutationCtx, run: Doc<"runs">, why: string): Promise<void> {
  const mirror = await getMirror(ctx, run.mirror);
  if (mirror.run === run._id) await ctx.db.patch("mirrors", mirror._id, { run: undefined });
  // Deletes alone bring nothing either.
  const { inserted, updated, unchanged, stale } = run.counts;
  if (run.generation !== undefined && inserted + updated + unchanged + stale > 0) {
    await startSweep(ctx, mirror, run);
    return;
  }
  // A refresh without a single row is far more often a source that failed to start than one that is empty.
  const empty = run.generation !== undefined;
  await ctx.db.patch("runs", run._id, {
    state: "complete",
    reason: empty ? `${why} It brought no rows, so the old ones stay.` : why,
    finishedAt: now(),
  });
  await ctx.db.patch("mirrors", mirror._id, {
    state: "upToDate",
    reason: empty
      ? "The last full refresh brought no rows; the old ones stay. If the source is really empty, run imports:clearMirror."
      : "Everything received is applied.",
  });
}

async function scheduleSettle(ctx: MutationCtx, run: Doc<"runs">, inMs: number): Promise<void> {
  await ctx.scheduler.runAfter(inMs, internal.runs.settle, { run: run._id });
}

/** Milliseconds since the run's connector sent anything, for this mirror or for another. */
async function silence(ctx: MutationCtx, run: Doc<"runs">): Promise<number> {
  const token = await ctx.db.get("tokens", run.token);
  return Math.min(since(run.startedAt), since(run.lastDeliveryAt), since(token?.lastUsedAt));
}

async function pruneRuns(ctx: MutationCtx, mirror: string): Promise<void> {
  const oldest = await ctx.db
    .query("runs")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
    .first();
  const newest = await ctx.db
    .query("runs")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
    .order("desc")
    .first();
  // Epochs are consecutive, so the ends of the index tell how many runs there are.
  if (oldest === null || newest === null || newest.epoch - oldest.epoch < MAX_RUNS_PER_MIRROR) return;
  if (oldest.state === "complete" || oldest.state === "superseded") await ctx.db.delete("runs", oldest._id);
}
