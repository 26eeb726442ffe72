import { type Infer, v } from "convex/values";
import { ledgerError } from "../src/core/wire/errors.js";
import { type RowsHandle, vRows } from "../src/core/wire/exports.js";
import type { Doc } from "./_generated/dataModel.js";
import { query, type QueryCtx } from "./_generated/server.js";
import { getHandles } from "./mirror/mirrors.js";

/**
 * What readers of an export get: pages of a walk over a table, and pages of the change feed with the rows of which it
 * holds the ids.
 *
 * Why both together miss nothing: the first page of a walk returns the moment S of its snapshot. A change that this page
 * does not see commits later, so it stands in the feed above S. The walk passes every row that is there all the while,
 * as it was at S or later; the changes above S bring each row that was written, and each deletion, since.
 */

/** Ids of the feed that one page reads over, of whatever table. Each is 40 bytes; a transaction may read 16 MiB. */
const MAX_SCANNED_IDS = 40_000;

/** Documents of the feed that one page reads over. */
const MAX_SCANNED = 2_000;

const vPagedRows = vRows.omit("read", "bytes").extend({ snapshot: v.int64() });

/**
 * A page of a table, or with no table the moment only. `snapshot` is that of the first page of the walk.
 * @throws SnapshotTooNew, SnapshotTooOld, InvalidListSnapshotCursor
 */
export const snapshotPage = query({
  args: {
    table: v.union(v.string(), v.null()),
    cursor: v.union(v.string(), v.null()),
    snapshot: v.union(v.int64(), v.null()),
    limit: v.number(),
    maxBytes: v.number(),
  },
  returns: vPagedRows,
  handler: async (
    ctx,
    { table, cursor, snapshot: began, limit, maxBytes },
  ): Promise<Infer<typeof vPagedRows>> => {
    const now = snapshotOf(ctx);
    const snapshot = began ?? now;
    if (snapshot > now) throw tooNew(snapshot);
    const { lowWater } = await getFeed(ctx);
    if (snapshot < lowWater) throw tooOld(snapshot);
    if (table === null) return { rows: [], cursor: null, snapshot };
    const read = await rowsHandle(ctx);
    try {
      const page = await ctx.runQuery(read, { table, walk: { cursor, limit }, maxBytes });
      return { rows: page.rows, cursor: page.cursor, snapshot };
    } catch (error) {
      if (cursor !== null && isInvalidCursor(error))
        throw ledgerError(
          "InvalidListSnapshotCursor",
          "The cursor is none that list_snapshot has returned, or the table has changed since. Begin the snapshot again.",
        );
      throw error;
    }
  },
});

const vChange = v.object({
  table: v.string(),
  id: v.string(),
  at: v.int64(),
  /** Null for a row that is gone. */
  row: v.any(),
});

const vChanges = v.object({
  changes: v.array(vChange),
  cursor: v.int64(),
  hasMore: v.boolean(),
  snapshot: v.int64(),
  /** What is left of a transaction that is too large for one query: `rows` reads it. */
  rest: v.array(v.object({ table: v.string(), ids: v.array(v.string()) })),
});

/**
 * The changes of tables after a cursor: each row once, as it is now, at its last change of the page. Transactions are
 * not split, and `limit` rows and `maxBytes` are exceeded by none but the first.
 * @throws InvalidWindowToReadDocuments
 */
export const changes = query({
  args: { tables: v.array(v.string()), cursor: v.int64(), limit: v.number(), maxBytes: v.number() },
  returns: vChanges,
  handler: async (ctx, { tables, cursor, limit, maxBytes }): Promise<Infer<typeof vChanges>> => {
    const snapshot = snapshotOf(ctx);
    const feed = await getFeed(ctx);
    checkWindow(feed, tables, cursor, snapshot);
    if (tables.length === 0) return { changes: [], cursor: snapshot, hasMore: false, snapshot, rest: [] };
    const { groups, end } = await scan(ctx, { tables, cursor, limit, snapshot });
    const rows = await readRows(ctx, groups, { limit, maxBytes });
    let complete = groups.findIndex((group) =>
      group.entries.some(({ ids }) => ids.some((id) => !rows.has(id))),
    );
    if (complete === -1) complete = groups.length;
    if (complete < groups.length) {
      const [first] = groups;
      const taken = groups.slice(0, Math.max(1, complete));
      const rest =
        complete > 0
          ? []
          : first!.entries.map(({ table, ids }) => ({ table, ids: ids.filter((id) => !rows.has(id)) }));
      return { changes: merged(taken, rows), cursor: taken.at(-1)!.at, hasMore: true, snapshot, rest };
    }
    return {
      changes: merged(groups, rows),
      cursor: end ?? snapshot,
      hasMore: end !== null,
      snapshot,
      rest: [],
    };
  },
});

/** The rest of a large transaction: rows by their ids. */
export const rows = query({
  args: { table: v.string(), ids: v.array(v.string()), maxBytes: v.number() },
  returns: v.object({ rows: v.array(v.any()), read: v.number() }),
  handler: async (ctx, args): Promise<{ rows: unknown[]; read: number }> => {
    const page = await ctx.runQuery(await rowsHandle(ctx), args);
    return { rows: page.rows, read: page.read };
  },
});

/** What one transaction wrote in the tables that are read. */
interface Group {
  at: bigint;
  /** `ids`: rows that were written, and so have to be read. */
  entries: { table: string; ids: string[]; deleted: string[] }[];
}

/** Reads the feed after the cursor. `end` is the last transaction that was read over, or null at the end of the feed. */
async function scan(
  ctx: QueryCtx,
  { tables, cursor, limit, snapshot }: { tables: string[]; cursor: bigint; limit: number; snapshot: bigint },
): Promise<{ groups: Group[]; end: bigint | null }> {
  const [only] = tables;
  const feed =
    tables.length === 1
      ? ctx.db
          .query("changes")
          .withIndex("by_table", (q) => q.eq("table", only!).gt("at", cursor).lte("at", snapshot))
      : ctx.db.query("changes").withIndex("by_at", (q) => q.gt("at", cursor).lte("at", snapshot));
  const wanted = new Set(tables);
  const groups: Group[] = [];
  let last: bigint | null = null;
  let documents = 0;
  let ids = 0;
  let found = 0;
  for await (const { table, written, deleted, at: time } of feed) {
    const at = time as bigint;
    // Only here, with a further document in hand, is it known that there is more.
    const full = found >= limit || ids >= MAX_SCANNED_IDS || documents >= MAX_SCANNED;
    if (at !== last && full) return { groups, end: last };
    documents += 1;
    ids += written.length + deleted.length;
    if (wanted.has(table)) {
      found += written.length + deleted.length;
      const group = groups.at(-1)?.at === at ? groups.at(-1)! : { at, entries: [] };
      if (group !== groups.at(-1)) groups.push(group);
      group.entries.push({ table, ids: written, deleted });
    }
    last = at;
  }
  return { groups, end: null };
}

/** Reads the rows that a page's transactions wrote, each once, as far as one query may. Null is a row that is gone. */
async function readRows(
  ctx: QueryCtx,
  groups: readonly Group[],
  { limit, maxBytes }: { limit: number; maxBytes: number },
): Promise<Map<string, unknown>> {
  const deleted = new Set(groups.flatMap(({ entries }) => entries.flatMap((entry) => entry.deleted)));
  // Those need no look: an id does not come back.
  const found = new Map<string, unknown>([...deleted].map((id) => [id, null]));
  const wanted = new Map<string, Set<string>>();
  let room = Math.max(limit, 1);
  for (const { table, ids } of groups.flatMap(({ entries }) => entries)) {
    const set = wanted.get(table) ?? new Set();
    wanted.set(table, set);
    for (const id of ids) {
      if (deleted.has(id) || set.has(id) || room === 0) continue;
      set.add(id);
      room -= 1;
    }
  }
  let bytes = maxBytes;
  const handle = wanted.size === 0 ? null : await rowsHandle(ctx);
  for (const [table, set] of wanted) {
    if (set.size === 0 || bytes <= 0) continue;
    const ids = [...set];
    const page = await ctx.runQuery(handle!, { table, ids, maxBytes: bytes });
    page.rows.forEach((row, i) => found.set(ids[i]!, row));
    bytes -= page.bytes;
  }
  return found;
}

/** One change per row: what it is now, at the last of the page's transactions that touched it. */
function merged(groups: readonly Group[], rows: ReadonlyMap<string, unknown>): Infer<typeof vChange>[] {
  const changes = new Map<string, Infer<typeof vChange>>();
  for (const { at, entries } of groups) {
    for (const { table, ids, deleted } of entries) {
      for (const id of [...ids, ...deleted]) {
        const row = rows.get(id);
        if (row === undefined) continue;
        changes.delete(id);
        changes.set(id, { table, id, at, row });
      }
    }
  }
  return [...changes.values()];
}

/** @throws InvalidWindowToReadDocuments for a cursor that may have missed a change, or that is none of ours */
function checkWindow(feed: Doc<"feed">, tables: readonly string[], cursor: bigint, snapshot: bigint): void {
  if (cursor > snapshot) {
    throw ledgerError(
      "InvalidWindowToReadDocuments",
      `The cursor ${String(cursor)} is ahead of this deployment: it belongs to another one, or this one was restored from a backup. Read everything again: begin with list_snapshot (in Airbyte, refresh the stream; in Fivetran, resync the connection).`,
    );
  }
  const gap = feed.gaps.find(({ table, until }) => tables.includes(table) && cursor < (until as bigint));
  if (cursor >= (feed.lowWater as bigint) && gap === undefined) return;
  const why =
    gap === undefined
      ? "changes since then are no longer kept"
      : `the table "${gap.table}" was not exported for a while since then`;
  throw ledgerError(
    "InvalidWindowToReadDocuments",
    `The cursor ${String(cursor)} is too old: ${why}. Read everything again: begin with list_snapshot (in Airbyte, refresh the stream; in Fivetran, resync the connection).`,
  );
}

function tooNew(snapshot: bigint) {
  return ledgerError("SnapshotTooNew", `The snapshot ${String(snapshot)} is in the future.`);
}

function tooOld(snapshot: bigint) {
  return ledgerError(
    "SnapshotTooOld",
    `The snapshot ${String(snapshot)} is too old: changes since then are no longer kept. Begin the snapshot again.`,
  );
}

/** The state of the feed. @throws ExportNotDeclared while nothing is exported */
async function getFeed(ctx: QueryCtx): Promise<Doc<"feed"> & { lowWater: bigint }> {
  const feed = await ctx.db.query("feed").first();
  if (feed !== null) return feed as Doc<"feed"> & { lowWater: bigint };
  throw ledgerError(
    "StreamingExportNotEnabled",
    "The app exports no table. Declare one in schema.ts, with exportTable or with the option `export` of mirrorTable, and deploy.",
  );
}

export async function rowsHandle(ctx: QueryCtx): Promise<RowsHandle> {
  const { rows: handle } = await getHandles(ctx);
  if (handle !== undefined) return handle as RowsHandle;
  throw ledgerError("NotDeclared", "The registry does not know how to read rows. Send the request again.");
}

/** The moment of this query's snapshot. @throws Error with a version of convex that does not say */
function snapshotOf(ctx: QueryCtx): bigint {
  const meta: Partial<QueryCtx["meta"]> = ctx.meta;
  if (meta.getSnapshotTs !== undefined) return meta.getSnapshotTs();
  throw ledgerError("NotDeclared", "Export needs convex 1.47 or newer. Update the package and deploy.");
}

function isInvalidCursor(error: unknown): boolean {
  return (
    error instanceof Error &&
    /InvalidCursor|[Ii]nvalid cursor|Failed to parse cursor|Unexpected token|not valid JSON/.test(
      error.message,
    )
  );
}
