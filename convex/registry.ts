import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { mutation, query, type MutationCtx } from "./_generated/server.js";
import { abandonRun } from "./run/endRun.js";
import { scheduleCheck } from "./mirror/freshness.js";
import { hintOfCode } from "./mirror/hints.js";
import { findMirror } from "./mirror/mirrors.js";
import { exactly } from "./mirror/progress.js";
import { announce, described, stateChange } from "./mirror/state.js";
import { giveUpSweep, MIRROR_GONE } from "./run/sweepAttempts.js";
import { now } from "../src/core/time.js";
import { touchToken } from "./tokens.js";
import { noCounts, vBudget, vDeclaration, vHandles, type MirrorState } from "../src/core/wire/validators.js";
import { vMirrorStatus, vUnknownStream, type MirrorStatus } from "../src/core/wire/views.js";

/** More mirrors than a schema can hold tables of use; a bound for scans of the registry. */
const MAX_MIRRORS = 1000;

/** Unknown streams kept; a misconfigured connector may send thousands of names. */
const MAX_UNKNOWN_STREAMS = 200;

/**
 * Updates the registry from the app's schema. Called by the first request after a deploy, and by
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
          ...described(declaration.name, "waiting", "Declared in schema.ts; nothing has arrived yet."),
          rows: 0,
          quarantined: 0,
          drift: 0,
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
          ...(mirror.state === "removed" && (await returned(ctx, mirror))),
        });
      }
      // Connectors join namespace and stream with "_".
      for (const name of [declaration.name, declaration.source.replace(".", "_")]) {
        for (const stream of await unknownStream(ctx, name))
          await ctx.db.delete("unknownStreams", stream._id);
      }
    }
    for (const mirror of known.values()) if (mirror.state !== "removed") await removeMirror(ctx, mirror);
    return null;
  },
});

/** What becomes of a removed mirror that is declared again. */
async function returned(ctx: MutationCtx, mirror: Doc<"mirrors">) {
  const { lastAppliedAt } = await exactly(ctx, mirror);
  const state: MirrorState = lastAppliedAt === undefined ? "waiting" : "upToDate";
  const reason = "Declared again in schema.ts.";
  await announce(ctx, mirror, state, reason);
  return described(mirror.name, state, reason);
}

/** A mirror that has left the schema keeps its row in the registry. What is under way for it ends. */
async function removeMirror(ctx: MutationCtx, mirror: Doc<"mirrors">): Promise<void> {
  const reason =
    "No longer in schema.ts. Its rows, if the table still exists, are as the last import left them.";
  await announce(ctx, mirror, "removed", reason);
  await ctx.db.patch("mirrors", mirror._id, described(mirror.name, "removed", reason));
  for (const id of [mirror.run, mirror.sweeping]) {
    const run = id === undefined ? null : await ctx.db.get("runs", id);
    if (run?.state === "running") await abandonRun(ctx, run, "incomplete", MIRROR_GONE);
    if (run?.state === "sweeping") await giveUpSweep(ctx, run, MIRROR_GONE);
  }
}

/**
 * Every mirror as the registry knows it: what a status page shows. Counts are up to a second behind a run that is under
 * way, so that a subscription runs again once a second and not with every chunk; \`exact\` reads the runs, too.
 */
export const list = query({
  args: { exact: v.optional(v.boolean()) },
  returns: v.array(vMirrorStatus),
  handler: async (ctx, { exact = false }) => {
    const mirrors = await ctx.db.query("mirrors").withIndex("by_name").take(MAX_MIRRORS);
    const told = exact ? await Promise.all(mirrors.map(async (mirror) => exactly(ctx, mirror))) : mirrors;
    return told.map(statusOf);
  },
});

/** One mirror as the registry knows it, or null. */
export const get = query({
  args: { mirror: v.string() },
  returns: v.union(v.null(), vMirrorStatus),
  handler: async (ctx, { mirror: name }) => {
    const mirror = await findMirror(ctx, name);
    return mirror === null ? null : statusOf(mirror);
  },
});

/** Reads the mirror's own row and nothing else: its run is written with every chunk. */
function statusOf(mirror: Doc<"mirrors">): MirrorStatus {
  const { run = mirror.sweeping, progress } = mirror;
  return {
    name: mirror.name,
    source: mirror.source,
    owner: mirror.owner ?? null,
    state: mirror.state,
    reason: mirror.reason,
    hint: mirror.hint,
    primaryKey: mirror.primaryKey,
    syncMode: mirror.syncMode ?? null,
    policy: mirror.policy,
    deletes: mirror.deletes,
    expectEveryMs: mirror.expectEveryMs ?? null,
    rows: mirror.rows,
    quarantined: mirror.quarantined,
    drift: mirror.drift,
    total: mirror.total,
    removed: mirror.removed,
    copied: mirror.copied,
    generation: mirror.generation,
    epoch: mirror.epoch,
    running: mirror.run !== undefined,
    run:
      run === undefined || progress === undefined
        ? null
        : {
            id: run,
            state: mirror.run === undefined ? "sweeping" : "running",
            ...progress,
          },
    lastRun: mirror.lastRun ?? null,
    lagMs: mirror.lagMs ?? null,
    lastAppliedAt: mirror.lastAppliedAt ?? null,
    lastHeardAt: mirror.lastHeardAt ?? null,
    lastError: mirror.lastError ?? null,
  };
}

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
      ...(await failure(ctx, mirror, args)),
      lastError: `${now()} ${args.code}: ${args.message}`,
    });
    return null;
  },
});

async function failure(ctx: MutationCtx, mirror: Doc<"mirrors">, refusal: { code: string; message: string }) {
  const change = await stateChange(ctx, mirror, "failed", refusal.message);
  return "state" in change ? { ...change, hint: hintOfCode(refusal.code) } : change;
}

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

async function unknownStream(ctx: MutationCtx, stream: string): Promise<Doc<"unknownStreams">[]> {
  return await ctx.db
    .query("unknownStreams")
    .withIndex("by_stream", (q) => q.eq("stream", stream))
    .take(1);
}
