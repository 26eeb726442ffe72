/**
 * Starts, holds, continues and restarts sweeps. Writes to `runs` the sweeping run, which is not the one that chunks
 * write, and to `mirrors` which run that is. A step of an older attempt finds another attempt there, and does nothing.
 */
import { type Infer, type ObjectType, v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { getMirror, lastRun } from "../mirror/mirrors.js";
import { dropManifest } from "./manifests.js";
import { advanceWatermark, further } from "../mirror/advanceWatermark.js";
import { stateChange } from "../mirror/state.js";
import { now } from "../../src/core/time.js";

/** A sweep that has not reported by then has died. It is restarted from the beginning, which is harmless. */
const WATCHDOG_MS = 15 * 60_000;

/** Deaths in a row after which a sweep is abandoned: two hours are longer than a bad deploy lasts. */
const MAX_DEATHS = 8;

/**
 * Starts to delete the rows that a complete refresh did not deliver, or holds the sweep while rows of the refresh wait
 * whose key cannot be read: any of the others may be one of them. It replaces the sweep of an older refresh.
 */
export async function startSweep(ctx: MutationCtx, mirror: Doc<"mirrors">, run: Doc<"runs">): Promise<void> {
  let { reach } = run;
  if (mirror.sweeping !== undefined) {
    const older = await ctx.db.get("runs", mirror.sweeping);
    if (older !== null) {
      await ctx.db.patch("runs", older._id, {
        state: "complete",
        reason: `Refresh ${String(run.generation)} completed before this sweep ended; its sweep replaces this one.`,
        finishedAt: now(),
        sweptBy: run._id,
      });
      reach = further(reach ?? {}, older.reach ?? {});
      await dropManifest(ctx, older.mirror, older.generation!);
    }
  }
  await ctx.db.patch("runs", run._id, { reach });
  await ctx.db.patch("mirrors", mirror._id, {
    sweeping: run._id,
    held: undefined,
    generationOpen: false,
  });
  if (await hasUnreadable(ctx, run)) {
    const reason = `Refresh ${String(run.generation)} is complete, but rows of it wait in quarantine whose key cannot be read. Any other row may be one of them, so none is deleted.`;
    await holdSweep(ctx, run._id, { reason, unreadable: true });
  } else await beginSweep(ctx, run);
}

async function beginSweep(ctx: MutationCtx, run: Doc<"runs">): Promise<void> {
  await ctx.db.patch("runs", run._id, {
    state: "sweeping",
    reason: "Complete; deleting rows that it did not deliver.",
  });
  const mirror = await getMirror(ctx, run.mirror);
  await ctx.db.patch("mirrors", mirror._id, { held: undefined, ...lastRun(mirror, run, "sweeping") });
  await attemptSweep(ctx, run, { cursor: null });
}

/** Whether a change of the run's refresh is in quarantine whose key cannot be read. */
async function hasUnreadable(ctx: MutationCtx, { mirror, generation }: Doc<"runs">): Promise<boolean> {
  const entries = ctx.db
    .query("quarantine")
    .withIndex("by_generation", (q) => q.eq("mirror", mirror).eq("unreadableIn", generation));
  return (await entries.first()) !== null;
}

/** Holds the sweep of a complete refresh until a person agrees, or a later refresh completes. */
export async function holdSweep(
  ctx: MutationCtx,
  id: Id<"runs">,
  held: { reason: string; unreadable: boolean },
): Promise<void> {
  await ctx.db.patch("runs", id, { state: "held", reason: held.reason });
  const run = (await ctx.db.get("runs", id))!;
  const mirror = await getMirror(ctx, run.mirror);
  await ctx.db.patch("mirrors", mirror._id, {
    held,
    ...lastRun(mirror, run, "held"),
    ...(mirror.run === undefined && (await stateChange(ctx, mirror, "sweepHeld", held.reason))),
  });
  // As far as anybody can wait for it, it is done: the rest is a person's to decide.
  await advanceWatermark(ctx, run.mirror, run.reach);
  await supersedeQuarantined(ctx, mirror, run);
}

/**
 * Lets a held sweep begin. Returns whether there was one.
 * @param agreed What a person has agreed to: `allowShrink` for whatever it deletes.
 */
export async function releaseSweep(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  agreed: { allowShrink?: true } = {},
): Promise<boolean> {
  const run = mirror.sweeping === undefined ? null : await ctx.db.get("runs", mirror.sweeping);
  if (run?.state !== "held") return false;
  await ctx.db.patch("runs", run._id, agreed);
  const reason = `Refresh ${String(run.generation)} is complete; deleting rows that it did not deliver.`;
  if (mirror.run === undefined)
    await ctx.db.patch("mirrors", mirror._id, await stateChange(ctx, mirror, "snapshotting", reason));
  await beginSweep(ctx, run);
  return true;
}

/** Lets a sweep begin that is held for rows without a readable key, when none of them is left. */
export async function releaseReadable(ctx: MutationCtx, name: string): Promise<void> {
  const mirror = await getMirror(ctx, name);
  if (mirror.held?.unreadable !== true || mirror.sweeping === undefined) return;
  const run = await ctx.db.get("runs", mirror.sweeping);
  if (run !== null && !(await hasUnreadable(ctx, run))) await releaseSweep(ctx, mirror);
}

/**
 * Discards what was quarantined before a now complete refresh began: the refresh delivered the current state of every
 * row that the source still has.
 */
export async function supersedeQuarantined(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  run: Doc<"runs">,
): Promise<void> {
  if (mirror.quarantined === 0) return;
  const { _creationTime: before } = await firstOfGeneration(ctx, run);
  await ctx.scheduler.runAfter(0, internal.quarantine.supersedeBefore, { mirror: run.mirror, before });
}

/** The first run of this run's generation, or of those after which it started over. */
export async function firstOfGeneration(ctx: QueryCtx, run: Doc<"runs">): Promise<Doc<"runs">> {
  let first = run;
  const earlier = ctx.db
    .query("runs")
    .withIndex("by_mirror", (q) =>
      q
        .eq("mirror", run.mirror)
        .gte("epoch", run.startedOverAt ?? 0)
        .lt("epoch", run.epoch),
    )
    .order("desc");
  for await (const older of earlier) {
    if (older.generation !== undefined && older.generation !== run.generation) break;
    if (older.generation === run.generation) first = older;
  }
  return first;
}

/** What a sweep has seen of its mirror so far. */
const vTally = v.object({
  /** It counts the rows that stay, and deletes none yet. */
  isCounting: v.boolean(),
  /** Rows that the refresh delivered, and rows that are not marked as deleted, among those that are counted. */
  kept: v.number(),
  live: v.number(),
  /** Rows that are there, after its own deletions, and what the importer has written by then. */
  rows: v.number(),
  writes: v.number(),
});
export type Tally = Infer<typeof vTally>;

/** Where a sweep goes on. */
export const vWhere = { cursor: v.union(v.string(), v.null()), tally: v.optional(vTally) };

async function attemptSweep(
  ctx: MutationCtx,
  run: Doc<"runs">,
  where: ObjectType<typeof vWhere>,
): Promise<void> {
  const attempt = (run.sweepAttempt ?? 0) + 1;
  await ctx.db.patch("runs", run._id, { sweepAttempt: attempt });
  await ctx.scheduler.runAfter(0, internal.run.sweep.walk, { run: run._id, ...where });
  await ctx.scheduler.runAfter(WATCHDOG_MS, internal.run.sweepAttempts.watch, { run: run._id, attempt });
}

/** Restarts a sweep that died silently, unless it has died too often. */
export const watch = internalMutation({
  args: { run: v.id("runs"), attempt: v.number() },
  returns: v.null(),
  handler: async (ctx, { run: id, attempt }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping" || run.sweepAttempt !== attempt) return null;
    const deaths = (run.sweepDeaths ?? 0) + 1;
    await ctx.db.patch("runs", id, { sweepDeaths: deaths });
    if (deaths < MAX_DEATHS) await attemptSweep(ctx, run, { cursor: null });
    else {
      await giveUpSweep(
        ctx,
        run,
        `Its sweep died ${String(deaths)} times; see the deployment's log. Rows that it did not deliver may stay until the next refresh.`,
      );
    }
    return null;
  },
});

/** Ends the sweep of a mirror that the schema no longer declares. */
export const endForGone = internalMutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state === "sweeping") await giveUpSweep(ctx, run, MIRROR_GONE);
    return null;
  },
});

/** Why the runs of a removed mirror end. */
export const MIRROR_GONE = "schema.ts no longer declares the mirror. Its rows stay as they are.";

/** Ends a sweep that cannot complete. */
export async function giveUpSweep(ctx: MutationCtx, run: Doc<"runs">, reason: string): Promise<void> {
  await ctx.db.patch("runs", run._id, { state: "incomplete", reason, finishedAt: now() });
  await dropManifest(ctx, run.mirror, run.generation!);
  const mirror = await getMirror(ctx, run.mirror);
  await ctx.db.patch("mirrors", mirror._id, {
    ...(mirror.sweeping === run._id && { sweeping: undefined, held: undefined }),
    ...lastRun(mirror, run, "incomplete"),
    ...(await stateChange(ctx, mirror, "failed", `Refresh ${String(run.generation)}: ${reason}`)),
  });
}

/** Continues a long sweep in a new action, from the cursor. */
export const goOn = internalMutation({
  args: { run: v.id("runs"), ...vWhere },
  returns: v.null(),
  handler: async (ctx, { run: id, ...where }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping") return null;
    await ctx.db.patch("runs", id, { sweepDeaths: 0 });
    await attemptSweep(ctx, run, where);
    return null;
  },
});
