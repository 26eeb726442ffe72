import { v } from "convex/values";
import { vBelow, type ReadHandle } from "../../src/core/wire/port.js";
import { query } from "../_generated/server.js";
import { getHandles } from "./mirrors.js";

/**
 * A page of the keys of a mirror's rows, for a sender that names rows by something else than their keys: by when they
 * were synced. What it says of them it then delivers as changes, like any other.
 */
export const page = query({
  args: {
    mirror: v.string(),
    cursor: v.union(v.string(), v.null()),
    /** Rows that are looked at, at most. */
    limit: v.number(),
    /** Only rows that have a lower number at the path; all without it. */
    below: v.optional(vBelow),
  },
  returns: v.object({
    /** The values of the key's fields of each row. */
    keys: v.array(v.array(v.any())),
    cursor: v.union(v.string(), v.null()),
  }),
  handler: async (ctx, { mirror: table, cursor: from, limit, below }) => {
    const handles = await getHandles(ctx);
    const { keys, cursor } = await ctx.runQuery(handles.read as ReadHandle, {
      table,
      cursor: from,
      limit,
      hashed: false,
      keys: below === undefined ? {} : { below },
    });
    return { keys: keys ?? [], cursor };
  },
});
