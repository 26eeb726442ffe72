/**
 * How a mirror is emptied. Writes to `mirrors` the counts, as chunks do, a page of rows per transaction. A chunk that
 * meets it makes one of the two rerun.
 */
import { v } from "convex/values";
import { api } from "../_generated/api.js";
import { action, mutation } from "../_generated/server.js";
import { recordChanged } from "./recordChanges.js";
import { addToDigest } from "./digests.js";
import { getApp } from "../mirror/mirrors.js";
import { published } from "../mirror/progress.js";
import { changedBy, recounted } from "../mirror/rowCount.js";
import { CLEARED_ROWS, Pace } from "../../src/core/wire/pace.js";
import type { ClearHandle } from "../../src/core/wire/port.js";

/**
 * Deletes a page of a mirror's rows, for `clear_tables` of mirrors without a primary key, and for operators. Returns
 * how many it deleted; call again until 0. The app cuts the page by bytes, too.
 */
export const clearPage = mutation({
  args: { mirror: v.string(), limit: v.number() },
  returns: v.number(),
  handler: async (ctx, { mirror: name, limit }) => {
    const mirror = await published(ctx, name);
    const { handles, secret } = await getApp(ctx);
    const { gone, delta, changed } = await ctx.runMutation(handles.write as ClearHandle, {
      secret,
      table: name,
      clear: { limit },
    });
    if (gone > 0) {
      await ctx.db.patch("mirrors", mirror._id, {
        ...changedBy(mirror, -gone),
        removed: mirror.removed + gone,
      });
      await addToDigest(ctx, name, delta);
      await recordChanged(ctx, name, changed);
    } else await ctx.db.patch("mirrors", mirror._id, recounted(mirror, 0));
    return gone;
  },
});

/**
 * Deletes every row of a mirror, a transaction at a time. For a source that is really empty: a refresh without rows
 * deletes none. Returns how many rows it deleted.
 */
export const clear = action({
  args: { mirror: v.string() },
  returns: v.number(),
  handler: async (ctx, { mirror }) => {
    const pace = new Pace(CLEARED_ROWS);
    let total = 0;
    for (;;) {
      const gone: number = await pace.run(async (limit) =>
        ctx.runMutation(api.write.clear.clearPage, { mirror, limit }),
      );
      if (gone === 0) return total;
      total += gone;
    }
  },
});
