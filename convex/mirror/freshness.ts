import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { findMirror } from "./mirrors.js";
import { stateChange } from "./state.js";
import { since } from "../../src/core/time.js";

/** A mirror that was not heard of for this many times `expectEvery` is stale: not late any more, but out of order. */
const STALE_FACTOR = 3;

/** Schedules the next look at a mirror that says how often it expects to hear from its source. At most one waits. */
export async function scheduleCheck(ctx: MutationCtx, mirror: Doc<"mirrors">): Promise<void> {
  if (mirror.expectEveryMs === undefined || mirror.checkScheduled) return;
  await ctx.db.patch("mirrors", mirror._id, { checkScheduled: true });
  await ctx.scheduler.runAfter(mirror.expectEveryMs, internal.mirror.freshness.check, {
    mirror: mirror.name,
  });
}

/**
 * Looks whether a mirror's connector has been heard of. A connector that reports without rows is fresh: an idle source
 * is not late.
 */
export const check = internalMutation({
  args: { mirror: v.string() },
  returns: v.null(),
  handler: async (ctx, { mirror: name }) => {
    const mirror = await findMirror(ctx, name);
    if (mirror === null) return null;
    const every = mirror.expectEveryMs;
    if (every === undefined || mirror.state === "removed") {
      await ctx.db.patch("mirrors", mirror._id, { checkScheduled: false });
      return null;
    }
    const silent = since(mirror.lastHeardAt);
    let next = every - silent;
    if (silent >= every * STALE_FACTOR) {
      await ctx.db.patch("mirrors", mirror._id, await judge(ctx, mirror, "stale", silent, every));
      // Nothing gets worse from here: the next delivery schedules the next look.
      await ctx.db.patch("mirrors", mirror._id, { checkScheduled: false });
      return null;
    }
    if (silent >= every) {
      await ctx.db.patch("mirrors", mirror._id, await judge(ctx, mirror, "late", silent, every));
      next = every * STALE_FACTOR - silent;
    }
    await ctx.scheduler.runAfter(next, internal.mirror.freshness.check, { mirror: name });
    return null;
  },
});

async function judge(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  state: "late" | "stale",
  silentMs: number,
  everyMs: number,
) {
  return await stateChange(
    ctx,
    mirror,
    state,
    `Not heard of for ${seconds(silentMs)}; it is expected every ${seconds(everyMs)}. Look at the connector's own log.`,
  );
}

function seconds(ms: number): string {
  return `${String(Math.round(ms / 1000))} s`;
}
