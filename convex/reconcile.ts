/**
 * Finds what the change feed does not know: rows that were written past the recording builders (the dashboard, `convex
 * import`, raw builders) or before their table was exported. A walk over a table compares its rows with the hashes that
 * the walk before it kept, and records every difference.
 *
 * Then it reads the feed since the last walk, for rows that came and went between the two: the hashes never had them.
 *
 * A row that was recorded since the last walk differs too, and is recorded again: whether somebody also edited it past
 * the builders, nothing can tell. Readers get the row as it is, so this costs a read and changes nothing.
 *
 * Writes `reconciliations` and `knownRows`, which only the steps of a walk write, one after the other (`walk` fences
 * those of an older walk), and to `exports` when a walk has ended. A step reads rows that writers change, so a conflict
 * repeats the step, never the writer.
 */
import { v } from "convex/values";
import { hashToInt64, rowHash } from "../src/core/proof/hash.js";
import { ledgerError } from "../src/core/wire/errors.js";
import { now, since } from "../src/core/time.js";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import { internalMutation, mutation, type MutationCtx } from "./_generated/server.js";
import { MAX_EXPORTED } from "./changeFeed.js";
import { recordChanges } from "./write/recordChanges.js";
import { rowsHandle } from "./exportReaders.js";

/** Rows of one step, and bytes: a step hashes them in a transaction. */
const PAGE_ROWS = 256;
const PAGE_BYTES = 4 * 1024 * 1024;

/** Documents of the feed that one step reads, and at most so many ids more than one of them holds. */
const FEED_PAGE = 64;
const FEED_IDS = 500;

/** Documents of `knownRows` that one step reads: about 20 KB each. */
const MAX_SEGMENTS = 64;

/** A walk that has been silent for so long has died. */
const DEAD_AFTER_MS = 60 * 60_000;

/**
 * Starts a walk over an exported table, or over all: `npx convex run --component streamingImport reconcile:start`.
 * Returns the tables that are walked now.
 */
export const start = mutation({
  args: { table: v.optional(v.string()) },
  returns: v.array(v.string()),
  handler: async (ctx, { table }) => {
    const exported = (await exportedTables(ctx)).filter(
      (entry) => table === undefined || entry.table === table,
    );
    if (table !== undefined && exported.length === 0) {
      throw ledgerError(
        "StreamingExportNotEnabled",
        `The table "${table}" is not exported. Declare it with exportTable in schema.ts.`,
      );
    }
    for (const entry of exported) await begin(ctx, entry.table);
    return exported.map((entry) => entry.table);
  },
});

/** Once a day. Mirrors are left to `start`: audits find what is written past the importer. */
export const daily = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const exported = await exportedTables(ctx);
    for (const { table, kind, known } of exported) if (kind === "app" || !known) await begin(ctx, table);
    const names = new Set(exported.map(({ table }) => table));
    for (const { _id, table } of await ctx.db.query("reconciliations").take(MAX_EXPORTED)) {
      if (!names.has(table)) await ctx.scheduler.runAfter(0, internal.reconcile.forget, { table });
      if (!names.has(table)) await ctx.db.delete("reconciliations", _id);
    }
    return null;
  },
});

/**
 * Begins the first walk over a table, after a deploy: what a walk does not know of, it cannot miss later. It records the
 * rows of a table that was declared after the feed began.
 */
export async function walkNewTables(ctx: MutationCtx): Promise<void> {
  for (const { table, kind, known } of await exportedTables(ctx)) {
    const isNew = kind === "app" && (await findReconciliation(ctx, table)) === null;
    if (isNew || !known) await begin(ctx, table);
  }
}

async function exportedTables(ctx: MutationCtx): Promise<Doc<"exports">[]> {
  const all = await ctx.db.query("exports").take(MAX_EXPORTED);
  return all.filter(({ removedAt }) => removedAt === undefined);
}

async function findReconciliation(ctx: MutationCtx, table: string): Promise<Doc<"reconciliations"> | null> {
  return await ctx.db
    .query("reconciliations")
    .withIndex("by_table", (q) => q.eq("table", table))
    .unique();
}

async function begin(ctx: MutationCtx, table: string): Promise<void> {
  const last = await findReconciliation(ctx, table);
  if (last?.state === "walking" && since(last.lastStepAt) < DEAD_AFTER_MS) return;
  const walk = (last?.walk ?? 0) + 1;
  const fresh = {
    table,
    state: "walking" as const,
    walk,
    since: last?.since,
    began: ctx.db.vars.commitTs,
    rows: 0,
    recorded: 0,
    startedAt: now(),
    lastStepAt: now(),
    cursor: null,
    after: null,
    fed: null,
  };
  if (last === null) await ctx.db.insert("reconciliations", fresh);
  else await ctx.db.replace("reconciliations", last._id, fresh);
  await ctx.scheduler.runAfter(0, internal.reconcile.step, { table, walk });
}

/** Where a row stands in a walk: rows are read in the order of their creation. */
interface Place {
  at: number;
  id: string;
}

function isAfter(a: Place, b: Place): boolean {
  return a.at > b.at || (a.at === b.at && a.id > b.id);
}

/** What a step needs of its walk; null when the walk is over, or its table is no longer exported. */
async function findWalk(ctx: MutationCtx, table: string, walk: number) {
  const state = await findReconciliation(ctx, table);
  if (state?.walk !== walk || state.state !== "walking") return null;
  const entry = (await exportedTables(ctx)).find((one) => one.table === table);
  return entry === undefined ? null : { state, entry, readRows: await rowsHandle(ctx) };
}

/** Compares one page of rows with what is known of it, and records the differences. */
export const step = internalMutation({
  args: { table: v.string(), walk: v.number() },
  returns: v.null(),
  handler: async (ctx, { table, walk }) => {
    const walking = await findWalk(ctx, table, walk);
    if (walking === null) return null;
    const { state, entry, readRows } = walking;

    const page = await ctx.runQuery(readRows, {
      table,
      walk: { cursor: state.cursor, limit: PAGE_ROWS },
      maxBytes: PAGE_BYTES,
    });
    if (page.rows.length === 0 && page.cursor !== null) {
      await ctx.db.patch("reconciliations", state._id, { lastStepAt: now(), cursor: page.cursor });
      await ctx.scheduler.runAfter(0, internal.reconcile.step, { table, walk });
      return null;
    }
    const read = (page.rows as { _id: string; _creationTime: number }[]).map((row) => ({
      id: row._id,
      at: row._creationTime,
      hash: hashToInt64(rowHash(row)),
    }));
    const after = state.after;
    const segments = await segmentsAfter(ctx, table, after);
    // Up to the last row of the page; at the end of the table, everything that is still known of.
    const last = read.at(-1);
    const lastRow: Place | null = last === undefined ? after : { at: last.at, id: last.id };
    const lastKnown = segments.at(-1);
    let end: Place | null = page.cursor === null ? null : lastRow;
    // More is known than one step can read: rows that are gone. The page is read again from there.
    const isCut =
      segments.length === MAX_SEGMENTS &&
      lastKnown !== undefined &&
      (end === null || isAfter(end, endOf(lastKnown)));
    if (isCut) end = endOf(lastKnown);
    const isWithin = (place: Place) =>
      (after === null || isAfter(place, after)) && (end === null || !isAfter(place, end));

    const found = read.filter(isWithin);
    const known = segments.flatMap(({ rows }) => rows).filter(isWithin);
    const hashes = new Map(known.map(({ id, hash }) => [id, hash]));
    const there = new Set(found.map(({ id }) => id));
    const written = found.filter(({ id, hash }) => hashes.get(id) !== hash).map(({ id }) => id);
    const deleted = known.filter(({ id }) => !there.has(id)).map(({ id }) => id);
    const differs = written.length + deleted.length > 0;
    if (differs) await remember(ctx, table, segments, found, end);
    // Readers have seen what was there when the feed began: the first walk over it only learns.
    const records = differs && (state.since !== undefined || !entry.known);
    if (records) await recordChanges(ctx, [{ table, written, deleted }]);

    const isRead = page.cursor === null && !isCut;
    await ctx.db.patch("reconciliations", state._id, {
      rows: state.rows + found.length,
      recorded: state.recorded + (records ? written.length + deleted.length : 0),
      lastStepAt: now(),
      cursor: isCut ? state.cursor : page.cursor,
      after: end ?? lastRow,
    });
    const next = isRead ? internal.reconcile.readFeed : internal.reconcile.step;
    await ctx.scheduler.runAfter(0, next, { table, walk });
    return null;
  },
});

/** Looks for rows that the feed has had since the last walk and that are gone, and ends the walk. */
export const readFeed = internalMutation({
  args: { table: v.string(), walk: v.number() },
  returns: v.null(),
  handler: async (ctx, { table, walk }) => {
    const walking = await findWalk(ctx, table, walk);
    if (walking === null) return null;
    const { state, entry, readRows } = walking;

    const after = state.fed ?? state.since ?? 0n;
    const feed = await ctx.db
      .query("changes")
      .withIndex("by_table", (q) =>
        q
          .eq("table", table)
          .gt("at", after)
          .lte("at", state.began as bigint),
      )
      .take(FEED_PAGE);
    let ids: string[] = [];
    let fed: bigint | null = null;
    for (const [position, change] of feed.entries()) {
      // Documents of one transaction have one moment: the next step begins behind all of them.
      const isSplit = change.at === feed[position - 1]?.at;
      if (ids.length >= FEED_IDS && !isSplit) break;
      ids = ids.concat(change.written);
      fed = change.at as bigint;
    }
    ids = [...new Set(ids)];
    const gone: string[] = [];
    while (ids.length > 0) {
      const page = await ctx.runQuery(readRows, { table, ids, maxBytes: PAGE_BYTES });
      gone.push(...ids.slice(0, page.read).filter((_, i) => page.rows[i] === null));
      ids = ids.slice(page.read);
    }
    // What the steps of this walk have recorded is known.
    const own = await ctx.db
      .query("changes")
      .withIndex("by_table", (q) => q.eq("table", table).gt("at", state.began as bigint))
      .take(FEED_PAGE);
    const deleted = new Set([...feed, ...own].flatMap((change) => change.deleted));
    const unknown = gone.filter((id) => !deleted.has(id));
    if (unknown.length > 0) await recordChanges(ctx, [{ table, written: [], deleted: unknown }]);
    const isOver = fed === null;
    await ctx.db.patch("reconciliations", state._id, {
      recorded: state.recorded + unknown.length,
      lastStepAt: now(),
      fed,
      ...(isOver && {
        state: "done" as const,
        since: state.began as bigint,
        cursor: null,
        after: null,
        finishedAt: now(),
      }),
    });
    if (!isOver) await ctx.scheduler.runAfter(0, internal.reconcile.readFeed, { table, walk });
    else if (!entry.known) await ctx.db.patch("exports", entry._id, { known: true });
    return null;
  },
});

function endOf({ endAt, endId }: Doc<"knownRows">): Place {
  return { at: endAt, id: endId };
}

/** What is known of rows after a place, in their order. */
async function segmentsAfter(
  ctx: MutationCtx,
  table: string,
  after: Place | null,
): Promise<Doc<"knownRows">[]> {
  const segments = ctx.db.query("knownRows");
  if (after === null)
    return await segments.withIndex("by_end", (q) => q.eq("table", table)).take(MAX_SEGMENTS);
  const atOnce = await segments
    .withIndex("by_end", (q) => q.eq("table", table).eq("endAt", after.at).gt("endId", after.id))
    .take(MAX_SEGMENTS);
  const later = await ctx.db
    .query("knownRows")
    .withIndex("by_end", (q) => q.eq("table", table).gt("endAt", after.at))
    .take(MAX_SEGMENTS - atOnce.length);
  return [...atOnce, ...later];
}

/** Puts the rows of a step in the place of what was known up to its end. */
async function remember(
  ctx: MutationCtx,
  table: string,
  segments: readonly Doc<"knownRows">[],
  rows: Doc<"knownRows">["rows"],
  end: Place | null,
): Promise<void> {
  for (const { _id, rows: before } of segments) {
    const rest = end === null ? [] : before.filter((row) => isAfter(row, end));
    if (rest.length === 0) await ctx.db.delete("knownRows", _id);
    else if (rest.length < before.length) await ctx.db.patch("knownRows", _id, { rows: rest });
  }
  const last = rows.at(-1);
  if (last !== undefined) {
    await ctx.db.insert("knownRows", { table, endAt: last.at, endId: last.id, rows });
  }
}

/** Removes what is known of a table that is no longer exported. */
export const forget = internalMutation({
  args: { table: v.string() },
  returns: v.null(),
  handler: async (ctx, { table }) => {
    const segments = await segmentsAfter(ctx, table, null);
    for (const { _id } of segments) await ctx.db.delete("knownRows", _id);
    if (segments.length === MAX_SEGMENTS)
      await ctx.scheduler.runAfter(0, internal.reconcile.forget, { table });
    return null;
  },
});
