/**
 * How a run gets on. Writes `runs` with every chunk; only chunks of that run, one after another, and its end write the
 * same document. Publishes to `mirrors` at most once a second (QUIET-4).
 */
import { count } from "../../src/core/words.js";
import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { scheduleCheck } from "./freshness.js";
import { findMirror, getMirror } from "./mirrors.js";
import { takeSample } from "./takeSample.js";
import { changedBy } from "./rowCount.js";
import { settled, stateChange } from "./state.js";
import { now, since } from "../../src/core/time.js";
import type { Counts, Debt, SyncMode, vBudget } from "../../src/core/wire/changes.js";
import { addCounts, subtractCounts, tallyOf } from "../../src/core/wire/counts.js";
import { charge } from "../write/budget.js";

/**
 * A run's progress is published to the registry at most this often, in milliseconds. Otherwise every chunk would re-run
 * the queries that watch a mirror, a dozen times a second. Unpublished progress waits in the run's document, which
 * every chunk writes anyway.
 */
const PUBLISH_EVERY_MS = 1_000;

export const nothingUnpublished: Doc<"runs">["unpublished"] = { rows: 0 };

/** What a chunk did to a mirror. */
interface Chunk {
  counts: Counts;
  rowsDelta: number;
  /** By how much the quarantine and the drift on record grew. */
  quarantined: number;
  drift: number;
  bytes: number;
  syncMode: SyncMode;
  /** Milliseconds since the source committed, if the sender says so. */
  lagMs: number | undefined;
  place: Partial<Pick<Doc<"runs">, "sequence" | "begun">>;
  budget: Infer<typeof vBudget>;
  debt: Debt;
  noted: number | undefined;
}

/**
 * Counts a chunk in its run, and in the registry once it is time, and charges the run with all that the chunk has
 * written. Returns the rows in the mirror, too.
 */
export async function recordChunk(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  run: Doc<"runs">,
  { counts, rowsDelta, quarantined, drift, bytes, syncMode, lagMs, place, budget, debt, noted }: Chunk,
): Promise<{ rows: number; written: number; waitMs: number }> {
  const at = now();
  const unpublished = {
    ...run.unpublished,
    rows: run.unpublished.rows + rowsDelta,
    ...(lagMs !== undefined && { lagMs }),
  };
  const after = {
    ...run,
    ...place,
    lastDeliveryAt: at,
    counts: tallyOf(addCounts(run.counts, counts)),
    unpublished,
  };
  // A change of state, or of what an operator should do, is published at once.
  const urgent =
    quarantined !== 0 ||
    drift !== 0 ||
    mirror.syncMode !== syncMode ||
    mirror.state !== statementOf(mirror, run).state;
  // A chunk that comes alone leaves it to the job, and is answered sooner.
  const due = urgent || (run.publishScheduled && since(mirror.lastHeardAt) >= PUBLISH_EVERY_MS);
  if (due) {
    const waiting = Math.max(0, mirror.quarantined + quarantined);
    const { state, reason } = statementOf({ ...mirror, quarantined: waiting }, after);
    const told = { ...progressSince(mirror, after), quarantined: waiting };
    await ctx.db.patch("mirrors", mirror._id, {
      ...told,
      ...(await stateChange(ctx, mirror, state, reason)),
      ...(await takeSample(ctx, mirror, { ...mirror, ...told })),
      drift: mirror.drift + drift,
      syncMode,
    });
  } else if (!run.publishScheduled) {
    await schedulePublish(ctx, run._id, PUBLISH_EVERY_MS);
  }
  await scheduleCheck(ctx, mirror);
  const { spending, bytes: written, waitMs } = await charge(ctx, run, budget, debt, noted);
  await ctx.db.patch("runs", run._id, {
    ...place,
    spending,
    lastDeliveryAt: at,
    chunks: run.chunks + 1,
    bytes: run.bytes + bytes,
    counts: after.counts,
    unpublished: due ? nothingUnpublished : unpublished,
    publishScheduled: run.publishScheduled || !due,
  });
  return { rows: Math.max(0, mirror.rows + unpublished.rows), written, waitMs };
}

/**
 * Publishes a run's progress since the last publication, once no chunk has come for a second: while chunks come, they
 * publish, and would rerun for what is written here.
 */
export const publish = internalMutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    // A run that has ended has published everything.
    if (run?.state !== "running") return null;
    const quietMs = since(run.lastDeliveryAt);
    if (quietMs < PUBLISH_EVERY_MS) await schedulePublish(ctx, id, PUBLISH_EVERY_MS - quietMs);
    else {
      await flush(ctx, run);
      await ctx.db.patch("runs", id, { publishScheduled: false });
    }
    return null;
  },
});

async function schedulePublish(ctx: MutationCtx, run: Id<"runs">, inMs: number): Promise<void> {
  await ctx.scheduler.runAfter(inMs, internal.mirror.progress.publish, { run });
}

/** Publishes all of a run's progress: before the run ends, and after a second. */
export async function flush(ctx: MutationCtx, run: Doc<"runs">): Promise<void> {
  if (!run.publishScheduled) return;
  const mirror = await findMirror(ctx, run.mirror);
  if (mirror === null) return;
  const told = progressSince(mirror, run);
  await ctx.db.patch("mirrors", mirror._id, {
    ...told,
    ...(await takeSample(ctx, mirror, { ...mirror, ...told })),
  });
  await ctx.db.patch("runs", run._id, { unpublished: nothingUnpublished });
}

/** A mirror's registry document, after all progress of its run is published to it. @throws UnknownMirror */
export async function published(ctx: MutationCtx, name: string): Promise<Doc<"mirrors">> {
  const mirror = await getMirror(ctx, name);
  const run = mirror.run === undefined ? null : await ctx.db.get("runs", mirror.run);
  if (run?.publishScheduled !== true) return mirror;
  await flush(ctx, run);
  return await getMirror(ctx, name);
}

/**
 * A mirror's registry document with all of its run's progress, published or not. Costs an index range while a run is
 * open.
 */
export async function exactly(ctx: QueryCtx, mirror: Doc<"mirrors">): Promise<Doc<"mirrors">> {
  const run = mirror.run === undefined ? null : await ctx.db.get("runs", mirror.run);
  return run?.publishScheduled === true ? { ...mirror, ...progressSince(mirror, run) } : mirror;
}

/** A number that grows with everything that the importer writes to a mirror. */
export async function writesOf(ctx: QueryCtx, mirror: Doc<"mirrors">): Promise<number> {
  const { total, removed, copied } = await exactly(ctx, mirror);
  return total.inserted + total.updated + total.deleted + removed + copied;
}

/** How far a run has come, for its mirror's row. */
export function progressOf({ syncMode, generation, startedAt, counts, swept }: Doc<"runs">) {
  return { syncMode, generation: generation ?? null, startedAt, received: counts.received ?? 0, swept };
}

/** What a run's progress changes in its mirror's row. */
function progressSince(mirror: Doc<"mirrors">, run: Doc<"runs">): Partial<Doc<"mirrors">> {
  const { rows, lagMs } = run.unpublished;
  const counts = subtractCounts(run.counts, mirror.publishedCounts ?? {});
  const { state, reason } = statementOf(mirror, run);
  return {
    ...changedBy(mirror, rows),
    total: addCounts(mirror.total, counts),
    publishedCounts: run.counts,
    progress: progressOf(run),
    ...(counts.received > 0 && { lastAppliedAt: run.lastDeliveryAt }),
    ...(lagMs !== undefined && { lagMs }),
    ...(run.lastDeliveryAt !== undefined &&
      since(run.lastDeliveryAt) <= since(mirror.lastHeardAt) && { lastHeardAt: run.lastDeliveryAt }),
    // A failure that came after the last chunk stands.
    ...(mirror.state === state && { reason }),
  };
}

/** The state and reason that follow from a run's progress. */
function statementOf(mirror: Doc<"mirrors">, run: Doc<"runs">) {
  const loading =
    run.generation !== undefined || mirror.state === "snapshotting" || mirror.state === "waiting";
  if (!loading) return settled(mirror);
  const what = run.generation === undefined ? "First load" : `Full refresh ${String(run.generation)}`;
  const received = count(run.counts.received ?? 0, "row");
  return { state: "snapshotting", reason: `${what}: ${received} received so far.` } as const;
}
