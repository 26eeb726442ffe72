import { v } from "convex/values";
import { mutation } from "./functions";

export const save = mutation({
  args: { table: v.string(), row: v.any() },
  handler: async (ctx, { table, row }) => {
    await ctx.db.insert(table as "notes", row);
  },
});
