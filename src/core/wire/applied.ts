/**
 * What the app's write of a chunk does: the part of the port (see `port.ts`) whose validators the component evaluates with
 * each chunk.
 */
import { v, type Infer } from "convex/values";
import { vCounts } from "./changes.js";
import { vChanged } from "./exports.js";

/** Differences to add to a stored digest and sketch. */
export const vSums = v.object({ digest: v.bytes(), sketch: v.bytes() });

/** What a write did to the digest of a mirror: see `proof/delta.ts`. */
export const vDigestDelta = v.union(
  vSums,
  v.object({
    items: v.array(
      v.object({
        sign: v.number(),
        keyHash: v.int64(),
        rowHash: v.int64(),
        key: v.union(v.string(), v.null()),
      }),
    ),
  }),
);

/** The version of a deleted row, for its tombstone. */
export const vTombstone = v.object({ keyHash: v.int64(), version: v.any() });

/**
 * How upserts find their row: by its `key`; not at all, every one is new (`append`); or by `content`, for a refresh
 * of a mirror without a key: a row that is there already is left alone.
 */
export const vMatch = v.union(v.literal("key"), v.literal("append"), v.literal("content"));

export const vApplied = v.object({
  counts: vCounts,
  /** How many rows the mirror has more (or fewer) than before. */
  rowsDelta: v.number(),
  /** Rows that were inserted or replaced. */
  written: v.number(),
  delta: vDigestDelta,
  /** Key hashes of rows that are back or new, and what was deleted, for mirrors with a version. */
  inserted: v.array(v.int64()),
  tombstones: v.array(vTombstone),
  /** The rows that it wrote and deleted, if the mirror is exported. */
  changed: v.optional(vChanged),
});
export type Applied = Infer<typeof vApplied>;
