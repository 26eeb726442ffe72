import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import {
  internalMutation,
  internalQuery,
  type ActionCtx,
  type MutationCtx,
  type QueryCtx,
} from "./_generated/server.js";
import { KeyHashBag } from "./keyHashBag.js";

/** Manifest documents read per query: 8 KB each for chunks of 1,000 rows. */
const PAGE = 500;

/** Adds keys to the manifest of a generation. */
export async function appendManifest(
  ctx: MutationCtx,
  mirror: string,
  generation: number,
  keyHashes: readonly bigint[],
): Promise<void> {
  if (keyHashes.length === 0) return;
  const last = await ctx.db
    .query("manifests")
    .withIndex("by_generation", (q) => q.eq("mirror", mirror).eq("generation", generation))
    .order("desc")
    .first();
  await ctx.db.insert("manifests", {
    mirror,
    generation,
    sequence: (last?.sequence ?? -1) + 1,
    keyHashes: BigInt64Array.from(keyHashes).buffer,
  });
}

/** All keys that a generation has brought, and the position up to which its manifest was read. */
export async function loadManifest(ctx: ActionCtx, mirror: string, generation: number) {
  const brought = new KeyHashBag();
  let sequence = -1;
  for (;;) {
    const page = await ctx.runQuery(internal.manifests.page, { mirror, generation, after: sequence });
    if (page === null) return { brought, sequence };
    for (const hashes of page.keyHashes) brought.add(new BigInt64Array(hashes));
    sequence = page.sequence;
  }
}

export const page = internalQuery({
  args: { mirror: v.string(), generation: v.number(), after: v.number() },
  returns: v.union(v.null(), v.object({ sequence: v.number(), keyHashes: v.array(v.bytes()) })),
  handler: async (ctx, { mirror, generation, after }) => {
    const page = await ctx.db
      .query("manifests")
      .withIndex("by_generation", (q) =>
        q.eq("mirror", mirror).eq("generation", generation).gt("sequence", after),
      )
      .take(PAGE);
    const last = page.at(-1);
    return last === undefined
      ? null
      : { sequence: last.sequence, keyHashes: page.map((manifest) => manifest.keyHashes) };
  },
});

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

/** Deletes the manifest of a generation that is done with. */
export async function dropManifest(ctx: MutationCtx, mirror: string, generation: number): Promise<void> {
  await ctx.scheduler.runAfter(0, internal.manifests.drop, { mirror, generation });
}

/** A page at a time. */
export const drop = internalMutation({
  args: { mirror: v.string(), generation: v.number() },
  returns: v.null(),
  handler: async (ctx, args) => {
    const page = await ctx.db
      .query("manifests")
      .withIndex("by_generation", (q) => q.eq("mirror", args.mirror).eq("generation", args.generation))
      .take(PAGE);
    for (const manifest of page) await ctx.db.delete("manifests", manifest._id);
    if (page.length === PAGE) await ctx.scheduler.runAfter(0, internal.manifests.drop, args);
    return null;
  },
});
