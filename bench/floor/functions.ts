/** The least that a module of functions is: what of it is Convex's own, nobody can save. */
import { internalMutationGeneric, internalQueryGeneric } from "convex/server";
import { v } from "convex/values";

export const write = internalMutationGeneric({
  args: { n: v.number() },
  returns: v.null(),
  handler: async ({ db }, { n }) => {
    await db.insert("numbers", { n });
    return null;
  },
});

export const read = internalQueryGeneric({
  args: {},
  returns: v.number(),
  handler: async ({ db }) => (await db.query("numbers").take(1)).length,
});
