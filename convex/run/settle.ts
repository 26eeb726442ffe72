import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { abandonRun, completeRun } from "./endRun.js";
import { since } from "../../src/core/time.js";
import { LAST_USED_GRAIN_MS } from "../tokens.js";

/** Has the run looked at after so many milliseconds. */
export async function scheduleSettle(ctx: MutationCtx, run: Id<"runs">, inMs: number): Promise<void> {
  await ctx.scheduler.runAfter(inMs, internal.run.settle.settle, { run });
}

/**
 * Milliseconds for which the run's connector has certainly sent nothing, for this mirror or another. Its last request
 * may be later than the last that was noted: too long a silence would take rows away.
 */
async function silence(ctx: MutationCtx, run: Doc<"runs">): Promise<number> {
  const token = await ctx.db.get("tokens", run.token);
  const unused = since(token?.lastUsedAt) - LAST_USED_GRAIN_MS;
  return Math.max(0, Math.min(since(run.startedAt), since(run.lastDeliveryAt), unused));
}

/**
 * Settles a run whose connector has fallen silent; looks again later when it has not. A connector that says itself
 * when it is done, and did not, has died: its run is incomplete. From one that never says so, silence is all there is.
 */
export const settle = internalMutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "running") return null;
    const silent = await silence(ctx, run);
    if (silent < run.settleAfterMs) await scheduleSettle(ctx, id, run.settleAfterMs - silent);
    else if (run.explicit)
      await abandonRun(ctx, run, "incomplete", "The connector fell silent without finishing it.");
    else await completeRun(ctx, run, "The connector fell silent.");
    return null;
  },
});
