import { v } from "convex/values";
import { query, type MutationCtx } from "./_generated/server.js";
import { now } from "./time.js";
import type { DriftNote } from "./validators.js";

/** Fields of one mirror on record: a source that invents field names must not fill the table. */
const MAX_DRIFT_PER_MIRROR = 200;

/** Records what a chunk had that the mirror does not expect. */
export async function recordDrift(
  ctx: MutationCtx,
  mirror: string,
  notes: readonly DriftNote[],
): Promise<void> {
  const at = now();
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
    const onRecord = await ctx.db
      .query("drift")
      .withIndex("by_field", (q) => q.eq("mirror", mirror))
      .take(MAX_DRIFT_PER_MIRROR);
    if (onRecord.length < MAX_DRIFT_PER_MIRROR) {
      await ctx.db.insert("drift", { mirror, kind, field, ...found, firstSeenAt: at, lastSeenAt: at });
    }
  }
}

const vDrift = v.object({
  mirror: v.string(),
  field: v.string(),
  kind: v.string(),
  from: v.string(),
  to: v.union(v.string(), v.null()),
  times: v.number(),
  sample: v.string(),
  firstSeenAt: v.string(),
  lastSeenAt: v.string(),
});

/** What the source of a mirror sent that its schema does not expect. */
export const list = query({
  args: { mirror: v.string() },
  returns: v.array(vDrift),
  handler: async (ctx, { mirror }) => {
    const entries = await ctx.db
      .query("drift")
      .withIndex("by_field", (q) => q.eq("mirror", mirror))
      .take(MAX_DRIFT_PER_MIRROR);
    return entries.map(({ _id, _creationTime, to, ...entry }) => ({ ...entry, to: to ?? null }));
  },
});
