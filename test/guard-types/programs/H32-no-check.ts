// @ts-nocheck
import { mutation } from "./app/functions.js";

// case H32 no-check (bad)
export const h32 = mutation(async (ctx) => {
  // not refused: the compiler is told to look away
  await ctx.db.insert("customers", { id: 1n, email: "" });
});
