// @ts-check
import { mutation } from "./app/functions.js";

// case E12 js-file (bad)
export const e12 = mutation({
  args: {},
  handler: async (ctx) => {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx.db.insert("customers", { id: 1n, email: "" });
  },
});
