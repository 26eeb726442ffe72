import { guard } from "convex-streaming-import/guard";
import { internalMutation as rawInternalMutation, mutation as rawMutation } from "./_generated/server.js";
import schema from "./schema.js";

/**
 * The mutation builders of this app: their `ctx.db` reads every table and writes every table but the mirrors. Import
 * them from here, not from `_generated/server`.
 */
export const { mutation, internalMutation } = guard(schema, {
  mutation: rawMutation,
  internalMutation: rawInternalMutation,
});
