import { v } from "convex/values";
import { mutation } from "./functions";

export const arriveOnTime = mutation({
  args: { flight: v.id("flights") },
  handler: async (ctx, { flight }) => {
    await ctx.db.patch(flight, { delay: 0 });
  },
});
