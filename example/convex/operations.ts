import { v } from "convex/values";
import { components } from "./_generated/api.js";
import { query } from "./_generated/server.js";

const vCounts = v.object({
  received: v.number(),
  inserted: v.number(),
  updated: v.number(),
  unchanged: v.number(),
  deleted: v.number(),
  stale: v.number(),
  ignored: v.number(),
});

/**
 * How the import is doing. Public, because this board has no sign-in; in an app that has one, check who asks here:
 * reasons and errors name streams and fields of your source.
 */
export const mirrors = query({
  args: {},
  returns: v.array(
    v.object({
      name: v.string(),
      source: v.string(),
      state: v.union(
        v.literal("waiting"),
        v.literal("snapshotting"),
        v.literal("upToDate"),
        v.literal("failed"),
        v.literal("removed"),
      ),
      reason: v.string(),
      primaryKey: v.string(),
      syncMode: v.union(v.string(), v.null()),
      rows: v.number(),
      total: vCounts,
      removed: v.number(),
      generation: v.number(),
      lastAppliedAt: v.union(v.string(), v.null()),
      lastError: v.union(v.string(), v.null()),
    }),
  ),
  handler: async (ctx) => await ctx.runQuery(components.streamingImport.registry.list, {}),
});
