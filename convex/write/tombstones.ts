/**
 * Versions of deleted rows. Writes `tombstones`: one document per deleted key, of which the highest version stays
 * (ORDER-5). `maintenance.ts` deletes them after a week.
 */
import type { Infer } from "convex/values";
import type { MutationCtx } from "../_generated/server.js";
import type { vTombstone } from "../../src/core/wire/applied.js";
import type { Value } from "convex/values";
import { isLower } from "../../src/core/rows/versions.js";

/** How long a deleted row's version is remembered: a week covers every retry and backlog that is not a new backfill. */
export const TOMBSTONE_DAYS = 7;

export type Tombstone = Infer<typeof vTombstone>;

/** The tombstones of these keys. */
export async function findTombstones(
  ctx: MutationCtx,
  mirror: string,
  keyHashes: readonly bigint[],
): Promise<Tombstone[]> {
  const found = await Promise.all(
    [...new Set(keyHashes)].map(
      async (keyHash) =>
        await ctx.db
          .query("tombstones")
          .withIndex("by_key", (q) => q.eq("mirror", mirror).eq("keyHash", keyHash))
          .first(),
    ),
  );
  return found.flatMap((tombstone) =>
    tombstone === null ? [] : [{ keyHash: tombstone.keyHash, version: tombstone.version as Value }],
  );
}

/** Remembers the versions of rows that were deleted. Returns how many tombstones there are more. */
export async function layTombstones(
  ctx: MutationCtx,
  mirror: string,
  tombstones: readonly Tombstone[],
): Promise<number> {
  let added = 0;
  for (const { keyHash, version: told } of tombstones) {
    const version = told as Value;
    const existing = await ctx.db
      .query("tombstones")
      .withIndex("by_key", (q) => q.eq("mirror", mirror).eq("keyHash", keyHash))
      .first();
    if (existing === null) {
      await ctx.db.insert("tombstones", { mirror, keyHash, version });
      added += 1;
    } else if (isLower(existing.version as Value, version)) {
      await ctx.db.patch("tombstones", existing._id, { version });
    }
  }
  return added;
}
