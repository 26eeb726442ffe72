/**
 * What sources send and schemas do not expect. Writes `drift`: one document per mirror, kind and field, only when a
 * chunk has drift. `forget` writes to `mirrors` how many are left.
 */
import { v } from "convex/values";
import type { Doc } from "../_generated/dataModel.js";
import { mutation, query, type MutationCtx } from "../_generated/server.js";
import { getMirror } from "../mirror/mirrors.js";
import { now } from "../../src/core/time.js";
import type { DriftNote } from "../../src/core/wire/changes.js";
import { vDriftEntry } from "../../src/core/wire/views.js";

/** Fields of one mirror on record: a source that invents field names must not fill the table. */
const MAX_DRIFT_PER_MIRROR = 200;

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

/** What the source of a mirror sent that its schema does not expect. */
export const list = query({
  args: { mirror: v.string() },
  returns: v.array(vDriftEntry),
  handler: async (ctx, { mirror }) => {
    const entries = await ctx.db
      .query("drift")
      .withIndex("by_field", (q) => q.eq("mirror", mirror))
      .take(MAX_DRIFT_PER_MIRROR);
    return entries.map(({ _id, _creationTime, to, ...entry }) => ({ ...entry, to: to ?? null }));
  },
});

/**
 * Forgets recorded drift, once the schema declares it or it does not matter; drift that recurs is recorded again.
 * @throws UnknownMirror
 */
export const forget = mutation({
  args: { mirror: v.string() },
  returns: v.null(),
  handler: async (ctx, { mirror: name }) => {
    const mirror = await getMirror(ctx, name);
    const entries = await ctx.db
      .query("drift")
      .withIndex("by_field", (q) => q.eq("mirror", name))
      .take(MAX_DRIFT_PER_MIRROR);
    for (const { _id } of entries) await ctx.db.delete("drift", _id);
    await ctx.db.patch("mirrors", mirror._id, { drift: 0 });
    return null;
  },
});
