/**
 * When a mirror is late. Writes to `mirrors` the state, and that a check is scheduled, as many others do: one check
 * per mirror, as often as `expectEvery` says.
 */
import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { findMirror } from "./mirrors.js";
import { stateChange } from "./state.js";
import { since } from "../../src/core/time.js";

/** After this many times `expectEvery` without contact, a late mirror becomes stale. */
const STALE_FACTOR = 3;

/** Schedules the next freshness check of a mirror with `expectEvery`. At most one is scheduled. */
export async function scheduleCheck(ctx: MutationCtx, mirror: Doc<"mirrors">): Promise<void> {
  if (mirror.expectEveryMs === undefined || mirror.checkScheduled) return;
  await ctx.db.patch("mirrors", mirror._id, { checkScheduled: true });
  await ctx.scheduler.runAfter(mirror.expectEveryMs, internal.mirror.freshness.check, {
    mirror: mirror.name,
  });
}

/** Checks the last contact with a mirror's connector. A heartbeat counts: an idle source is not late. */
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
      // There is no worse state. The next delivery schedules the next check.
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
    `No contact for ${seconds(silentMs)} (expected every ${seconds(everyMs)}). Check the connector's log.`,
  );
}

function seconds(ms: number): string {
  return `${String(Math.round(ms / 1000))} s`;
}
