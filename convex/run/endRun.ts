import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { lastRun } from "../mirror/lastRun.js";
import { getMirror } from "../mirror/mirrors.js";
import { tellRest } from "../mirror/progress.js";
import { advanceReach } from "../mirror/watermark.js";
import { stateChange } from "../mirror/state.js";
import { startSweep } from "./sweepAttempts.js";
import { now } from "../../src/core/time.js";

/** Ends an interrupted run. It deletes nothing. A refresh stays open, so that the next run can resume it. */
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
        : `Refresh ${String(run.generation)} was interrupted: ${reason} The old rows stay; a run of the same generation resumes it.`,
    ),
  );
}

/** Ends a complete run. A refresh then sweeps the rows that it did not deliver. */
export async function completeRun(ctx: MutationCtx, run: Doc<"runs">, why: string): Promise<void> {
  await tellRest(ctx, run);
  const mirror = await getMirror(ctx, run.mirror);
  if (mirror.run === run._id) await ctx.db.patch("mirrors", mirror._id, { run: undefined });
  // Silence after a refresh without a row usually means a source that failed to start, not an empty one; only a sender
  // of our own protocol is believed. Deletes alone deliver no row.
  const { inserted, updated, unchanged, stale, quarantined } = run.counts;
  const brought = inserted + updated + unchanged + stale + quarantined > 0 || run.openedBy === "v1";
  if (run.generation !== undefined && brought) {
    await startSweep(ctx, { ...mirror, run: undefined }, run);
    return;
  }
  const empty = run.generation !== undefined;
  await ctx.db.patch("runs", run._id, {
    state: "complete",
    reason: empty ? `${why} It delivered no rows, so the old ones stay.` : why,
    finishedAt: now(),
  });
  await advanceReach(ctx, mirror.name, run.reach);
  await ctx.db.patch("mirrors", mirror._id, {
    ...lastRun(mirror, run, "complete"),
    // The generation stays open: an earlier attempt may have delivered rows, and the next one resumes it.
    ...(await stateChange(
      ctx,
      mirror,
      "upToDate",
      empty
        ? "The last full refresh delivered no rows; the old ones stay. If the source is really empty, run imports:clearMirror."
        : "Everything received is applied.",
    )),
  });
}
