/**
 * Runs, as senders begin and end them. Writes `runs` and `mirrors`, with `run/lifecycle.ts`. A chunk reads both
 * documents, so it sees a run that has ended, or makes its end rerun (FENCE-5).
 */
import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { mutation, type MutationCtx, query } from "./_generated/server.js";
import { deliveryAt } from "./write/deliveries.js";
import { abandonRun, completeRun, MAX_RUNS_PER_MIRROR, openRun } from "./run/lifecycle.js";
import { ledgerError } from "../src/core/wire/errors.js";
import { getMirror, getRun, numberOf, pausedError } from "./mirror/mirrors.js";
import { promiseWatermark } from "./mirror/advanceWatermark.js";
import { askedAgain } from "./write/resends.js";
import { releaseSweep } from "./run/sweepAttempts.js";
import { vCounts, vSyncMode, vWatermark } from "../src/core/wire/changes.js";
import { countsOf } from "../src/core/wire/counts.js";
import { vRefresh, vRunState } from "../src/core/wire/validators.js";
import { vRunSummary } from "../src/core/wire/views.js";

const vBegun = v.object({
  run: v.id("runs"),
  resumed: v.boolean(),
  epoch: v.number(),
  /** The generation of the run, if it is a refresh. */
  generation: v.union(v.number(), v.null()),
  /** Rows that an earlier, interrupted run of this generation delivered are kept. */
  continued: v.boolean(),
  /** The sequence number that the first delivery must have. */
  nextSequence: v.number(),
  /** Keys that the source is asked to send again, as JSON text. */
  resend: v.array(v.string()),
});

/**
 * Opens a run of a mirror, or finds the one that `openedBy` opened before (`resume`). The run before it ends: it may no
 * longer write.
 *
 * A full refresh counts a new generation, unless it names the one that is still open: then it resumes the interrupted
 * run. Old rows stay readable, and those that the generation does not deliver are deleted when it completes.
 *
 * @throws UnknownMirror, MirrorPaused; StaleRun for an epoch that is not the mirror's, or an attempt that another has
 * followed; StaleGeneration for a generation lower than the mirror's.
 */
export const begin = mutation({
  args: {
    mirror: v.string(),
    openedBy: v.string(),
    /** When the connector's attempt began, in seconds since 1970: it takes nothing over from a later one. */
    attempt: v.optional(v.number()),
    resume: v.boolean(),
    explicit: v.boolean(),
    refresh: v.union(v.null(), vRefresh),
    /** The mirror's epoch as the sender knows it, if it will not take over from an unknown run. */
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
    await checkAttempt(ctx, mirror, args.attempt);
    const run = await openRun(ctx, mirror, args);
    const number = args.refresh?.generation ?? null;
    const continued = number !== null && mirror.generationOpen && run.generation === mirror.generation;
    return {
      ...begun(run, { resumed: false, continued, resend }),
      generation:
        run.generation === undefined ? null : (number ?? numberOf(await getMirror(ctx, args.mirror))),
    };
  },
});

/** @throws StaleRun for an attempt that began before the one that opened the newest run */
async function checkAttempt(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  attempt: number | undefined,
): Promise<void> {
  if (attempt === undefined) return;
  const newest = await newestRun(ctx, mirror.name);
  if (newest?.attempt === undefined || attempt >= newest.attempt) return;
  throw ledgerError(
    "StaleRun",
    `A later attempt of the connector has taken the mirror "${mirror.name}" over from this one, which writes nothing more. Let this one end.`,
  );
}

async function newestRun(ctx: MutationCtx, mirror: string): Promise<Doc<"runs"> | null> {
  return await ctx.db
    .query("runs")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
    .order("desc")
    .first();
}

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
 * nothing is deleted. Ending a run twice in the same way is not an error.
 * @throws UnknownRun; StaleRun when it has ended otherwise; OutOfSequence when a delivery is applied in part only.
 */
export const finish = mutation({
  args: {
    run: v.string(),
    outcome: v.union(v.literal("complete"), v.literal("incomplete")),
    reason: v.string(),
    /** How far the sender has read its source; for a run that is complete. */
    reach: v.optional(vWatermark),
    /** The sender knows that its refresh deletes more than the mirror's limit allows. */
    allowShrink: v.optional(v.boolean()),
  },
  returns: v.object({ state: vRunState, reason: v.string(), counts: vCounts }),
  handler: async (ctx, { run: id, outcome, reason: why, reach, allowShrink }) => {
    const run = await getRun(ctx, id);
    if (run.state === "running") {
      if (outcome === "incomplete") await abandonRun(ctx, run, "incomplete", why);
      else {
        await checkWhole(ctx, run);
        await promiseWatermark(ctx, await getMirror(ctx, run.mirror), run, reach);
        if (allowShrink === true) await ctx.db.patch("runs", run._id, { allowShrink });
        await completeRun(ctx, (await ctx.db.get("runs", run._id))!, why);
      }
    } else if (outcome !== (run.state === "sweeping" || run.state === "held" ? "complete" : run.state)) {
      throw ledgerError(
        "StaleRun",
        `This run has ended otherwise, as ${run.state}: ${run.reason} Begin a new run${run.generation === undefined ? "" : " of the same generation"}.`,
      );
    }
    const { state, reason, counts } = (await ctx.db.get("runs", run._id))!;
    return { state, reason, counts: countsOf(counts) };
  },
});

/**
 * Lets the held sweep of a mirror begin: a person has decided that what its refresh did not deliver is to go. Returns
 * whether one was held.
 * @throws UnknownMirror
 */
export const sweep = mutation({
  args: { mirror: v.string() },
  returns: v.boolean(),
  handler: async (ctx, { mirror }) =>
    await releaseSweep(ctx, await getMirror(ctx, mirror), { allowShrink: true }),
});

/**
 * Resets the generation count, for senders that number their refreshes themselves and have started again at 1.
 * @throws UnknownMirror
 */
export const resetGeneration = mutation({
  args: { mirror: v.string() },
  returns: v.null(),
  handler: async (ctx, { mirror: name }) => {
    const mirror = await getMirror(ctx, name);
    await ctx.db.patch("mirrors", mirror._id, { numbered: undefined, counted: undefined });
    return null;
  },
});

/** The mirror of a run: what a request that names only its run needs to know. Null when the run does not exist. */
export const get = query({
  args: { run: v.string() },
  returns: v.union(
    v.null(),
    v.object({
      id: v.id("runs"),
      mirror: v.string(),
    }),
  ),
  handler: async (ctx, { run }) => {
    const id = ctx.db.normalizeId("runs", run);
    const doc = id === null ? null : await ctx.db.get("runs", id);
    return doc === null ? null : { id: doc._id, mirror: doc.mirror };
  },
});

/** Runs on a page of `history`, unless the caller asks for another number. */
const DEFAULT_RUNS = 20;

/** The newest runs of a mirror, or the newest of those before the run of that epoch. */
export const history = query({
  args: { mirror: v.string(), limit: v.optional(v.number()), before: v.optional(v.number()) },
  returns: v.array(vRunSummary),
  handler: async (ctx, { mirror, limit = DEFAULT_RUNS, before }) => {
    const runs = await ctx.db
      .query("runs")
      .withIndex("by_mirror", (q) => {
        const ofMirror = q.eq("mirror", mirror);
        return before === undefined ? ofMirror : ofMirror.lt("epoch", before);
      })
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
      counts: countsOf(run.counts),
      swept: run.swept,
    }));
  },
});

/** The open refreshes of a connector that never says when it is done. */
export const unannounced = query({
  args: { token: v.id("tokens") },
  returns: v.array(v.id("runs")),
  handler: async (ctx, { token }) => {
    const running = ctx.db.query("runs").withIndex("by_state", (q) => q.eq("state", "running"));
    const found = [];
    for await (const run of running) if (run.token === token && isUnannounced(run)) found.push(run._id);
    return found;
  },
});

/**
 * Cuts off a refresh of a connector that gives up at the first refusal, and says nothing of it: what it did not send is
 * not deleted at the source. Incremental runs continue with the next sync.
 */
export const cutOff = mutation({
  args: { run: v.id("runs"), reason: v.string() },
  returns: v.null(),
  handler: async (ctx, { run: id, reason }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state === "running" && isUnannounced(run)) await abandonRun(ctx, run, "incomplete", reason);
    return null;
  },
});

function isUnannounced(run: Doc<"runs">): boolean {
  return run.generation !== undefined && !run.explicit;
}

/**
 * A sender that says it has sent everything, and has not sent the rest of a delivery, is mistaken: a sweep would remove
 * the rows that are missing. @throws OutOfSequence
 */
async function checkWhole(ctx: MutationCtx, run: Doc<"runs">): Promise<void> {
  const begun = await deliveryAt(ctx, run._id, run.sequence + 1);
  if (begun?.part === undefined) return;
  throw ledgerError(
    "OutOfSequence",
    `Of the delivery "${begun.identity}", ${String(begun.part.applied)} of ${String(begun.part.size)} changes are applied. Send it again and finish the run then, or finish it as incomplete.`,
    { expected: begun.sequence },
  );
}
