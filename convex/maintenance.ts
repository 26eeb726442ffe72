import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { QUARANTINE_DAYS } from "./quarantine.js";
import { findMirror } from "./mirrors.js";
import { TOMBSTONE_DAYS } from "./tombstones.js";

/** Documents deleted per transaction. */
const PAGE = 500;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Deletes tombstones and quarantined changes that are past their time, a page at a time. */
export const prune = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const tombstones = await ctx.db
      .query("tombstones")
      .withIndex("by_creation_time", (q) => q.lt("_creationTime", Date.now() - TOMBSTONE_DAYS * DAY_MS))
      .take(PAGE);
    const given = new Map<string, { tombstones: number; quarantined: number }>();
    const count = (mirror: string) => {
      const counts = given.get(mirror) ?? { tombstones: 0, quarantined: 0 };
      given.set(mirror, counts);
      return counts;
    };
    for (const { _id, mirror } of tombstones) {
      await ctx.db.delete("tombstones", _id);
      count(mirror).tombstones += 1;
    }
    // Payloads are up to 256 KiB each: a tenth of the page, to stay inside what a transaction may read.
    const expired = await ctx.db
      .query("quarantine")
      .withIndex("by_creation_time", (q) => q.lt("_creationTime", Date.now() - QUARANTINE_DAYS * DAY_MS))
      .take(PAGE / 10);
    for (const { _id, mirror } of expired) {
      await ctx.db.delete("quarantine", _id);
      count(mirror).quarantined += 1;
    }
    for (const [name, { tombstones, quarantined }] of given) {
      const mirror = await findMirror(ctx, name);
      if (mirror === null) continue;
      await ctx.db.patch("mirrors", mirror._id, {
        tombstones: Math.max(0, mirror.tombstones - tombstones),
        quarantined: Math.max(0, mirror.quarantined - quarantined),
      });
    }
    if (tombstones.length === PAGE || expired.length === PAGE / 10) {
      await ctx.scheduler.runAfter(0, internal.maintenance.prune, {});
    }
    return null;
  },
});
