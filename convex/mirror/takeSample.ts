/**
 * Samples of a mirror, for plots. Writes `samples`: one document per mirror, once a minute (SEE-4), always with that
 * of the mirror, so they conflict with nothing that the mirror's document does not.
 */
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { now, since } from "../../src/core/time.js";
import type { Sample } from "../../src/core/wire/validators.js";

/** Between two samples of a mirror, in milliseconds: a plot needs no more, and each is a write. */
const SAMPLE_EVERY_MS = 60_000;

/** Samples kept per mirror: more than a small plot can show. */
export const MAX_SAMPLES = 120;

/**
 * Samples a mirror, at most once a minute and only while something arrives. Changes after the last sample that ended
 * before this one get a point at their own time: a load that took ten seconds an hour ago shows an hour ago.
 * Returns what to merge into the patch of its registry row.
 */
export async function takeSample(
  ctx: MutationCtx,
  before: Doc<"mirrors">,
  after: Doc<"mirrors">,
): Promise<{ sampledAt?: string }> {
  const { sampledAt, lastAppliedAt } = before;
  if (since(sampledAt) < SAMPLE_EVERY_MS) return {};
  const at = now();
  const kept = await findSamples(ctx, after.name);
  const missed =
    sampledAt !== undefined && lastAppliedAt !== undefined && since(lastAppliedAt) < since(sampledAt);
  const points = thin([
    ...(kept?.points ?? []),
    ...(missed ? [sampleOf(before, lastAppliedAt)] : []),
    sampleOf(after, at),
  ]);
  if (kept === null) await ctx.db.insert("samples", { mirror: after.name, points });
  else await ctx.db.patch("samples", kept._id, { points });
  return { sampledAt: at };
}

function sampleOf({ rows, quarantined, lagMs, total }: Doc<"mirrors">, at: string): Sample {
  return { at, rows, received: total.received, quarantined, lagMs: lagMs ?? null };
}

/**
 * Keeps a list of samples within bounds: when there are too many, every second one of the older half is deleted. So the
 * last hour stays fine, and what is long ago gets coarser, but is not forgotten.
 */
export function thin<Point>(points: readonly Point[], most = MAX_SAMPLES): Point[] {
  if (points.length <= most) return [...points];
  const half = Math.floor(points.length / 2);
  return points.filter((_, i) => i >= half || i % 2 === 0);
}

/** The samples of a mirror. */
export async function findSamples(ctx: QueryCtx, mirror: string): Promise<Doc<"samples"> | null> {
  return await ctx.db
    .query("samples")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
    .unique();
}
