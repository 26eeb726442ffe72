import { v } from "convex/values";
import { mutation } from "./_generated/server.js";
import { applyToMirror } from "./write/apply.js";
import { getMirror } from "./mirror/mirrors.js";
import { vMatch } from "../src/core/wire/port.js";
import { refuse, release } from "./quarantine.js";
import { addCounts, vBudget, vCounts, vRowChange } from "../src/core/wire/validators.js";

/**
 * Applies a quarantined change that can be converted now, in one transaction with its leaving the quarantine. Returns
 * its outcome, or null when it no longer exists.
 */
export const replay = mutation({
  args: { id: v.id("quarantine"), row: vRowChange, match: vMatch, budget: vBudget },
  returns: v.union(v.null(), vCounts),
  handler: async (ctx, { id, row, match, budget }) => {
    const entry = await ctx.db.get("quarantine", id);
    if (entry === null) return null;
    const mirror = await getMirror(ctx, entry.mirror);
    const { counts, rowsDelta, poison } = await applyToMirror(ctx, mirror, {
      rows: [row],
      match,
      budget,
      priority: "operator",
    });
    const [failed] = poison;
    if (failed !== undefined) {
      await refuse(ctx, entry, failed);
      return null;
    }
    await release(ctx, mirror, [entry]);
    const after = (await ctx.db.get("mirrors", mirror._id))!;
    await ctx.db.patch("mirrors", mirror._id, {
      rows: after.rows + rowsDelta,
      // It was counted as received, and as quarantined, when it arrived.
      total: addCounts(after.total, { ...counts, received: 0, quarantined: -1 }),
    });
    return counts;
  },
});
