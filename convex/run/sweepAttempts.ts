import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { lastRun } from "../mirror/lastRun.js";
import { dropManifest } from "./manifests.js";
import { getMirror } from "../mirror/mirrors.js";
import { further } from "../mirror/watermark.js";
import { stateChange } from "../mirror/state.js";
import { now } from "../../src/core/time.js";

/** When a sweep has not reported by then, it died, and is started again from the beginning (that is harmless). */
const WATCHDOG_MS = 15 * 60_000;

/** Deaths of a sweep in a row after which it is given up: two hours of trying are more than a bad deploy lasts. */
const MAX_DEATHS = 8;

/** Starts to remove what a whole refresh did not bring. A sweep of an older refresh that still runs is dropped. */
export async function startSweep(ctx: MutationCtx, mirror: Doc<"mirrors">, run: Doc<"runs">): Promise<void> {
  let { reach } = run;
  if (mirror.sweeping !== undefined) {
    const older = await ctx.db.get("runs", mirror.sweeping);
    if (older !== null) {
      await ctx.db.patch("runs", older._id, {
        state: "complete",
        reason: `Refresh ${String(run.generation)} was whole before its sweep ended, and sweeps in its stead.`,
        finishedAt: now(),
        sweptBy: run._id,
      });
      reach = further(reach ?? {}, older.reach ?? {});
      await dropManifest(ctx, older.mirror, older.generation!);
    }
  }
  await ctx.db.patch("runs", run._id, {
    state: "sweeping",
    reason: "Whole; removing rows that it did not bring.",
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

/** Starts a sweep again that died without a word, unless it always does. */
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
        `Its sweep died ${String(deaths)} times; the deployment's log says of what. Rows that it did not bring may still be there, until the next refresh.`,
      );
    }
    return null;
  },
});

/** Ends a sweep of a mirror that has left the app's schema. */
export const endForGone = internalMutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state === "sweeping") await giveUpSweep(ctx, run, MIRROR_GONE);
    return null;
  },
});

/** Why the runs of a mirror end that is no longer declared. */
export const MIRROR_GONE =
  "The mirror was taken out of schema.ts before this was done. Its rows are as they were left.";

/** Ends a sweep that cannot be done. */
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

/** Hands a long sweep over to a fresh action, which goes on at the cursor. */
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
