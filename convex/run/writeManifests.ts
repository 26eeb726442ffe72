/**
 * How a chunk notes the keys that it brings. Writes `manifests`: each chunk inserts a document of its own, which nobody
 * changes. A module of its own, because each chunk evaluates it.
 */
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";

/** Adds keys to the manifest of a generation. */
async function appendManifest(
  ctx: MutationCtx,
  { name: mirror, epoch }: Doc<"mirrors">,
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
    epoch,
    keyHashes: BigInt64Array.from(keyHashes).buffer,
  });
}

/** Notes the keys for the refresh that is under way, and shields them from the one that is being swept. */
export async function writeManifests(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  keyHashes: () => readonly bigint[],
): Promise<void> {
  const { generation, generationOpen, sweeping } = mirror;
  if (generationOpen) await appendManifest(ctx, mirror, generation, keyHashes());
  if (sweeping === undefined) return;
  const swept = await ctx.db.get("runs", sweeping);
  if (swept?.generation !== undefined && !(generationOpen && swept.generation === generation)) {
    await appendManifest(ctx, mirror, swept.generation, keyHashes());
  }
}
