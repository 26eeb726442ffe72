/**
 * The life of a run: how it opens and ends. Writes `runs` and `mirrors`, for `runs.ts`, `ingest.ts` and the scheduler.
 * One run owns a mirror (FENCE-1); a chunk reads the same two documents, so one sees the other (FENCE-5).
 */
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { dropDeliveries } from "../write/deliveries.js";
import { ledgerError } from "../../src/core/wire/errors.js";
import { scheduleCheck } from "../mirror/freshness.js";
import { getMirror, lastRun } from "../mirror/mirrors.js";
import { dropManifest } from "./manifests.js";
import { nothingUnpublished, progressOf, flush } from "../mirror/progress.js";
import { MAX_REASON, settled, stateChange } from "../mirror/state.js";
import { shorten } from "../../src/core/rows/text.js";
import { now, since } from "../../src/core/time.js";
import { type SyncMode, vSyncMode } from "../../src/core/wire/changes.js";
import { countsOf } from "../../src/core/wire/counts.js";
import type { Refresh } from "../../src/core/wire/validators.js";
import { advanceWatermark } from "../mirror/advanceWatermark.js";
import { startSweep } from "./sweepAttempts.js";
import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import { LAST_USED_GRAIN_MS } from "../access.js";

/** Runs kept per mirror. For an hourly sync that is two weeks, enough to see a trend. */
export const MAX_RUNS_PER_MIRROR = 300;

/** Delivery records deleted per transaction when a run is pruned. */
const DELIVERIES_PER_PRUNE = 500;

/**
 * A `clear_tables` that follows the last delivery this soon counts as the retry of an interrupted attempt (Airbyte
 * retries at once), so the earlier refresh deletes nothing. A later one begins the next sync, which means that the
 * earlier one was complete.
 */
const RETRY_WINDOW_MS = 60_000;

/**
 * How long a connector that names no generation can resume an interrupted refresh. The platform may retry from a
 * checkpoint, and then does not repeat what the first attempt delivered; an hour is longer than it waits between
 * attempts.
 */
const RESUME_WINDOW_MS = 60 * 60_000;

interface NewRun {
  openedBy: string;
  attempt?: number;
  explicit: boolean;
  refresh: Refresh | null;
  syncMode: SyncMode;
  token: Id<"tokens">;
  settleAfterMs: number;
}

/** Opens a run, which then owns the mirror. @throws StaleGeneration */
export async function openRun(ctx: MutationCtx, before: Doc<"mirrors">, args: NewRun): Promise<Doc<"runs">> {
  if (before.run !== undefined) await endForSuccessor(ctx, before.run);
  const mirror = (await ctx.db.get("mirrors", before._id))!;
  const epoch = mirror.epoch + 1;
  const generation = nextGeneration(mirror, args);
  const isNext = generation !== null && generation !== mirror.generation;
  if (isNext && mirror.generationOpen) await dropManifest(ctx, mirror.name, mirror.generation);
  const counted = generation === null ? mirror.counted : countedAs(mirror, args.refresh, generation);
  const id = await ctx.db.insert("runs", {
    mirror: mirror.name,
    state: "running",
    reason:
      generation === null
        ? "Receiving changes."
        : `Full refresh ${String(generation)}: old rows stay until it completes.`,
    openedBy: args.openedBy,
    // A clock that is ahead must not keep out the attempts that follow.
    ...(args.attempt !== undefined && { attempt: Math.min(args.attempt, Math.floor(Date.now() / 1000)) }),
    token: args.token,
    explicit: args.explicit,
    settleAfterMs: args.settleAfterMs,
    syncMode: args.syncMode,
    epoch,
    ...(generation !== null && { generation, rowsBefore: mirror.rows }),
    ...(counted?.generation === generation && counted.isRepeat && { isRepeat: true }),
    startedAt: now(),
    sequence: 0,
    chunks: 0,
    bytes: 0,
    counts: {},
    unpublished: nothingUnpublished,
    publishScheduled: false,
    swept: 0,
  });
  const firstLoad = mirror.lastAppliedAt === undefined;
  await ctx.db.patch("mirrors", mirror._id, {
    run: id,
    publishedCounts: {},
    epoch,
    ...(generation !== null && {
      generation,
      generationOpen: true,
      counted,
      ...(isNext && args.refresh?.counter === undefined && numberedAs(mirror, args.refresh, generation)),
    }),
    syncMode: args.syncMode,
    ...lastRun({ epoch }, { epoch }, "running"),
    progress: progressOf((await ctx.db.get("runs", id))!),
    lastHeardAt: now(),
    ...((generation !== null || firstLoad) &&
      (await stateChange(
        ctx,
        mirror,
        "snapshotting",
        firstLoad ? "First load." : `Full refresh ${String(generation)}; old rows stay readable.`,
      ))),
  });
  await scheduleCheck(ctx, (await ctx.db.get("mirrors", mirror._id))!);
  await pruneRuns(ctx, mirror.name);
  await scheduleExpiry(ctx, id, args.settleAfterMs);
  return (await ctx.db.get("runs", id))!;
}

/** Opens the run of changes that arrive in none. */
export const openForRecords = internalMutation({
  args: { mirror: v.string(), token: v.id("tokens"), settleAfterMs: v.number(), syncMode: vSyncMode },
  returns: v.id("runs"),
  handler: async (ctx, { mirror, ...options }) => {
    const run = { ...options, openedBy: "records", explicit: false, refresh: null };
    return (await openRun(ctx, await getMirror(ctx, mirror), run))._id;
  },
});

/**
 * The generation of a refresh: the next one, or that which is open. Null for an incremental run, and for a refresh of
 * a complete generation: its rows are applied, and nothing is deleted.
 * @throws StaleGeneration
 */
function nextGeneration(
  mirror: Doc<"mirrors">,
  { refresh, explicit }: Pick<NewRun, "refresh" | "explicit">,
): number | null {
  if (refresh === null) return null;
  if (refresh.counter !== undefined) return generationOfCounter(mirror, refresh);
  if (refresh.generation !== null) return generationOfNumber(mirror, refresh.generation);
  const retried = !explicit && mirror.generationOpen && since(mirror.lastAppliedAt) < RESUME_WINDOW_MS;
  return mirror.generation + (retried ? 0 : 1);
}

/** The generation of a refresh that is numbered without a counter: numbers only rise. */
function generationOfNumber(mirror: Doc<"mirrors">, number: number): number | null {
  const { numbered } = mirror;
  // As high as its number, where that is possible, because people read both.
  if (numbered === undefined || number > numbered.number) return Math.max(mirror.generation + 1, number);
  if (number < numbered.number) {
    throw ledgerError(
      "StaleGeneration",
      `The mirror "${mirror.name}" is at generation ${String(numbered.number)}; a refresh of generation ${String(number)} is too late. If its sender has started to count from 1 again, run \`npx streaming-import reset-generation ${mirror.name}\`.`,
    );
  }
  return mirror.generationOpen && numbered.generation === mirror.generation ? mirror.generation : null;
}

/**
 * The generation of a refresh that is numbered by a counter with a name. Another number, or one of another counter, is
 * another refresh: numbers say only whether two runs are parts of the same.
 */
function generationOfCounter(mirror: Doc<"mirrors">, { counter, generation, again }: Refresh): number | null {
  const { counted } = mirror;
  const next = mirror.generation + 1;
  if (generation === null || counted?.counter !== counter || counted?.number !== generation) return next;
  if (mirror.generationOpen && counted.generation === mirror.generation) return mirror.generation;
  return again === true ? next : null;
}

/** Remembers the number of a generation that has no counter: that which its sender names, or the next. */
function numberedAs(
  { numbered }: Doc<"mirrors">,
  refresh: Refresh | null,
  generation: number,
): Pick<Doc<"mirrors">, "numbered"> {
  return { numbered: { number: refresh?.generation ?? (numbered?.number ?? 0) + 1, generation } };
}

/**
 * Remembers which number of which counter a generation is, and whether that number was there before: then a run without
 * a row may be the last attempt of a sync that was complete.
 */
function countedAs(
  { counted }: Doc<"mirrors">,
  refresh: Refresh | null,
  generation: number,
): Doc<"mirrors">["counted"] {
  const { counter, generation: number = null } = refresh ?? {};
  if (counter === undefined || number === null) return counted;
  const isSame = counted?.counter === counter && counted.number === number;
  if (isSame && counted.generation === generation) return counted;
  return { counter, number, generation, isRepeat: isSame };
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
      "A new refresh began within a minute of the last delivery, so it counts as a retry. Nothing was deleted.",
    );
  } else await completeRun(ctx, run, "The next sync began.");
}

async function pruneRuns(ctx: MutationCtx, mirror: string): Promise<void> {
  const ofMirror = () => ctx.db.query("runs").withIndex("by_mirror", (q) => q.eq("mirror", mirror));
  const [oldest, newest] = await Promise.all([ofMirror().first(), ofMirror().order("desc").first()]);
  // Epochs are consecutive, so the ends of the index give the number of runs.
  if (oldest === null || newest === null || newest.epoch - oldest.epoch < MAX_RUNS_PER_MIRROR) return;
  if (oldest.state === "running" || oldest.state === "sweeping") return;
  if (!(await dropDeliveries(ctx, oldest._id, DELIVERIES_PER_PRUNE))) await ctx.db.delete("runs", oldest._id);
}

/** Ends an interrupted run. It deletes nothing. A refresh stays open, so that the next run can resume it. */
export async function abandonRun(
  ctx: MutationCtx,
  run: Doc<"runs">,
  state: "incomplete" | "superseded",
  why: string,
): Promise<void> {
  const reason = shorten(why, MAX_REASON);
  await flush(ctx, run);
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
  await flush(ctx, run);
  const mirror = await getMirror(ctx, run.mirror);
  if (mirror.run === run._id) await ctx.db.patch("mirrors", mirror._id, { run: undefined });
  // Silence after a refresh without a row usually means a source that failed to start, not an empty one; only a sender
  // of our own protocol is believed. Deletes alone deliver no row.
  const { inserted, updated, unchanged, stale, quarantined } = countsOf(run.counts);
  const isBelieved = run.openedBy === "v1" && run.isRepeat !== true;
  const brought = inserted + updated + unchanged + stale + quarantined > 0 || isBelieved;
  if (run.generation !== undefined && brought) {
    await startSweep(ctx, { ...mirror, run: undefined }, run);
    return;
  }
  const empty = run.generation !== undefined;
  const { state, reason } = settled(
    mirror,
    empty
      ? "The last full refresh delivered no rows; the old ones stay. If the source is really empty, run `npx streaming-import clear`."
      : undefined,
  );
  await ctx.db.patch("runs", run._id, {
    state: "complete",
    reason: empty ? `${why} It delivered no rows, so the old ones stay.` : why,
    finishedAt: now(),
  });
  await advanceWatermark(ctx, mirror.name, run.reach);
  await ctx.db.patch("mirrors", mirror._id, {
    ...lastRun(mirror, run, "complete"),
    // The generation stays open: an earlier attempt may have delivered rows, and the next one resumes it.
    ...(await stateChange(ctx, mirror, state, reason)),
  });
}

/** Has the run looked at after so many milliseconds. */
export async function scheduleExpiry(ctx: MutationCtx, run: Id<"runs">, inMs: number): Promise<void> {
  await ctx.scheduler.runAfter(inMs, internal.run.lifecycle.expire, { run });
}

/**
 * Milliseconds for which the run's connector has certainly sent nothing, for this mirror or another. Its last request
 * may be later than the last that was noted: too long a silence would take rows away.
 */
async function silence(ctx: MutationCtx, run: Doc<"runs">): Promise<number> {
  const token = await ctx.db.get("tokens", run.token);
  const unused = since(token?.lastSentAt) - LAST_USED_GRAIN_MS;
  return Math.max(0, Math.min(since(run.startedAt), since(run.lastDeliveryAt), unused));
}

/**
 * Settles a run whose connector has fallen silent; looks again later when it has not. A connector that says itself
 * when it is done, and did not, has died: its run is incomplete. From one that never says so, silence is all there is.
 */
export const expire = internalMutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "running") return null;
    const silent = await silence(ctx, run);
    if (silent < run.settleAfterMs) await scheduleExpiry(ctx, id, run.settleAfterMs - silent);
    else if (run.explicit)
      await abandonRun(ctx, run, "incomplete", "The connector fell silent without finishing it.");
    else await completeRun(ctx, run, "The connector fell silent.");
    return null;
  },
});
