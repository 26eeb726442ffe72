import { v, type Infer } from "convex/values";

/** How a connector delivers, in Airbyte's words. */
export const vSyncMode = v.union(v.literal("append"), v.literal("append_dedup"), v.literal("overwrite"));
export type SyncMode = Infer<typeof vSyncMode>;

/**
 * - waiting: declared; nothing has arrived yet.
 * - snapshotting: a first load or a full refresh is under way.
 * - upToDate: everything received is applied.
 * - failed: the last request for this mirror was refused or failed; the reason says why.
 * - removed: no longer in the app's schema.
 */
export const vMirrorState = v.union(
  v.literal("waiting"),
  v.literal("snapshotting"),
  v.literal("upToDate"),
  v.literal("failed"),
  v.literal("removed"),
);

/**
 * - running: owns the mirror; deliveries are welcome.
 * - sweeping: complete; rows that the refresh did not bring are being removed.
 * - complete: done.
 * - superseded: a newer run took the mirror over before this one was done; it removed nothing.
 */
export const vRunState = v.union(
  v.literal("running"),
  v.literal("sweeping"),
  v.literal("complete"),
  v.literal("superseded"),
);

/**
 * What became of changes. The conservation law, for every chunk, run and mirror:
 * received = inserted + updated + unchanged + deleted + stale + ignored.
 */
export const vCounts = v.object({
  received: v.number(),
  inserted: v.number(),
  updated: v.number(),
  /** Equal to the stored row: not written, so no subscription re-runs. */
  unchanged: v.number(),
  deleted: v.number(),
  /** Older than the stored row, by the mirror's version field: not applied. */
  stale: v.number(),
  /** Updates and deletes of rows that do not exist. */
  ignored: v.number(),
});
export type Counts = Infer<typeof vCounts>;

export const noCounts: Counts = {
  received: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  stale: 0,
  ignored: 0,
};

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    received: a.received + b.received,
    inserted: a.inserted + b.inserted,
    updated: a.updated + b.updated,
    unchanged: a.unchanged + b.unchanged,
    deleted: a.deleted + b.deleted,
    stale: a.stale + b.stale,
    ignored: a.ignored + b.ignored,
  };
}

/** One converted change, ready to be applied. */
export const vRowChange = v.object({
  op: v.union(v.literal("upsert"), v.literal("update"), v.literal("delete")),
  /** The values of the key's fields, in the order of the mirror's key index. */
  key: v.array(v.any()),
  /** upsert: the whole row. update: the fields that change. delete: absent. */
  row: v.optional(v.any()),
  /** update: fields to remove. */
  unset: v.optional(v.array(v.string())),
  /** delete: the version it carries, when the mirror has one and the source told it. */
  version: v.optional(v.any()),
});
export type RowChange = Infer<typeof vRowChange>;

/** Handles of the app's internal functions through which the component reaches mirror tables. */
export const vHandles = v.object({
  apply: v.string(),
  page: v.string(),
  remove: v.string(),
  clear: v.string(),
});

/** A mirror as the app's schema declares it. */
export const vDeclaration = v.object({
  name: v.string(),
  source: v.string(),
  primaryKey: v.string(),
  version: v.optional(v.string()),
  owner: v.optional(v.string()),
});
