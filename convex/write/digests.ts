/**
 * The digest of a mirror. Writes `digests`, one document per mirror, and `deltas`, at most 64: only with rows
 * (PROVE-1), in every function that writes rows of a mirror. What is added does not depend on the order.
 */
import { v } from "convex/values";
import {
  addDelta,
  type ChangedItem,
  decodeItems,
  type DigestDelta,
  encodeItems,
  noSums,
  type Sums,
  sumsOf,
} from "../../src/core/proof/delta.js";
import { decodeDigest, differingBuckets, rowCount } from "../../src/core/proof/digest.js";
import type { Doc } from "../_generated/dataModel.js";
import { query, type MutationCtx, type QueryCtx } from "../_generated/server.js";

/**
 * Bytes of changes that are kept as they are. They wait in documents of their own, so that a row does not cost a new
 * sketch.
 */
const MAX_DELTA_BYTES = 512;

/** After so many of them the changes that wait are added to the sketch, which is 230 bytes for each. */
const FOLD_EVERY = 64;

/** The digest of a mirror now; that of no rows before the first write. */
export async function readDigest(ctx: QueryCtx, mirror: string): Promise<Sums> {
  const stored = await findSums(ctx, mirror);
  const { digest, sketch } = stored ?? noSums();
  const waiting = await deltasAfter(ctx, mirror, stored?.folded ?? 0);
  return waiting.length === 0 ? { digest, sketch } : addDelta({ digest, sketch }, { items: waiting });
}

/** Updates the digest of a mirror with the rows that this transaction has written. */
export async function addToDigest(ctx: MutationCtx, mirror: string, delta: DigestDelta): Promise<void> {
  const items = "items" in delta ? encodeItems(delta.items) : null;
  if (items === null || items.byteLength > MAX_DELTA_BYTES) await addToSums(ctx, mirror, delta);
  else if (items.byteLength > 0) await keepDelta(ctx, mirror, items);
}

/** Keeps a small change in place of one that is folded, so that there are never more documents than fit into a fold. */
async function keepDelta(ctx: MutationCtx, mirror: string, items: ArrayBuffer): Promise<void> {
  const newest = await ofMirror(ctx, mirror).order("desc").first();
  const number = (newest?.number ?? 0) + 1;
  const folded = await ctx.db
    .query("deltas")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror).eq("number", number - FOLD_EVERY))
    .unique();
  if (folded === null) await ctx.db.insert("deltas", { mirror, number, items });
  else await ctx.db.patch("deltas", folded._id, { number, items });
  if (number % FOLD_EVERY !== 0) return;
  const waiting = await deltasAfter(ctx, mirror, number - FOLD_EVERY);
  await addToSums(ctx, mirror, { items: waiting }, number);
}

async function addToSums(
  ctx: MutationCtx,
  mirror: string,
  delta: DigestDelta,
  folded?: number,
): Promise<void> {
  const stored = await findSums(ctx, mirror);
  const upTo = { folded: folded ?? stored?.folded ?? 0 };
  if (stored === null) await ctx.db.insert("digests", { mirror, ...sumsOf(delta), ...upTo });
  else await ctx.db.patch("digests", stored._id, { ...addDelta(stored, delta), ...upTo });
}

/**
 * Compares a mirror with its source by their digests.
 * @returns the buckets that differ, in ascending order: none when the two are equal.
 */
export const verify = query({
  args: { mirror: v.string(), digest: v.bytes() },
  returns: v.object({ equal: v.boolean(), rows: v.number(), differingBuckets: v.array(v.number()) }),
  handler: async (ctx, { mirror, digest }) => {
    const ours = decodeDigest((await readDigest(ctx, mirror)).digest);
    const differing = differingBuckets(ours, decodeDigest(digest));
    return { equal: differing.length === 0, rows: rowCount(ours), differingBuckets: differing };
  },
});

/** The digest of a mirror, as `docs/protocol.md` describes it. */
export const get = query({
  args: { mirror: v.string() },
  returns: v.bytes(),
  handler: async (ctx, { mirror }) => (await readDigest(ctx, mirror)).digest,
});

async function findSums(ctx: QueryCtx, mirror: string): Promise<Doc<"digests"> | null> {
  return await ctx.db
    .query("digests")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
    .unique();
}

function ofMirror(ctx: QueryCtx, mirror: string) {
  return ctx.db.query("deltas").withIndex("by_mirror", (q) => q.eq("mirror", mirror));
}

/** Changes that wait, from a number on. */
async function deltasAfter(ctx: QueryCtx, mirror: string, number: number): Promise<ChangedItem[]> {
  const waiting = await ctx.db
    .query("deltas")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror).gt("number", number))
    .take(FOLD_EVERY);
  return waiting.flatMap(({ items }) => decodeItems(items));
}
