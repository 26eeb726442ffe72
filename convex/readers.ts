/**
 * Who reads the export, and how far each has come. A reader is a token with the tables that it asks for: Airbyte's
 * source reads each stream for itself.
 *
 * Writes `readers`: one document per reader, which asks for one page after another. Only `maintenance.ts` deletes
 * them.
 */
import { v } from "convex/values";
import { now, since } from "../src/core/time.js";
import { vReaderStatus } from "../src/core/wire/views.js";
import type { Doc } from "./_generated/dataModel.js";
import { mutation, query, type QueryCtx } from "./_generated/server.js";
import { FEED_DAYS, FEED_IDS } from "./feedRetention.js";
import { touchToken } from "./tokens.js";

/** A reader is written at most this often while it pages, so that reading costs few writes. */
const NOTE_GRAIN_MS = 10_000;

/** More readers than anybody has; a bound for the list. */
const MAX_READERS = 200;

/** Tables that a reader's name shows. */
const MAX_NAMED = 8;

const DAY_MS = 24 * 60 * 60 * 1000;

/** A reader whose oldest unread change has less than this of its time left is shown as about to fall out. */
const WARN_SHARE = 1 / 7;

/**
 * A reader that has read all is not compared with the feed so soon: a page that shows readers would run again with
 * every change.
 */
const FRESH_MS = 60 * 60 * 1000;

/** Notes what a page brought. */
export const note = mutation({
  args: {
    token: v.id("tokens"),
    tables: v.array(v.string()),
    kind: v.union(v.literal("snapshot"), v.literal("changes")),
    cursor: v.int64(),
    atEnd: v.boolean(),
    rows: v.number(),
    client: v.union(v.string(), v.null()),
    sync: v.optional(v.object({ id: v.string(), status: v.string() })),
  },
  returns: v.null(),
  handler: async (ctx, { token: id, tables, kind, cursor, atEnd, rows, client, sync }) => {
    const token = await ctx.db.get("tokens", id);
    // A page that was read while the token was revoked leaves no reader behind.
    if (token === null || (token.endsAt !== undefined && token.endsAt <= now())) return null;
    await touchToken(ctx, id);
    const name = nameOf(tables);
    const reader = await ctx.db
      .query("readers")
      .withIndex("by_reader", (q) => q.eq("token", token.name).eq("tables", name).eq("sync.id", sync?.id))
      .unique();
    const state =
      kind === "snapshot" ? (atEnd ? "snapshotRead" : "snapshotting") : atEnd ? "upToDate" : "reading";
    const page = {
      state,
      cursor,
      client: client ?? undefined,
      sync,
      lastPageAt: now(),
      lastRows: rows,
    } as const;
    if (reader === null) {
      await ctx.db.insert("readers", {
        token: token.name,
        tables: name,
        first: tables[0],
        count: tables.length,
        ...page,
      });
    } else if (reader.state !== state || since(reader.lastPageAt) >= NOTE_GRAIN_MS) {
      await ctx.db.patch("readers", reader._id, page);
    }
    return null;
  },
});

/** How long a sync that does not read any more is listed. */
const ACTIVE_MS = 3 * DAY_MS;

/** The syncs of a token that have read lately, those that read last first. */
export const syncs = query({
  args: { token: v.string() },
  returns: v.array(v.object({ id: v.string(), lastPageAt: v.string(), status: v.string() })),
  handler: async (ctx, { token }) => {
    const from = new Date(Date.now() - ACTIVE_MS).toISOString();
    const readers = await ctx.db
      .query("readers")
      .withIndex("by_last_page", (q) => q.gte("lastPageAt", from))
      .order("desc")
      .take(MAX_READERS);
    return readers.flatMap(({ token: name, sync, lastPageAt }) =>
      name === token && sync !== undefined ? [{ ...sync, lastPageAt }] : [],
    );
  },
});

/** All readers, those that read last first. */
export const list = query({
  args: {},
  returns: v.array(vReaderStatus),
  handler: async (ctx) => {
    const readers = await ctx.db.query("readers").withIndex("by_last_page").order("desc").take(MAX_READERS);
    const feed = await ctx.db.query("feed").first();
    return await Promise.all(readers.map(async (reader) => statusOf(ctx, reader, feed)));
  },
});

async function statusOf(ctx: QueryCtx, reader: Doc<"readers">, feed: Doc<"feed"> | null) {
  const { token, tables, client, state, lastPageAt, lastRows } = reader;
  const isLost = feed !== null && reader.cursor < (feed.lowWater as bigint);
  const isFresh = state === "upToDate" && since(lastPageAt) < FRESH_MS;
  const oldest = isFresh ? null : await firstUnread(ctx, reader);
  const isEnding = feed !== null && oldest !== null && (await isAboutToGo(ctx, feed, oldest));
  return {
    token,
    tables,
    client: client ?? null,
    state,
    unreadSince: oldest === null ? null : new Date(oldest._creationTime).toISOString(),
    retention: isLost ? ("lost" as const) : isEnding ? ("ending" as const) : ("kept" as const),
    lastPageAt,
    lastRows,
  };
}

/**
 * Whether a change has less than a seventh of its time left: 2 of 14 days. A feed that is full keeps changes for a
 * shorter time, which is estimated from how long it took to grow.
 */
async function isAboutToGo(ctx: QueryCtx, feed: Doc<"feed">, change: Doc<"changes">): Promise<boolean> {
  const first = await ctx.db.query("changes").withIndex("by_at").first();
  const age = (one: Doc<"changes">) => Date.now() - one._creationTime;
  const byAge = FEED_DAYS * DAY_MS;
  const bySize = first === null || feed.ids < FEED_IDS / 2 ? byAge : (age(first) * FEED_IDS) / feed.ids;
  return age(change) > Math.min(byAge, bySize) * (1 - WARN_SHARE);
}

async function firstUnread(ctx: QueryCtx, { cursor, first, count }: Doc<"readers">) {
  return count === 1 && first !== undefined
    ? await ctx.db
        .query("changes")
        .withIndex("by_table", (q) => q.eq("table", first).gt("at", cursor))
        .first()
    : await ctx.db
        .query("changes")
        .withIndex("by_at", (q) => q.gt("at", cursor))
        .first();
}

/** The tables in words: "flights, notes", or the first of them and how many more. */
function nameOf(tables: readonly string[]): string {
  const shown = tables.slice(0, MAX_NAMED).join(", ");
  return tables.length <= MAX_NAMED ? shown : `${shown} and ${String(tables.length - MAX_NAMED)} more`;
}
