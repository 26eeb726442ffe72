/**
 * Streams without a mirror. Writes `unknownStreams`, from which `registry.declare` and `maintenance.ts` delete. No
 * chunk reads or writes it.
 */
import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { mutation, type MutationCtx, query } from "./_generated/server.js";
import { shorten, shortenToBytes } from "../src/core/rows/text.js";
import { now } from "../src/core/time.js";
import { vUnknownStream } from "../src/core/wire/views.js";

/** Unknown streams kept; a misconfigured connector may send thousands of names. */
const MAX_UNKNOWN_STREAMS = 200;

/** The longest declaration that is kept: all of them together are less than a transaction may read. */
const MAX_SNIPPET_BYTES = 60_000;

/** Shows a person that a connector sends a stream for which no mirror is declared, and the code to add. */
export const recordUnknownStream = mutation({
  args: { stream: v.string(), snippet: v.string(), token: v.string() },
  returns: v.null(),
  handler: async (ctx, { stream, token, ...more }) => {
    const args = {
      stream: shorten(stream, 200),
      snippet: shortenToBytes(more.snippet, MAX_SNIPPET_BYTES),
      token,
    };
    const [seen] = await unknownStream(ctx, args.stream);
    if (seen !== undefined) {
      await ctx.db.patch("unknownStreams", seen._id, { ...args, lastSeenAt: now(), times: seen.times + 1 });
    } else if (
      (await ctx.db.query("unknownStreams").take(MAX_UNKNOWN_STREAMS)).length < MAX_UNKNOWN_STREAMS
    ) {
      await ctx.db.insert("unknownStreams", { ...args, firstSeenAt: now(), lastSeenAt: now(), times: 1 });
    }
    return null;
  },
});

/** Streams that connectors sent and no mirror is declared for, with the code to add, in the order of their names. */
export const list = query({
  args: {},
  returns: v.array(vUnknownStream),
  handler: async (ctx) => {
    const streams = await ctx.db.query("unknownStreams").withIndex("by_stream").take(MAX_UNKNOWN_STREAMS);
    return streams.map(({ stream, snippet, times, firstSeenAt, lastSeenAt }) => ({
      stream,
      snippet,
      times,
      firstSeenAt,
      lastSeenAt,
    }));
  },
});

/** Forgets an unwanted stream; it is recorded again if it arrives again. */
export const forgetStream = mutation({
  args: { stream: v.string() },
  returns: v.null(),
  handler: async (ctx, { stream }) => {
    for (const { _id } of await unknownStream(ctx, stream)) await ctx.db.delete("unknownStreams", _id);
    return null;
  },
});

/** The record of a stream, as a list of at most one. */
export async function unknownStream(ctx: MutationCtx, stream: string): Promise<Doc<"unknownStreams">[]> {
  return await ctx.db
    .query("unknownStreams")
    .withIndex("by_stream", (q) => q.eq("stream", stream))
    .take(1);
}
