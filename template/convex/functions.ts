import { guard, type GuardedCtx } from "convex-streaming-import/guard";
import { internalMutation as rawInternalMutation, mutation as rawMutation } from "./_generated/server";
import schema from "./schema";

/** Use these instead of those in _generated/server: their ctx.db cannot write a mirror. */
export const { mutation, internalMutation } = guard(schema, {
  mutation: rawMutation,
  internalMutation: rawInternalMutation,
});

/** For helper functions, instead of the one in _generated/server. */
export type MutationCtx = GuardedCtx<typeof schema>;
