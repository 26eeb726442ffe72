/**
 * The digest of a mirror. Writes `digests`: one document per mirror, written only with rows (PROVE-1). What is added
 * does not depend on the order.
 */
import { v } from "convex/values";
import { addDelta, noSums, sumsOf, type DigestDelta, type Sums } from "../../src/core/proof/delta.js";
import { decodeDigest, differingBuckets, rowCount } from "../../src/core/proof/digest.js";
import type { Doc } from "../_generated/dataModel.js";
import { query, type MutationCtx, type QueryCtx } from "../_generated/server.js";

/** The stored digest of a mirror; that of no rows before the first write. */
export async function readDigest(ctx: QueryCtx, mirror: string): Promise<Sums> {
  return (await findDigest(ctx, mirror)) ?? noSums();
}

/** Updates the stored digest with the rows that this transaction has written. */
export async function addToDigest(ctx: MutationCtx, mirror: string, delta: DigestDelta): Promise<void> {
  const stored = await findDigest(ctx, mirror);
  if (stored === null) await ctx.db.insert("digests", { mirror, ...sumsOf(delta) });
  else await ctx.db.patch("digests", stored._id, addDelta(stored, delta));
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

async function findDigest(ctx: QueryCtx, mirror: string): Promise<Doc<"digests"> | null> {
  return await ctx.db
    .query("digests")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror))
    .unique();
}
