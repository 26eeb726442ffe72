import type { Id } from "../app/_generated/dataModel.js";
import type { MutationCtx } from "../app/functions.js";

// case C10 reexport (bad)
export async function remove(ctx: MutationCtx, id: Id<"orders">) {
  // expect: error TS2345 "Table 'orders' is a mirror"
  await ctx.db.delete("orders", id);
}
