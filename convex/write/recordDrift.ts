/**
 * Records what sources send and schemas do not expect. Writes `drift`: one document per mirror, kind and field, only
 * when a chunk has drift.
 */
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { now } from "../../src/core/time.js";
import type { DriftNote } from "../../src/core/wire/changes.js";

/** Fields of one mirror on record: a source that invents field names must not fill the table. */
export const MAX_DRIFT_PER_MIRROR = 200;

/** Records what a chunk had that the mirror does not expect. Returns how many fields are on record for the first time. */
export async function recordDrift(
  ctx: MutationCtx,
  { name: mirror, drift: onRecord }: Doc<"mirrors">,
  notes: readonly DriftNote[],
): Promise<number> {
  const at = now();
  let added = 0;
  for (const { kind, field, ...found } of notes) {
    const seen = await ctx.db
      .query("drift")
      .withIndex("by_field", (q) => q.eq("mirror", mirror).eq("kind", kind).eq("field", field))
      .first();
    if (seen !== null) {
      const times = seen.times + found.times;
      await ctx.db.patch("drift", seen._id, { ...found, times, lastSeenAt: at });
      continue;
    }
    if (onRecord + added < MAX_DRIFT_PER_MIRROR) {
      await ctx.db.insert("drift", { mirror, kind, field, ...found, firstSeenAt: at, lastSeenAt: at });
      added += 1;
    }
  }
  return added;
}
