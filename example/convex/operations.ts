import { vMirrorStatus } from "convex-streaming-import";
import { v } from "convex/values";
import { components } from "./_generated/api.js";
import { query } from "./_generated/server.js";

/**
 * How the import is doing. Public, because this board has no sign-in; in an app that has one, check who asks here:
 * reasons and errors name streams and fields of your source.
 */
export const mirrors = query({
  args: {},
  returns: v.array(vMirrorStatus),
  handler: async (ctx) => await ctx.runQuery(components.streamingImport.registry.list, {}),
});
