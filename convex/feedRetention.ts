/**
 * How much of the change feed is kept. Deletes the oldest `changes`, which no writer reads or changes, and advances
 * `feed`, which only readers read and `registry.declare` creates.
 */
import type { Doc } from "./_generated/dataModel.js";
import type { MutationCtx } from "./_generated/server.js";

/** How long the feed keeps a change. */
export const FEED_DAYS = 14;

/** How many ids the feed keeps: 1 GiB of storage, at 50 bytes each. */
export const FEED_IDS = 20_000_000;

/** Documents of the feed that one transaction counts, or deletes, and the ids in them: 40 bytes each, of 16 MiB. */
const PAGE = 500;
const PAGE_IDS = 50_000;

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Counts what the feed has got since the last time, and deletes what is too old or too much, oldest first. The
 * low-water mark rises with it: a cursor below may have missed what is deleted. Returns whether there is more to do.
 */
export async function pruneFeed(ctx: MutationCtx): Promise<boolean> {
  const feed = await ctx.db.query("feed").first();
  if (feed === null) return await deleteRest(ctx);
  const fresh = await page(ctx, feed.countedTo as bigint);
  const countedTo = (fresh.changes.at(-1)?.at ?? feed.countedTo) as bigint;
  let ids = feed.ids + sizeOf(fresh.changes);

  const oldest = await page(ctx, 0n);
  const expired: Doc<"changes">[] = [];
  for (const change of oldest.changes) {
    const old = change._creationTime < Date.now() - FEED_DAYS * DAY_MS;
    // All of a transaction goes at once: the mark is between two.
    const begun = expired.at(-1)?.at === change.at;
    if (!begun && !old && ids <= FEED_IDS) break;
    if (!old && (change.at as bigint) > countedTo) break;
    expired.push(change);
    if ((change.at as bigint) <= countedTo) ids -= sizeOf([change]);
  }
  for (const { _id } of expired) await ctx.db.delete("changes", _id);
  const lowWater = expired.at(-1)?.at as bigint | undefined;
  if (lowWater === undefined && fresh.changes.length === 0) return false;
  await ctx.db.patch("feed", feed._id, {
    countedTo,
    ids: Math.max(0, ids),
    ...(lowWater !== undefined && { lowWater }),
  });
  return fresh.more || (oldest.more && expired.length === oldest.changes.length);
}

/** The documents of whole transactions after a moment, a page of them; a page is exceeded by none but the first. */
async function page(ctx: MutationCtx, after: bigint): Promise<{ changes: Doc<"changes">[]; more: boolean }> {
  const changes: Doc<"changes">[] = [];
  let ids = 0;
  for await (const change of ctx.db.query("changes").withIndex("by_at", (q) => q.gt("at", after))) {
    const full = changes.length >= PAGE || ids >= PAGE_IDS;
    if (full && change.at !== changes.at(-1)!.at) return { changes, more: true };
    changes.push(change);
    ids += sizeOf([change]);
  }
  return { changes, more: false };
}

function sizeOf(changes: readonly { written: string[]; deleted: string[] }[]): number {
  return changes.reduce((sum, { written, deleted }) => sum + written.length + deleted.length, 0);
}

/** Nothing is exported any more: nobody reads what is left. */
async function deleteRest(ctx: MutationCtx): Promise<boolean> {
  const rest = await ctx.db.query("changes").take(PAGE);
  for (const { _id } of rest) await ctx.db.delete("changes", _id);
  return rest.length === PAGE;
}
