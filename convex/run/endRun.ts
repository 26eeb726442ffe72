import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { lastRun } from "../mirror/lastRun.js";
import { getMirror } from "../mirror/mirrors.js";
import { tellRest } from "../mirror/progress.js";
import { advanceReach } from "../mirror/watermark.js";
import { stateChange } from "../mirror/state.js";
import { startSweep } from "./sweepAttempts.js";
import { now } from "../../src/core/time.js";

/** Ends a run that was cut off. Nothing is removed; a refresh stays open, so that the next run can go on with it. */
export async function abandonRun(
  ctx: MutationCtx,
  run: Doc<"runs">,
  state: "incomplete" | "superseded",
  reason: string,
): Promise<void> {
  await tellRest(ctx, run);
  await ctx.db.patch("runs", run._id, { state, reason, finishedAt: now() });
  const mirror = await getMirror(ctx, run.mirror);
  if (mirror.run === run._id)
    await ctx.db.patch("mirrors", mirror._id, { run: undefined, ...lastRun(mirror, run, state) });
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
export async function completeRun(ctx: MutationCtx, run: Doc<"runs">, why: string): Promise<void> {
  await tellRest(ctx, run);
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
  await advanceReach(ctx, mirror.name, run.reach);
  await ctx.db.patch("mirrors", mirror._id, {
    ...lastRun(mirror, run, "complete"),
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
