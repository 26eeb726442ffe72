/**
 * Manifests: the keys that a refresh has delivered, as a sweep reads them. Deletes from `manifests`, a generation only
 * after the mirror's document, which every chunk reads, no longer names it. Chunks insert: see `writeManifests.ts`.
 */
import { type Infer, type ObjectType, v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import {
  type ActionCtx,
  internalMutation,
  internalQuery,
  type MutationCtx,
  type QueryCtx,
} from "../_generated/server.js";

/** Manifest documents read per query: 8 KB each for chunks of 1,000 rows. */
const PAGE = 500;

/** Manifest documents deleted per transaction, which may be one that does other things too: 0.8 MB of them. */
const DROP_PAGE = 100;

/** All keys that a generation has delivered, from the first page on, and the position up to which they were read. */
export async function loadManifest(
  ctx: ActionCtx,
  {
    mirror,
    generation,
    manifest,
    since,
  }: { mirror: string; generation: number; manifest: ManifestPage; since?: number | undefined },
  brought = new KeyHashSet(),
) {
  for (let page = manifest; ;) {
    for (const hashes of page.keyHashes) brought.add(new BigInt64Array(hashes));
    const { sequence } = page;
    if (page.isLast) return { brought, sequence };
    page = await ctx.runQuery(internal.run.manifests.page, { mirror, generation, after: sequence, since });
  }
}

/** Adds the keys that have arrived since a position, and returns the position up to which they are read now. */
export async function loadArrived(
  ctx: ActionCtx,
  { mirror, generation }: { mirror: string; generation: number },
  brought: KeyHashSet,
  after: number,
): Promise<number> {
  const manifest = await ctx.runQuery(internal.run.manifests.page, { mirror, generation, after });
  const arrived = await loadManifest(ctx, { mirror, generation, manifest }, brought);
  return arrived.sequence;
}

/**
 * The last attempt of a refresh, of those at `attempts`, that started over instead of resuming an earlier one; null if
 * none did. It delivered again most of what came first: no checkpoint lies before that.
 */
export async function lastStartedOver(
  ctx: ActionCtx,
  {
    mirror,
    generation,
    manifest,
    attempts,
  }: { mirror: string; generation: number; manifest: ManifestPage; attempts: number[] },
): Promise<number | null> {
  const [first] = manifest.keyHashes;
  if (first === undefined || attempts.length < 2) return null;
  const firstKeys = new Set(new BigInt64Array(first));
  const again = new Map(attempts.slice(1).map((epoch) => [epoch, new Set<bigint>()]));
  for (let page = manifest; ;) {
    for (const [i, epoch] of page.epochs.entries()) {
      for (const hash of new BigInt64Array(page.keyHashes[i]!))
        if (firstKeys.has(hash)) again.get(epoch)?.add(hash);
    }
    if (page.isLast) break;
    page = await ctx.runQuery(internal.run.manifests.page, { mirror, generation, after: page.sequence });
  }
  return [...again].findLast(([, keys]) => keys.size * 2 > firstKeys.size)?.[0] ?? null;
}

export const vManifestPage = v.object({
  /** Of the last manifest so far. */
  sequence: v.number(),
  keyHashes: v.array(v.bytes()),
  /** The epoch of each. */
  epochs: v.array(v.number()),
  isLast: v.boolean(),
});
type ManifestPage = Infer<typeof vManifestPage>;

const vPlace = {
  mirror: v.string(),
  generation: v.number(),
  after: v.number(),
  /** What was delivered before this epoch does not count. */
  since: v.optional(v.number()),
};

export const page = internalQuery({
  args: vPlace,
  returns: vManifestPage,
  handler: manifestPage,
});

export async function manifestPage(
  ctx: QueryCtx,
  { mirror, generation, after, since = 0 }: ObjectType<typeof vPlace>,
): Promise<ManifestPage> {
  const manifests = await ctx.db
    .query("manifests")
    .withIndex("by_generation", (q) =>
      q.eq("mirror", mirror).eq("generation", generation).gt("sequence", after),
    )
    .take(PAGE);
  const counting = manifests.filter(({ epoch }) => epoch >= since);
  return {
    sequence: manifests.at(-1)?.sequence ?? after,
    keyHashes: counting.map(({ keyHashes }) => keyHashes),
    epochs: counting.map(({ epoch }) => epoch),
    isLast: manifests.length < PAGE,
  };
}

/** The manifests of a refresh that came after this position. */
export async function arrivedSince(
  ctx: QueryCtx,
  run: Doc<"runs">,
  sequence: number,
): Promise<ArrayBuffer[]> {
  const late = await ctx.db
    .query("manifests")
    .withIndex("by_generation", (q) =>
      q.eq("mirror", run.mirror).eq("generation", run.generation!).gt("sequence", sequence),
    )
    .collect();
  return late.map(({ keyHashes }) => keyHashes);
}

/** Deletes the manifest of a generation that is done with, a page at a time: the first at once, the rest afterwards. */
export async function dropManifest(ctx: MutationCtx, mirror: string, generation: number): Promise<void> {
  const page = await ctx.db
    .query("manifests")
    .withIndex("by_generation", (q) => q.eq("mirror", mirror).eq("generation", generation))
    .take(DROP_PAGE);
  for (const manifest of page) await ctx.db.delete("manifests", manifest._id);
  if (page.length < DROP_PAGE) return;
  await ctx.scheduler.runAfter(0, internal.run.manifests.drop, { mirror, generation });
}

export const drop = internalMutation({
  args: { mirror: v.string(), generation: v.number() },
  returns: v.null(),
  handler: async (ctx, { mirror, generation }) => {
    await dropManifest(ctx, mirror, generation);
    return null;
  },
});

/**
 * A bag of 64-bit key hashes that stays small: 8 bytes a key instead of the fifty of a JavaScript Set. Hashes are
 * added in batches and sorted once, at the first question after them.
 */
export class KeyHashSet {
  #hashes = new BigInt64Array(0);
  #added: BigInt64Array[] = [];

  /** A bag of the hashes of these batches, as manifests keep them. */
  static of(batches: readonly ArrayBuffer[]): KeyHashSet {
    const bag = new KeyHashSet();
    for (const batch of batches) bag.add(new BigInt64Array(batch));
    return bag;
  }

  add(batch: BigInt64Array): void {
    this.#added.push(batch);
  }

  has(hash: bigint): boolean {
    return this.#hashesSorted()[this.#firstFrom(hash)] === hash;
  }

  /** How many hashes were added. */
  get size(): number {
    return this.#hashesSorted().length;
  }

  /** How many of them are not the same as another. */
  get distinct(): number {
    return this.#hashesSorted().reduce((sum, hash, i, all) => (hash === all[i - 1] ? sum : sum + 1), 0);
  }

  /** How often the hash was added. */
  count(hash: bigint): number {
    return this.has(hash) ? this.#firstFrom(hash + 1n) - this.#firstFrom(hash) : 0;
  }

  /** Position of the first hash that is not lower. */
  #firstFrom(hash: bigint): number {
    const hashes = this.#hashesSorted();
    let low = 0;
    let high = hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (hashes[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #hashesSorted(): BigInt64Array {
    if (this.#added.length > 0) {
      const batches = [this.#hashes, ...this.#added];
      const merged = new BigInt64Array(batches.reduce((sum, batch) => sum + batch.length, 0));
      let at = 0;
      for (const batch of batches) {
        merged.set(batch, at);
        at += batch.length;
      }
      this.#hashes = merged.sort();
      this.#added = [];
    }
    return this.#hashes;
  }
}
