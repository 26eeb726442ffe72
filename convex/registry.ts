import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { mutation, query, type MutationCtx } from "./_generated/server.js";
import { scheduleCheck } from "./freshness.js";
import { findMirror } from "./mirrors.js";
import { stateChange } from "./state.js";
import { now } from "./time.js";
import { touchToken } from "./tokens.js";
import { noCounts, vBudget, vDeclaration, vHandles, vMirrorStatus } from "./validators.js";

/** More mirrors than a schema can hold tables of use; a bound for scans of the registry. */
const MAX_MIRRORS = 1000;

/** Unknown streams kept; a misconfigured connector may send thousands of names. */
const MAX_UNKNOWN_STREAMS = 200;

/**
 * Brings the registry in step with the app's schema. Called by the first request after a deploy, and by
 * `npx convex run imports:declare` for those who want to see the mirrors in the dashboard before.
 */
export const declare = mutation({
  args: { fingerprint: v.string(), handles: vHandles, budget: vBudget, mirrors: v.array(vDeclaration) },
  returns: v.null(),
  handler: async (ctx, args) => {
    const app = await ctx.db.query("app").first();
    const { fingerprint, handles, budget } = args;
    const record = { fingerprint, handles, budget, declaredAt: now() };
    if (app === null) await ctx.db.insert("app", record);
    else await ctx.db.replace("app", app._id, record);

    const known = new Map(
      (await ctx.db.query("mirrors").take(MAX_MIRRORS)).map((mirror) => [mirror.name, mirror]),
    );
    for (const declaration of args.mirrors) {
      const mirror = known.get(declaration.name);
      known.delete(declaration.name);
      if (mirror === undefined) {
        await ctx.db.insert("mirrors", {
          ...declaration,
          state: "waiting",
          reason: "Declared in schema.ts; nothing has arrived yet.",
          rows: 0,
          quarantined: 0,
          total: noCounts,
          removed: 0,
          copied: 0,
          generation: 0,
          generationOpen: false,
          epoch: 0,
          tombstones: 0,
          checkScheduled: false,
        });
      } else {
        await ctx.db.patch("mirrors", mirror._id, {
          ...declaration,
          // A declaration may drop an optional word; patch would keep the old one.
          version: declaration.version,
          owner: declaration.owner,
          expectEveryMs: declaration.expectEveryMs,
          ...(mirror.state === "removed" && {
            state: mirror.lastAppliedAt === undefined ? "waiting" : "upToDate",
            reason: "Declared again in schema.ts.",
          }),
        });
      }
      // Connectors join namespace and stream with "_".
      for (const name of [declaration.name, declaration.source.replace(".", "_")]) {
        for (const stream of await unknownStream(ctx, name))
          await ctx.db.delete("unknownStreams", stream._id);
      }
    }
    for (const mirror of known.values()) {
      await ctx.db.patch("mirrors", mirror._id, {
        state: "removed",
        reason:
          "No longer in schema.ts. Its rows, if the table still exists, are as the last import left them.",
      });
    }
    return null;
  },
});

/** Every mirror as the registry knows it: what a status page shows. */
export const list = query({
  args: {},
  returns: v.array(vMirrorStatus),
  handler: async (ctx) => {
    const mirrors = await ctx.db.query("mirrors").withIndex("by_name").take(MAX_MIRRORS);
    return mirrors.map((mirror) => ({
      name: mirror.name,
      source: mirror.source,
      owner: mirror.owner ?? null,
      state: mirror.state,
      reason: mirror.reason,
      primaryKey: mirror.primaryKey,
      syncMode: mirror.syncMode ?? null,
      rows: mirror.rows,
      quarantined: mirror.quarantined,
      total: mirror.total,
      removed: mirror.removed,
      copied: mirror.copied,
      generation: mirror.generation,
      epoch: mirror.epoch,
      running: mirror.run !== undefined,
      lagMs: mirror.lagMs ?? null,
      lastAppliedAt: mirror.lastAppliedAt ?? null,
      lastHeardAt: mirror.lastHeardAt ?? null,
      lastError: mirror.lastError ?? null,
    }));
  },
});

/** Notes that a connector reported without a row: its mirrors are idle, not late. */
export const heard = mutation({
  args: { token: v.id("tokens"), mirrors: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { token, mirrors }) => {
    await touchToken(ctx, token);
    for (const name of mirrors) {
      const mirror = await findMirror(ctx, name);
      if (mirror?.expectEveryMs === undefined) continue;
      const late = mirror.state === "late" || mirror.state === "stale";
      await ctx.db.patch("mirrors", mirror._id, {
        lastHeardAt: now(),
        ...(late && (await stateChange(ctx, mirror, "upToDate", "The connector reports again."))),
      });
      await scheduleCheck(ctx, mirror);
    }
    return null;
  },
});

/** Shows a person why a mirror does not move: the request for it was refused or failed. */
export const recordFailure = mutation({
  args: { mirror: v.string(), code: v.string(), message: v.string() },
  returns: v.null(),
  handler: async (ctx, args) => {
    const mirror = await findMirror(ctx, args.mirror);
    if (mirror === null) return null;
    await ctx.db.patch("mirrors", mirror._id, {
      ...(await stateChange(ctx, mirror, "failed", args.message)),
      lastError: `${now()} ${args.code}: ${args.message}`,
    });
    return null;
  },
});

/** Shows a person that a connector sends a stream for which no mirror is declared, and the code to add. */
export const recordUnknownStream = mutation({
  args: { stream: v.string(), snippet: v.string(), token: v.string() },
  returns: v.null(),
  handler: async (ctx, args) => {
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
export const unknownStreams = query({
  args: {},
  returns: v.array(
    v.object({
      stream: v.string(),
      snippet: v.string(),
      times: v.number(),
      firstSeenAt: v.string(),
      lastSeenAt: v.string(),
    }),
  ),
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

async function unknownStream(ctx: MutationCtx, stream: string): Promise<Doc<"unknownStreams">[]> {
  return await ctx.db
    .query("unknownStreams")
    .withIndex("by_stream", (q) => q.eq("stream", stream))
    .take(1);
}
