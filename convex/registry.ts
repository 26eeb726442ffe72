/**
 * The registry: which mirrors the app has. Writes `app`, which only a deploy changes, `mirrors`, as everything does
 * that imports (one document per mirror; `declare` reads all of them, but only after a deploy), and deletes from
 * `unknownStreams` what is declared now.
 */
import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { mutation, type MutationCtx, query } from "./_generated/server.js";
import { declareExports } from "./changeFeed.js";
import { walkNewTables } from "./reconcile.js";
import { abandonRun } from "./run/lifecycle.js";
import { scheduleCheck } from "./mirror/freshness.js";
import { shorten } from "../src/core/rows/text.js";
import { announce, described, hintOfCode, MAX_REASON, settled, stateChange } from "./mirror/state.js";
import { findMirror, getMirror, numberOf } from "./mirror/mirrors.js";
import { exactly } from "./mirror/progress.js";
import { giveUpSweep, MIRROR_GONE } from "./run/sweepAttempts.js";
import { now } from "../src/core/time.js";
import { newSecret } from "../src/core/token.js";
import { touchToken } from "./tokens.js";
import { unknownStream } from "./unknownStreams.js";
import { vBudget } from "../src/core/wire/changes.js";
import { noCounts } from "../src/core/wire/counts.js";
import { vDeclaration, vHandles } from "../src/core/wire/validators.js";
import { vExportedTable } from "../src/core/wire/exports.js";
import { type MirrorStatus, vMirrorStatus } from "../src/core/wire/views.js";

/** More mirrors than a schema can hold tables of use; a bound for scans of the registry. */
const MAX_MIRRORS = 1000;

/**
 * Updates the registry from the app's schema. Called by the first request after a deploy, and by
 * `npx convex run imports:declare` for those who want to see the mirrors in the dashboard before.
 */
export const declare = mutation({
  args: {
    fingerprint: v.string(),
    handles: vHandles,
    budget: vBudget,
    mirrors: v.array(vDeclaration),
    exported: v.optional(v.array(vExportedTable)),
  },
  returns: v.null(),
  handler: async (ctx, args) => {
    const app = await ctx.db.query("app").first();
    const { fingerprint, handles, budget } = args;
    const record = {
      fingerprint,
      handles,
      // Functions of other handles may have kept the secret that they got: it ends with them.
      secret: app?.handles.write === handles.write ? app.secret : newSecret(),
      budget,
      declaredAt: now(),
    };
    if (app === null) await ctx.db.insert("app", record);
    else await ctx.db.replace("app", app._id, record);
    await declareExports(ctx, args.exported ?? []);
    await walkNewTables(ctx);

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
          shrinkLimit: declaration.shrinkLimit,
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
  const why = "Declared again in schema.ts.";
  const { state, reason } =
    lastAppliedAt === undefined ? ({ state: "waiting", reason: why } as const) : settled(mirror, why);
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
    if (run?.state === "sweeping" || run?.state === "held") await giveUpSweep(ctx, run, MIRROR_GONE);
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
    held: mirror.held?.reason ?? null,
    primaryKey: mirror.primaryKey,
    syncMode: mirror.syncMode ?? null,
    policy: mirror.policy,
    deletes: mirror.deletes,
    expectEveryMs: mirror.expectEveryMs ?? null,
    rows: mirror.rows,
    quarantined: mirror.quarantined,
    resending: mirror.resending === true,
    drift: mirror.drift,
    total: mirror.total,
    removed: mirror.removed,
    copied: mirror.copied,
    generation: numberOf(mirror),
    epoch: mirror.epoch,
    running: mirror.run !== undefined,
    run:
      run === undefined || progress === undefined
        ? null
        : {
            id: run,
            state: mirror.run !== undefined ? "running" : mirror.held === undefined ? "sweeping" : "held",
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
export const heartbeat = mutation({
  args: { token: v.id("tokens"), mirrors: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { token, mirrors }) => {
    await touchToken(ctx, token);
    for (const name of mirrors) {
      const mirror = await findMirror(ctx, name);
      if (mirror?.expectEveryMs === undefined) continue;
      const late = mirror.state === "late" || mirror.state === "stale";
      const { state, reason } = settled(mirror, "The connector reports again.");
      await ctx.db.patch("mirrors", mirror._id, {
        lastHeardAt: now(),
        ...(late && (await stateChange(ctx, mirror, state, reason))),
      });
      await scheduleCheck(ctx, mirror);
    }
    return null;
  },
});

/** Shows a person why a mirror does not move: the request for it was refused or failed. */
export const recordFailure = mutation({
  args: {
    mirror: v.string(),
    /** For all who may see the mirror's state: without a value of a row. */
    reason: v.string(),
    code: v.string(),
    message: v.string(),
  },
  returns: v.null(),
  handler: async (ctx, args) => {
    const mirror = await findMirror(ctx, args.mirror);
    if (mirror === null) return null;
    await ctx.db.patch("mirrors", mirror._id, {
      ...(await failure(ctx, mirror, args)),
      lastError: shorten(`${now()} ${args.code}: ${args.message}`, MAX_REASON),
    });
    return null;
  },
});

async function failure(ctx: MutationCtx, mirror: Doc<"mirrors">, refusal: { code: string; reason: string }) {
  const change = await stateChange(ctx, mirror, "failed", refusal.reason);
  return "state" in change ? { ...change, hint: hintOfCode(refusal.code) } : change;
}

/** Refuses deliveries for a mirror until it is resumed. What it holds stays readable. @throws UnknownMirror */
export const pause = mutation({
  args: { mirror: v.string(), reason: v.optional(v.string()) },
  returns: v.null(),
  handler: async (ctx, { mirror: name, reason = "Paused by an operator." }) => {
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
    const why = "Resumed; deliveries are welcome again.";
    const isNew = (await exactly(ctx, mirror)).lastAppliedAt === undefined;
    const { state, reason } = isNew ? ({ state: "waiting", reason: why } as const) : settled(mirror, why);
    await announce(ctx, mirror, state, reason);
    await ctx.db.patch("mirrors", mirror._id, described(name, state, reason));
    return null;
  },
});
