import { guard, type GuardedCtx, type GuardedDb } from "convex-streaming-import/guard";
import { internalMutation as rawInternalMutation, mutation as rawMutation } from "./_generated/server.js";
import schema from "./schema.js";

export const { mutation, internalMutation, guardCtx, forLibrary } = guard(schema, {
  mutation: rawMutation,
  internalMutation: rawInternalMutation,
});
export type MutationCtx = GuardedCtx<typeof schema>;
export type DatabaseWriter = GuardedDb<typeof schema>;
