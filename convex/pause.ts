import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { mutation } from "./_generated/server.js";
import { ledgerError } from "../src/core/wire/errors.js";
import { getMirror } from "./mirror/mirrors.js";
import { exactly } from "./mirror/progress.js";
import { announce, described } from "./mirror/state.js";

/** How long a sender should leave a paused mirror alone, in milliseconds. */
const PAUSED_RETRY_MS = 60_000;

/** Refuses deliveries for a mirror until it is resumed. What it holds stays readable. @throws UnknownMirror */
export const pause = mutation({
  args: { mirror: v.string(), reason: v.string() },
  returns: v.null(),
  handler: async (ctx, { mirror: name, reason }) => {
    const mirror = await getMirror(ctx, name);
    await announce(ctx, mirror, "paused", reason);
    await ctx.db.patch("mirrors", mirror._id, described(name, "paused", reason));
    return null;
  },
});

/** Accepts deliveries for a mirror again. @throws UnknownMirror */
export const resume = mutation({
  args: { mirror: v.string() },
  returns: v.null(),
  handler: async (ctx, { mirror: name }) => {
    const mirror = await getMirror(ctx, name);
    if (mirror.state !== "paused") return null;
    const state = (await exactly(ctx, mirror)).lastAppliedAt === undefined ? "waiting" : "upToDate";
    const reason = "Resumed; deliveries are welcome again.";
    await announce(ctx, mirror, state, reason);
    await ctx.db.patch("mirrors", mirror._id, described(name, state, reason));
    return null;
  },
});

/** The refusal of anything that would write to a paused mirror. */
export function pausedError(mirror: Doc<"mirrors">) {
  return ledgerError(
    "MirrorPaused",
    `The mirror "${mirror.name}" is paused: ${mirror.reason} Resume it with \`npx convex run imports:resume '{"mirror":"${mirror.name}"}'\`.`,
    { retryAfterMs: PAUSED_RETRY_MS },
  );
}
