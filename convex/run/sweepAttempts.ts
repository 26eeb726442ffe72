import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { getMirror, lastRun } from "../mirror/mirrors.js";
import { dropManifest } from "./manifests.js";
import { further } from "../mirror/watermark.js";
import { stateChange } from "../mirror/state.js";
import { now } from "../../src/core/time.js";

/** A sweep that has not reported by then has died. It is restarted from the beginning, which is harmless. */
const WATCHDOG_MS = 15 * 60_000;

/** Deaths in a row after which a sweep is abandoned: two hours are longer than a bad deploy lasts. */
const MAX_DEATHS = 8;

/**
 * Starts to delete the rows that a complete refresh did not deliver. It replaces a sweep of an older refresh that still
 * runs.
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
  await ctx.db.patch("runs", run._id, {
    state: "sweeping",
    reason: "Complete; deleting rows that it did not deliver.",
    reach,
  });
  await ctx.db.patch("mirrors", mirror._id, {
    sweeping: run._id,
    generationOpen: false,
    ...lastRun(mirror, run, "sweeping"),
  });
  await attemptSweep(ctx, run, null);
}

async function attemptSweep(ctx: MutationCtx, run: Doc<"runs">, cursor: string | null): Promise<void> {
  const attempt = run.sweepAttempt + 1;
  await ctx.db.patch("runs", run._id, { sweepAttempt: attempt });
  await ctx.scheduler.runAfter(0, internal.run.sweep.walk, { run: run._id, cursor });
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
    if (deaths < MAX_DEATHS) await attemptSweep(ctx, run, null);
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
    ...(mirror.sweeping === run._id && { sweeping: undefined }),
    ...lastRun(mirror, run, "incomplete"),
    ...(await stateChange(ctx, mirror, "failed", `Refresh ${String(run.generation)}: ${reason}`)),
  });
}

/** Continues a long sweep in a new action, from the cursor. */
export const goOn = internalMutation({
  args: { run: v.id("runs"), cursor: v.string() },
  returns: v.null(),
  handler: async (ctx, { run: id, cursor }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping") return null;
    await ctx.db.patch("runs", id, { sweepDeaths: 0 });
    await attemptSweep(ctx, run, cursor);
    return null;
  },
});
