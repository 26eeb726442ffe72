/** How many changes of a mirror are in quarantine, by reason, for people. Writes nothing: see `countReasons.ts`. */
import { v } from "convex/values";
import { query } from "../_generated/server.js";
import { vQuarantineReason } from "../../src/core/wire/views.js";

/** Reasons listed: a mirror has as many as it has fields, times the few codes. */
const MAX_REASONS = 100;

/** The reasons of a mirror's quarantine, those with the most changes first. */
export const list = query({
  args: { mirror: v.string() },
  returns: v.array(vQuarantineReason),
  handler: async (ctx, { mirror }) => {
    const reasons = await ctx.db
      .query("quarantineReasons")
      .withIndex("by_reason", (q) => q.eq("mirror", mirror))
      .take(MAX_REASONS);
    return reasons
      .map(({ reason, code, field, found, changes, firstAt }) => ({
        reason,
        code,
        field: field ?? null,
        found: found ?? null,
        changes,
        firstAt,
      }))
      .sort((a, b) => b.changes - a.changes);
  },
});
