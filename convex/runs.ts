import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { internalMutation, mutation, query, type MutationCtx } from "./_generated/server.js";
import { deliveryAt, dropDeliveries } from "./deliveries.js";
import { ledgerError } from "./errors.js";
import { scheduleCheck } from "./freshness.js";
import { pausedError } from "./pause.js";
import { startSweep } from "./refresh.js";
import { getMirror } from "./mirrors.js";
import { askedAgain } from "./resends.js";
import { stateChange } from "./state.js";
import { now, since } from "./time.js";
import { noCounts, vCounts, vRunState, vSyncMode, type SyncMode } from "./validators.js";

/** Runs kept per mirror: months of history for an hourly sync would be noise, two weeks are enough to see a trend. */
const MAX_RUNS_PER_MIRROR = 300;

/** Delivery records deleted per transaction when a run is pruned. */
const DELIVERIES_PER_PRUNE = 500;

/**
 * A `clear_tables` that follows this soon on the last delivery is taken for the retry of an attempt that was cut off
 * (Airbyte retries at once), so the earlier refresh removes nothing. One that comes later starts the next sync, which
 * says that the earlier one was whole.
 */
const RETRY_WINDOW_MS = 60_000;

/**
 * For how long a refresh that was cut off is gone on with by a connector that names no generation. The platform may
 * retry from a checkpoint, and then does not send again what the first attempt brought; an hour is longer than it
 * waits between attempts.
 */
const RESUME_WINDOW_MS = 60 * 60_000;

/** What a new run is to do about generations; null for an incremental run. */
interface Refresh {
  /** The source's number of this refresh, or null for "the next one". */
  generation: number | null;
}

interface NewRun {
  openedBy: string;
  explicit: boolean;
  refresh: Refresh | null;
  syncMode: SyncMode;
  token: Id<"tokens">;
  settleAfterMs: number;
}

const vBegun = v.object({
  run: v.id("runs"),
  resumed: v.boolean(),
  epoch: v.number(),
  /** The generation that the run brings, when it is a refresh. */
  generation: v.union(v.number(), v.null()),
  /** Rows of this generation that an earlier, cut-off run has brought already are kept. */
  continued: v.boolean(),
  /** The sequence number that the first delivery must have. */
  nextSequence: v.number(),
  /** Keys that the source is asked to send again, as JSON text. */
  resend: v.array(v.string()),
});

/**
 * Opens a run of a mirror, or finds the one that `openedBy` opened before (`resume`). The run before it ends: it may
 * write no more.
 *
 * A full refresh counts a new generation, unless it names the one that is still open: then it goes on where the run
 * that was cut off stopped. Old rows stay readable, and those that the generation does not bring go when it is whole.
 *
 * @throws UnknownMirror, MirrorPaused; StaleRun for an epoch that is not the mirror's; StaleGeneration for a generation
 * lower than the mirror's.
 */
export const begin = mutation({
  args: {
    mirror: v.string(),
    openedBy: v.string(),
    resume: v.boolean(),
    explicit: v.boolean(),
    refresh: v.union(v.null(), v.object({ generation: v.union(v.number(), v.null()) })),
    /** The mirror's epoch as the sender knows it, when it will not take over from a run that it has not heard of. */
    epoch: v.optional(v.number()),
    syncMode: vSyncMode,
    token: v.id("tokens"),
    settleAfterMs: v.number(),
  },
  returns: vBegun,
  handler: async (ctx, args) => {
    const mirror = await getMirror(ctx, args.mirror);
    if (mirror.state === "paused") throw pausedError(mirror);
    if (args.epoch !== undefined && args.epoch !== mirror.epoch) {
      throw ledgerError(
        "StaleRun",
        `The mirror "${mirror.name}" is at epoch ${String(mirror.epoch)}, not ${String(args.epoch)}: another run has begun meanwhile. Begin with the new epoch, or with none, to take the mirror over from it.`,
        { expected: mirror.epoch },
      );
    }
    const resend = await askedAgain(ctx, mirror.name);
    if (args.resume && mirror.run !== undefined) {
      const current = await ctx.db.get("runs", mirror.run);
      if (current?.openedBy === args.openedBy)
        return begun(current, { resumed: true, continued: true, resend });
    }
    const continued =
      args.refresh !== null && mirror.generationOpen && args.refresh.generation === mirror.generation;
    const run = await openRun(ctx, mirror, args);
    return begun(run, { resumed: false, continued, resend });
  },
});

function begun(run: Doc<"runs">, more: { resumed: boolean; continued: boolean; resend: string[] }) {
  return {
    run: run._id,
    epoch: run.epoch,
    generation: run.generation ?? null,
    nextSequence: run.sequence + 1,
    ...more,
  };
}

/**
 * Ends a run: `complete` says that everything was sent, and a refresh is swept; `incomplete` that it was not, and
 * nothing is removed. Ending a run again that has ended so is no error.
 * @throws UnknownRun; StaleRun when it has ended otherwise; OutOfSequence when a delivery is applied in part only.
 */
export const finish = mutation({
  args: {
    run: v.string(),
    outcome: v.union(v.literal("complete"), v.literal("incomplete")),
    reason: v.string(),
  },
  returns: v.object({ state: vRunState, counts: vCounts }),
  handler: async (ctx, { run: id, outcome, reason }) => {
    const run = await getRun(ctx, id);
    if (run.state === "running") {
      if (outcome === "incomplete") await abandonRun(ctx, run, "incomplete", reason);
      else {
        await checkWhole(ctx, run);
        await completeRun(ctx, run, reason);
      }
    } else if (outcome !== (run.state === "sweeping" ? "complete" : run.state)) {
      throw ledgerError(
        "StaleRun",
        `This run has ended otherwise, as ${run.state}: ${run.reason} Begin a new run${run.generation === undefined ? "" : " of the same generation"}.`,
      );
    }
    const { state, counts } = (await ctx.db.get("runs", run._id))!;
    return { state, counts };
  },
});

/** The mirror and the sync mode of a run: what a delivery needs to know. Null when there is no such run. */
export const get = query({
  args: { run: v.string() },
  returns: v.union(
    v.null(),
    v.object({
      id: v.id("runs"),
      mirror: v.string(),
      syncMode: vSyncMode,
      refresh: v.boolean(),
      state: vRunState,
    }),
  ),
  handler: async (ctx, { run }) => {
    const id = ctx.db.normalizeId("runs", run);
    const doc = id === null ? null : await ctx.db.get("runs", id);
    if (doc === null) return null;
    const { _id, mirror, syncMode, generation, state } = doc;
    return { id: _id, mirror, syncMode, refresh: generation !== undefined, state };
  },
});

/** The newest runs of a mirror. */
export const history = query({
  args: { mirror: v.string(), limit: v.number() },
  returns: v.array(
    v.object({
      id: v.id("runs"),
      state: vRunState,
      reason: v.string(),
      openedBy: v.string(),
      syncMode: vSyncMode,
      epoch: v.number(),
      generation: v.union(v.number(), v.null()),
      startedAt: v.string(),
      lastDeliveryAt: v.union(v.string(), v.null()),
      finishedAt: v.union(v.string(), v.null()),
      chunks: v.number(),
      bytes: v.number(),
      counts: vCounts,
      swept: v.number(),
    }),
  ),
  handler: async (ctx, { mirror, limit }) => {
    const runs = await ctx.db
      .query("runs")
      .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
      .order("desc")
      .take(Math.min(limit, MAX_RUNS_PER_MIRROR));
    return runs.map((run) => ({
      id: run._id,
      state: run.state,
      reason: run.reason,
      openedBy: run.openedBy,
      syncMode: run.syncMode,
      epoch: run.epoch,
      generation: run.generation ?? null,
      startedAt: run.startedAt,
      lastDeliveryAt: run.lastDeliveryAt ?? null,
      finishedAt: run.finishedAt ?? null,
      chunks: run.chunks,
      bytes: run.bytes,
      counts: run.counts,
      swept: run.swept,
    }));
  },
});

/**
 * Settles a run whose connector has fallen silent; looks again later when it has not. A connector that says itself
 * when it is done, and did not, has died: its run is incomplete. From one that never says so, silence is all there is.
 */
export const settle = internalMutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "running") return null;
    const silent = await silence(ctx, run);
    if (silent < run.settleAfterMs) await scheduleSettle(ctx, run, run.settleAfterMs - silent);
    else if (run.explicit)
      await abandonRun(ctx, run, "incomplete", "The connector fell silent without finishing it.");
    else await completeRun(ctx, run, "The connector fell silent.");
    return null;
  },
});

/**
 * Cuts off the refreshes of a connector that gives up at the first refusal, and says nothing of it: what it did not
 * send is not gone from the source. Incremental runs go on with the next sync.
 */
export const cutOff = mutation({
  args: { token: v.id("tokens"), reason: v.string() },
  returns: v.null(),
  handler: async (ctx, { token, reason }) => {
    const running = ctx.db.query("runs").withIndex("by_state", (q) => q.eq("state", "running"));
    for await (const run of running) {
      if (run.token !== token || run.generation === undefined || run.explicit) continue;
      await abandonRun(ctx, run, "incomplete", reason);
    }
    return null;
  },
});

/** Opens a run and makes it the mirror's owner. @throws StaleGeneration */
export async function openRun(ctx: MutationCtx, before: Doc<"mirrors">, args: NewRun): Promise<Doc<"runs">> {
  if (before.run !== undefined) await endForSuccessor(ctx, before.run);
  const mirror = (await ctx.db.get("mirrors", before._id))!;
  const epoch = mirror.epoch + 1;
  const generation = await nextGeneration(ctx, mirror, args);
  const id = await ctx.db.insert("runs", {
    mirror: mirror.name,
    state: "running",
    reason:
      generation === null
        ? "Receiving changes."
        : `Full refresh ${String(generation)}: old rows stay until it is whole.`,
    openedBy: args.openedBy,
    token: args.token,
    explicit: args.explicit,
    settleAfterMs: args.settleAfterMs,
    syncMode: args.syncMode,
    epoch,
    ...(generation !== null && { generation }),
    startedAt: now(),
    sequence: 0,
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
    ...(generation !== null && { generation, generationOpen: true }),
    syncMode: args.syncMode,
    lastHeardAt: now(),
    ...((generation !== null || firstLoad) &&
      (await stateChange(
        ctx,
        mirror,
        "snapshotting",
        firstLoad
          ? "First load."
          : `Full refresh ${String(generation)}; the old rows stay readable meanwhile.`,
      ))),
  });
  await scheduleCheck(ctx, (await ctx.db.get("mirrors", mirror._id))!);
  await pruneRuns(ctx, mirror.name);
  const run = (await ctx.db.get("runs", id))!;
  await scheduleSettle(ctx, run, args.settleAfterMs);
  return run;
}

/**
 * The generation that a refresh brings: the next, or the one that its source names. Null for an incremental run, and
 * for a refresh of a generation that is whole already: what it sends is applied, and nothing is removed.
 */
async function nextGeneration(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  { refresh, explicit }: Pick<NewRun, "refresh" | "explicit">,
): Promise<number | null> {
  if (refresh === null) return null;
  const retried = !explicit && mirror.generationOpen && since(mirror.lastAppliedAt) < RESUME_WINDOW_MS;
  const generation = refresh.generation ?? mirror.generation + (retried ? 0 : 1);
  if (generation < mirror.generation) {
    throw ledgerError(
      "StaleGeneration",
      `The mirror "${mirror.name}" is at generation ${String(mirror.generation)}; a refresh of generation ${String(generation)} comes too late.`,
    );
  }
  if (generation === mirror.generation) return mirror.generationOpen ? generation : null;
  if (mirror.generationOpen) {
    await ctx.scheduler.runAfter(0, internal.refresh.dropManifest, {
      mirror: mirror.name,
      generation: mirror.generation,
    });
  }
  return generation;
}

async function endForSuccessor(ctx: MutationCtx, id: Id<"runs">): Promise<void> {
  const run = await ctx.db.get("runs", id);
  if (run?.state !== "running") return;
  const cutOff = run.generation !== undefined && since(run.lastDeliveryAt) < RETRY_WINDOW_MS;
  if (run.explicit)
    await abandonRun(ctx, run, "superseded", "A new run took over before this one was finished.");
  else if (cutOff) {
    await abandonRun(
      ctx,
      run,
      "superseded",
      "A new refresh began within a minute of the last delivery: taken for a retry. Nothing was removed.",
    );
  } else await completeRun(ctx, run, "The next sync began.");
}

/** Ends a run that was cut off. Nothing is removed; a refresh stays open, so that the next run can go on with it. */
async function abandonRun(
  ctx: MutationCtx,
  run: Doc<"runs">,
  state: "incomplete" | "superseded",
  reason: string,
): Promise<void> {
  await ctx.db.patch("runs", run._id, { state, reason, finishedAt: now() });
  const mirror = await getMirror(ctx, run.mirror);
  if (mirror.run === run._id) await ctx.db.patch("mirrors", mirror._id, { run: undefined });
  if (state === "superseded") return;
  await ctx.db.patch(
    "mirrors",
    mirror._id,
    await stateChange(
      ctx,
      mirror,
      "failed",
      run.generation === undefined
        ? `The last run ended early: ${reason} What it delivered is applied.`
        : `Refresh ${String(run.generation)} was cut off: ${reason} The old rows stay; a run of the same generation goes on with it.`,
    ),
  );
}

/** Ends a run that is whole. A refresh goes on to sweep what it did not bring. */
async function completeRun(ctx: MutationCtx, run: Doc<"runs">, why: string): Promise<void> {
  const mirror = await getMirror(ctx, run.mirror);
  if (mirror.run === run._id) await ctx.db.patch("mirrors", mirror._id, { run: undefined });
  // Silence after a refresh without a single row is far more often a source that failed to start than one that is
  // empty; only a sender of our own protocol is believed. Deletes alone bring nothing either.
  const { inserted, updated, unchanged, stale, quarantined } = run.counts;
  const brought = inserted + updated + unchanged + stale + quarantined > 0 || run.openedBy === "v1";
  if (run.generation !== undefined && brought) {
    await startSweep(ctx, { ...mirror, run: undefined }, run);
    return;
  }
  const empty = run.generation !== undefined;
  await ctx.db.patch("runs", run._id, {
    state: "complete",
    reason: empty ? `${why} It brought no rows, so the old ones stay.` : why,
    finishedAt: now(),
  });
  await ctx.db.patch("mirrors", mirror._id, {
    // The generation stays open: an attempt before this one may have brought rows, and the next goes on with them.
    ...(await stateChange(
      ctx,
      mirror,
      "upToDate",
      empty
        ? "The last full refresh brought no rows; the old ones stay. If the source is really empty, run imports:clearMirror."
        : "Everything received is applied.",
    )),
  });
}

/**
 * A sender that says it has sent everything, and has not sent the rest of a delivery, is mistaken: a sweep would remove
 * the rows that are missing. @throws OutOfSequence
 */
async function checkWhole(ctx: MutationCtx, run: Doc<"runs">): Promise<void> {
  const begun = await deliveryAt(ctx, run._id, run.sequence + 1);
  if (begun === null) return;
  throw ledgerError(
    "OutOfSequence",
    `Of the delivery "${begun.identity}", ${String(begun.applied)} of ${String(begun.size)} changes are applied. Send it again and finish the run then, or finish it as incomplete.`,
    { expected: begun.sequence },
  );
}

/** @throws UnknownRun */
async function getRun(ctx: MutationCtx, run: string): Promise<Doc<"runs">> {
  const id = ctx.db.normalizeId("runs", run);
  const doc = id === null ? null : await ctx.db.get("runs", id);
  if (doc === null)
    throw ledgerError("UnknownRun", `There is no run "${run}". Begin one with POST /v1/runs.`);
  return doc;
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
  const ofMirror = () => ctx.db.query("runs").withIndex("by_mirror", (q) => q.eq("mirror", mirror));
  const [oldest, newest] = await Promise.all([ofMirror().first(), ofMirror().order("desc").first()]);
  // Epochs are consecutive, so the ends of the index tell how many runs there are.
  if (oldest === null || newest === null || newest.epoch - oldest.epoch < MAX_RUNS_PER_MIRROR) return;
  if (oldest.state === "running" || oldest.state === "sweeping") return;
  if (!(await dropDeliveries(ctx, oldest._id, DELIVERIES_PER_PRUNE))) await ctx.db.delete("runs", oldest._id);
}
