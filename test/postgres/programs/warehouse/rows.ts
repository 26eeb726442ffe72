import { queryGeneric } from "convex/server";
import { v } from "convex/values";

export const all = queryGeneric({
  args: { table: v.string() },
  handler: async (ctx, { table }) => await ctx.db.query(table).collect(),
});
