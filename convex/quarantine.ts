/**
 * The quarantine: changes that wait for a person. Writes `quarantine`, as `write/screen.ts` and `maintenance.ts` do,
 * and to `mirrors` how many wait. An entry leaves in the transaction that decides about its change, so no change is
 * decided about twice (TOLERANT-6).
 */
import { chargeNewest } from "./write/budget.js";
import { v } from "convex/values";
import { findMirror, getMirror } from "./mirror/mirrors.js";
import { changedBy } from "./mirror/rowCount.js";
import { patchSettled } from "./mirror/state.js";
import { writeManifests } from "./run/writeManifests.js";
import { releaseReadable } from "./run/sweepAttempts.js";
import type { Doc } from "./_generated/dataModel.js";
import { api, internal } from "./_generated/api.js";
import { internalMutation, mutation, type MutationCtx, query } from "./_generated/server.js";
import { vBudget, vCounts } from "../src/core/wire/changes.js";
import { addCounts } from "../src/core/wire/counts.js";
import { keyHashesBrought, vPackedRows } from "../src/core/wire/packedRows.js";
import { vQuarantineEntry } from "../src/core/wire/views.js";
import { countReasons, reasonOf } from "./write/countReasons.js";
import { applyToMirror } from "./write/apply.js";
import { pageOf } from "./write/screen.js";
import { vMatch } from "../src/core/wire/applied.js";

/** How long a change waits before it is given up: a month leaves time to notice, to deploy and to replay. */
export const QUARANTINE_DAYS = 30;

/**
 * Quarantined changes of a mirror, oldest first: a page of at most 32, or 4 MiB, after the entry `after`, which need no
 * longer exist; of one reason, or all.
 */
export const list = query({
  args: {
    mirror: v.string(),
    /** The `cursor` of an entry. */
    after: v.optional(v.string()),
    reason: v.optional(v.string()),
  },
  returns: v.array(vQuarantineEntry),
  handler: async (ctx, { mirror, after, reason }) => {
    const since = after === undefined ? 0 : Number(after);
    if (Number.isNaN(since)) throw new Error(`"${after!}" is not the cursor of a quarantined change.`);
    const all = ctx.db.query("quarantine");
    const { page } = await pageOf(
      reason === undefined
        ? all.withIndex("by_mirror", (q) => q.eq("mirror", mirror).gt("_creationTime", since))
        : all.withIndex("by_reason", (q) =>
            q.eq("mirror", mirror).eq("reason", reason).gt("_creationTime", since),
          ),
    );
    return page.map((entry) => ({
      id: entry._id,
      cursor: String(entry._creationTime),
      mirror: entry.mirror,
      reason: entry.reason,
      code: entry.code,
      message: entry.message,
      key: entry.key ?? null,
      op: entry.op,
      payload: entry.payload,
      whole: entry.whole,
      encoding: entry.encoding,
      receivedAt: entry.receivedAt,
    }));
  },
});

/**
 * Gives up quarantined changes, a page at a time: those named, or all of a mirror's. Returns how many; the same call
 * goes on with the rest.
 */
export const discard = mutation({
  args: { mirror: v.string(), ids: v.optional(v.array(v.string())) },
  returns: v.number(),
  handler: async (ctx, { mirror: name, ids }) => {
    const mirror = await getMirror(ctx, name);
    const { page } = await pageOf(
      ids === undefined
        ? ctx.db.query("quarantine").withIndex("by_mirror", (q) => q.eq("mirror", name))
        : entriesOf(ctx, name, ids),
    );
    await release(ctx, mirror, page);
    return page.length;
  },
});

async function* entriesOf(
  ctx: MutationCtx,
  mirror: string,
  ids: readonly string[],
): AsyncGenerator<Doc<"quarantine">> {
  for (const text of ids) {
    const id = ctx.db.normalizeId("quarantine", text);
    const entry = id === null ? null : await ctx.db.get("quarantine", id);
    if (entry?.mirror === mirror) yield entry;
  }
}

/** Gives up all quarantined changes of a mirror with this reason, a page per transaction. Returns how many at first. */
export const discardReason = mutation({
  args: { mirror: v.string(), reason: v.string() },
  returns: v.number(),
  handler: async (ctx, { mirror: name, reason }) => {
    const mirror = await getMirror(ctx, name);
    const { page, isLast } = await pageOf(
      ctx.db.query("quarantine").withIndex("by_reason", (q) => q.eq("mirror", name).eq("reason", reason)),
    );
    await release(ctx, mirror, page);
    if (!isLast) await ctx.scheduler.runAfter(0, api.quarantine.discardReason, { mirror: name, reason });
    return page.length;
  },
});

/** Replaces the payload of a change that a sender has changed while it waits. */
export const rewrite = mutation({
  args: { id: v.id("quarantine"), payload: v.string() },
  returns: v.null(),
  handler: async (ctx, { id, payload }) => {
    const entry = await ctx.db.get("quarantine", id);
    if (entry !== null) await ctx.db.patch("quarantine", id, { payload });
    return null;
  },
});

/** Replaces the reason of a change that still cannot be applied. */
export const refuseAgain = mutation({
  args: { id: v.id("quarantine"), code: v.string(), message: v.string() },
  returns: v.null(),
  handler: async (ctx, { id, code, message }) => {
    const entry = await ctx.db.get("quarantine", id);
    if (entry !== null) await refuse(ctx, entry, { code, message });
    return null;
  },
});

/** Replaces the reason of a quarantined change, and counts it under the new one. */
export async function refuse(
  ctx: MutationCtx,
  entry: Doc<"quarantine">,
  { code, message }: { code: string; message: string },
): Promise<void> {
  await ctx.db.patch("quarantine", entry._id, { code, message, reason: reasonOf({ code, message }).reason });
  await countReasons(ctx, entry.mirror, { entered: [{ code, message }], left: [entry] });
}

/** Takes changes out of quarantine. */
export async function release(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  entries: readonly Doc<"quarantine">[],
): Promise<void> {
  for (const { _id } of entries) await ctx.db.delete("quarantine", _id);
  await countReasons(ctx, mirror.name, { left: entries });
  await patchSettled(ctx, mirror, { quarantined: Math.max(0, mirror.quarantined - entries.length) });
  if (entries.some(({ unreadableIn }) => unreadableIn !== undefined)) await releaseReadable(ctx, mirror.name);
}

/**
 * Discards entries that were quarantined before a now complete refresh began: the refresh delivered the current state
 * of every row that the source still has. A page at a time.
 */
export const supersedeBefore = internalMutation({
  args: { mirror: v.string(), before: v.number() },
  returns: v.null(),
  handler: async (ctx, args) => {
    const mirror = await findMirror(ctx, args.mirror);
    if (mirror === null || mirror.quarantined === 0) return null;
    const { page, isLast } = await pageOf(
      ctx.db
        .query("quarantine")
        .withIndex("by_mirror", (q) => q.eq("mirror", args.mirror).lt("_creationTime", args.before)),
    );
    await release(ctx, mirror, page);
    if (!isLast) await ctx.scheduler.runAfter(0, internal.quarantine.supersedeBefore, args);
    return null;
  },
});

/**
 * Applies a quarantined change that can be converted now, in one transaction with its leaving the quarantine. Returns
 * its outcome, or null when it no longer exists.
 */
export const replay = mutation({
  args: { id: v.id("quarantine"), rows: vPackedRows, match: vMatch, budget: vBudget },
  returns: v.union(v.null(), vCounts),
  handler: async (ctx, { id, rows, match, budget }) => {
    const entry = await ctx.db.get("quarantine", id);
    if (entry === null) return null;
    const mirror = await getMirror(ctx, entry.mirror);
    const { counts, rowsDelta, failed: failures } = await applyToMirror(ctx, mirror, { rows, match });
    const [failed] = failures;
    if (failed !== undefined) {
      await refuse(ctx, entry, failed);
      return null;
    }
    // Its key can be read now, so the refresh that delivered it has delivered that key.
    await writeManifests(ctx, mirror, () => keyHashesBrought(rows));
    await release(ctx, mirror, [entry]);
    const after = (await ctx.db.get("mirrors", mirror._id))!;
    await ctx.db.patch("mirrors", mirror._id, {
      ...changedBy(after, rowsDelta),
      // It was counted as received, and as quarantined, when it arrived.
      total: addCounts(after.total, { ...counts, received: 0, quarantined: -1 }),
    });
    await chargeNewest(ctx, mirror.name, budget);
    return counts;
  },
});
