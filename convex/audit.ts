/**
 * Audits: what the tables hold, compared with what the importer has written. Writes `audits`, which nothing else
 * writes, and to `mirrors` the result. Chunks write `mirrors` too: an audit reads the mirror's document in the
 * transaction that concludes it, and walks again if an import came between (PROVE-7).
 */
import { count, repairWords } from "../src/core/words.js";
import { chargeNewest } from "./write/budget.js";
import { jsonToConvex, v, type JSONValue, type Value } from "convex/values";
import { packRows } from "../src/core/wire/packedRows.js";
import {
  decodeDigest,
  differingBuckets,
  encodeDigest,
  rowCount,
  subtract,
} from "../src/core/proof/digest.js";
import { subtractSketch } from "../src/core/proof/sketch.js";
import { decodeSketch } from "../src/core/proof/decodeSketch.js";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import {
  internalAction,
  internalMutation,
  internalQuery,
  mutation,
  query,
  type MutationCtx,
} from "./_generated/server.js";
import { applyToMirror } from "./write/apply.js";
import { addDelta, noSums } from "../src/core/proof/delta.js";
import { addToDigest, readDigest } from "./write/digests.js";
import { ledgerError } from "../src/core/wire/errors.js";
import { findingsOf } from "./write/findings.js";
import { Pace } from "../src/core/wire/pace.js";
import type { ReadHandle } from "../src/core/wire/port.js";
import { getApp, getHandles, getMirror } from "./mirror/mirrors.js";
import { published, writesOf } from "./mirror/progress.js";
import { recounted } from "./mirror/rowCount.js";
import { requestResend } from "./write/resends.js";
import { now } from "../src/core/time.js";
import { vHandles } from "../src/core/wire/validators.js";
import { vAuditReport } from "../src/core/wire/views.js";

/** Rows read per page, at most: their hashes are computed inside the query, whose time is one second. */
const PAGE_ROWS = 1_000;

/** Walks that an import disturbed before the audit gives up: a mirror that changes all the time should be paused. */
const MAX_WALKS = 3;

/**
 * Starts an audit: a walk of the mirror in the background that computes the digest of the rows that are there, and
 * compares it with the one that the importer has kept. They differ after a write past the importer.
 */
export const start = mutation({
  args: { mirror: v.string() },
  returns: v.null(),
  handler: async (ctx, { mirror }) => {
    await writeReport(ctx, mirror, {
      state: "walking",
      reason: "Walking the mirror.",
      startedAt: now(),
      writes: await writesOf(ctx, await getMirror(ctx, mirror)),
      rows: 0,
      differingBuckets: [],
      findings: [],
      all: true,
    });
    await ctx.scheduler.runAfter(0, internal.audit.walk, { mirror, walk: 1 });
    return null;
  },
});

/** What an audit compares with, and what shows whether an import wrote meanwhile. */
export const ground = internalQuery({
  args: { mirror: v.string() },
  returns: v.object({ chunks: v.number(), handles: vHandles, digest: v.bytes(), sketch: v.bytes() }),
  handler: async (ctx, { mirror: name }) => {
    const [mirror, handles, stored] = await Promise.all([
      getMirror(ctx, name),
      getHandles(ctx),
      readDigest(ctx, name),
    ]);
    return { chunks: await writesOf(ctx, mirror), handles, digest: stored.digest, sketch: stored.sketch };
  },
});

export const walk = internalAction({
  args: { mirror: v.string(), walk: v.number() },
  returns: v.null(),
  handler: async (ctx, { mirror, walk }) => {
    const before = await ctx.runQuery(internal.audit.ground, { mirror });
    const pace = new Pace(PAGE_ROWS);
    let found = noSums();
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof readPage>> = await readPage(cursor);
      if (page.delta !== null) found = addDelta(found, page.delta);
      cursor = page.cursor;
    } while (cursor !== null);
    await ctx.runMutation(internal.audit.conclude, { mirror, walk, writes: before.chunks, ...found });
    return null;

    async function readPage(from: string | null) {
      return await pace.run(async (limit) =>
        ctx.runQuery(before.handles.read as ReadHandle, {
          table: mirror,
          cursor: from,
          limit,
          hashed: true,
        }),
      );
    }
  },
});

export const conclude = internalMutation({
  args: { mirror: v.string(), walk: v.number(), writes: v.number(), digest: v.bytes(), sketch: v.bytes() },
  returns: v.null(),
  handler: async (ctx, args) => {
    const mirror = await published(ctx, args.mirror);
    if ((await writesOf(ctx, mirror)) !== args.writes) {
      if (args.walk < MAX_WALKS) {
        await ctx.scheduler.runAfter(0, internal.audit.walk, { mirror: args.mirror, walk: args.walk + 1 });
        return null;
      }
      await finishReport(ctx, args.mirror, {
        state: "disturbed",
        reason: `The mirror changed during each of ${String(MAX_WALKS)} walks. Pause it (streaming-import pause) and audit again.`,
      });
      return null;
    }
    const kept = await readDigest(ctx, args.mirror);
    const found = decodeDigest(args.digest);
    const differing = differingBuckets(decodeDigest(kept.digest), found);
    const rows = rowCount(found);
    // Nothing else wrote meanwhile, so the number of rows is known for certain.
    await ctx.db.patch("mirrors", mirror._id, recounted(mirror, rows));
    if (differing.length === 0) {
      await finishReport(ctx, args.mirror, {
        state: "equal",
        reason: "Every row is as the importer left it.",
        rows,
        differingBuckets: [],
      });
      return null;
    }
    const delta = {
      digest: encodeDigest(subtract(found, decodeDigest(kept.digest))),
      sketch: subtractSketch(args.sketch, kept.sketch),
    };
    const { entries, complete } = decodeSketch(delta.sketch);
    const findings = findingsOf(entries);
    await finishReport(ctx, args.mirror, {
      state: "differs",
      reason: complete
        ? `${count(findings.length, "row")} ${findings.length === 1 ? "was" : "were"} written outside the importer. See the findings; streaming-import audit --repair repairs them.`
        : `More rows than can be named were written outside the importer, in ${String(differing.length)} of 64 buckets. Run streaming-import audit --repair, then refresh the mirror from its source.`,
      writes: await writesOf(ctx, await getMirror(ctx, args.mirror)),
      rows,
      differingBuckets: differing,
      findings,
      all: complete,
      delta,
    });
    return null;
  },
});

type Report = Omit<Doc<"audits">, "_id" | "_creationTime" | "mirror">;

async function writeReport(ctx: MutationCtx, mirror: string, report: Report): Promise<void> {
  const last = await lastReport(ctx, mirror);
  if (last === null) await ctx.db.insert("audits", { mirror, ...report });
  else await ctx.db.replace("audits", last._id, { mirror, ...report });
}

async function finishReport(ctx: MutationCtx, mirror: string, report: Partial<Report>): Promise<void> {
  const last = await lastReport(ctx, mirror);
  if (last !== null) await ctx.db.patch("audits", last._id, { ...report, finishedAt: now() });
}

async function lastReport(ctx: Pick<MutationCtx, "db">, mirror: string): Promise<Doc<"audits"> | null> {
  return await ctx.db
    .query("audits")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
    .first();
}

/** The last audit of a mirror, or null when there was none. */
export const report = query({
  args: { mirror: v.string() },
  returns: v.union(v.null(), vAuditReport),
  handler: async (ctx, { mirror }) => {
    const last = await ctx.db
      .query("audits")
      .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
      .first();
    if (last === null) return null;
    const { state, reason, startedAt, finishedAt, rows, differingBuckets: buckets, findings, all } = last;
    return {
      state,
      reason,
      startedAt,
      finishedAt: finishedAt ?? null,
      rows,
      differingBuckets: buckets,
      findings: findings.map(({ kind, key }) => ({ kind, key })),
      all,
    };
  },
});

/**
 * Repairs what the last audit found: the source is asked for edited and removed rows with its next run; rows that were
 * added past the importer are deleted if `removeAdded` is true. The digest is updated to the current rows, those included
 * that the findings do not name, so that the next audit finds only new differences.
 */
export const repair = mutation({
  args: { mirror: v.string(), removeAdded: v.optional(v.boolean()) },
  returns: v.object({ askedAgain: v.number(), removed: v.number(), left: v.number() }),
  handler: async (ctx, { mirror: name, removeAdded = false }) => {
    const [mirror, last, { budget }] = await Promise.all([
      getMirror(ctx, name),
      lastReport(ctx, name),
      getApp(ctx),
    ]);
    if (last?.state !== "differs") return { askedAgain: 0, removed: 0, left: 0 };
    if (last.writes !== (await writesOf(ctx, mirror)) || last.delta === undefined) {
      throw ledgerError(
        "AuditOutdated",
        `The mirror "${name}" has changed since its audit. Audit it again, then repair.`,
      );
    }
    await addToDigest(ctx, name, last.delta);
    const wanted = last.findings.filter(({ kind, key }) => kind !== "added" && key !== null);
    const added =
      mirror.keyed && removeAdded
        ? last.findings.filter(({ kind, key }) => kind === "added" && key !== null)
        : [];
    const rows = added.map(({ key, keyHash }, position) => ({
      op: "delete" as const,
      key: jsonToConvex(JSON.parse(key!) as JSONValue) as Value[],
      keyHash,
      position,
    }));
    // The source has not deleted them: no tombstone may keep out a row of that key that it sends one day.
    const { counts, rowsDelta } = await applyToMirror(ctx, mirror, {
      rows: packRows(rows),
      match: "key",
      tombstones: false,
    });
    // An added row may share its key with one of the source's, which was deleted with it.
    const again = -rowsDelta > added.length ? added : [];
    await requestResend(ctx, mirror, [
      ...wanted.map(({ key, keyHash, kind }) => ({
        key: key!,
        keyHash,
        reason: `${kind} outside the importer`,
      })),
      ...again.map(({ key, keyHash }) => ({ key: key!, keyHash, reason: "removed with one of its key" })),
    ]);
    const now = (await ctx.db.get("mirrors", mirror._id))!;
    await ctx.db.patch("mirrors", mirror._id, {
      rows: now.rows + rowsDelta,
      removed: mirror.removed - rowsDelta,
    });
    const repaired = {
      askedAgain: wanted.length + again.length,
      removed: counts.deleted,
      left: last.findings.length - wanted.length - counts.deleted,
    };
    const reason = repairWords(repaired, last.all);
    await ctx.db.patch("audits", last._id, { state: "repaired", reason, delta: undefined });
    await chargeNewest(ctx, name, budget);
    return repaired;
  },
});
