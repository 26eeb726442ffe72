/**
 * What sources send and schemas do not expect, for people. `forget` deletes from `drift`, and writes to `mirrors` how
 * many are left.
 */
import { v } from "convex/values";
import { mutation, query } from "../_generated/server.js";
import { getMirror } from "../mirror/mirrors.js";
import { MAX_DRIFT_PER_MIRROR } from "./recordDrift.js";
import { vDriftEntry } from "../../src/core/wire/views.js";

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
