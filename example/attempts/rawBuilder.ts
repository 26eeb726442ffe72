import { v } from "convex/values";
import { mutation } from "./_generated/server";

export const arriveOnTime = mutation({
  args: { flight: v.id("flights") },
  handler: async (ctx, { flight }) => {
    await ctx.db.patch("flights", flight, { delay: 0 });
  },
});
