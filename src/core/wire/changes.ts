/** What a chunk of changes is made of: the validators that each delivery evaluates, and no others. */
import { v, type Infer, type Value } from "convex/values";

/** How a connector delivers, in Airbyte's words. */
export const vSyncMode = v.union(v.literal("append"), v.literal("append_dedup"), v.literal("overwrite"));
export type SyncMode = Infer<typeof vSyncMode>;

/**
 * What became of changes. The conservation law, for every delivery, run and mirror:
 * received = inserted + updated + unchanged + deleted + stale + ignored + quarantined.
 */
export const vCounts = v.object({
  /** All that arrived: the sum of the others. */
  received: v.number(),
  /** Stored as new rows. */
  inserted: v.number(),
  /** Written over a stored row. */
  updated: v.number(),
  /** Equal to the stored row: not written, so no subscription re-runs. */
  unchanged: v.number(),
  /** Deleted, or marked as deleted. */
  deleted: v.number(),
  /** Older than the stored row, or than its deletion, by the mirror's version field: not applied. */
  stale: v.number(),
  /** Updates and deletes of rows that do not exist, and rows that the mirror's filter leaves out. */
  ignored: v.number(),
  /** Could not be applied: they are in quarantine, complete. */
  quarantined: v.number(),
});
/**
 * How many changes of each kind, in a delivery, a run or a mirror. Every change is counted once:
 * received = inserted + updated + unchanged + deleted + stale + ignored + quarantined.
 *
 * @interface
 */
export type Counts = Infer<typeof vCounts>;

/** One converted change, ready to be applied. Hashes are the 64 bits of the unsigned hash, as Convex's signed int64. */
export interface RowChange {
  op: "upsert" | "update" | "delete";
  /** The values of the key's fields, in the order of the mirror's key index. */
  key: Value[];
  keyHash: bigint;
  /** Position among the changes of the delivery, from 0. */
  position: number;
  /** upsert: the full row. update: the fields that change. delete: absent. */
  row?: Record<string, Value>;
  /** update: dotted paths of fields to remove. */
  unset?: string[];
  /** update that stands for a full row: the fields that the source did not send, so that the stored values stay. */
  kept?: string[];
  /** With `kept`: `row` is the full row but for these fields, and can be stored without them. */
  storable?: boolean;
  /** Its version, if the mirror has one and the source sent it. */
  version?: Value | undefined;
}

/** How the values of a quarantined row are written: as its source did, or `stored`, converted before. */
export const vRowEncoding = v.union(v.literal("json"), v.literal("convex"), v.literal("stored"));

/** A change that could not be converted, on its way to quarantine. */
export const vBadRow = v.object({
  /** Position among the changes of the delivery, from 0. */
  position: v.number(),
  code: v.string(),
  message: v.string(),
  op: v.string(),
  /** The row as it arrived, as JSON text; only its beginning (and `whole` false) when it is larger than is kept. */
  payload: v.string(),
  whole: v.boolean(),
  encoding: vRowEncoding,
  /** Absent when the key could not be read. */
  keyHash: v.optional(v.int64()),
  key: v.optional(v.string()),
  /** The row's version, when that much could be read. */
  version: v.optional(v.any()),
});
export type BadRow = Infer<typeof vBadRow>;

/** Something a row had that the mirror does not expect; merged per mirror and field. */
export const vDriftNote = v.object({
  kind: v.string(),
  field: v.string(),
  from: v.string(),
  to: v.optional(v.string()),
  sample: v.string(),
  times: v.number(),
});
export type DriftNote = Infer<typeof vDriftNote>;

/** The write budget as the app sets it. */
export const vBudget = v.object({
  /** Bytes of rows per second that all mirrors together may write. */
  bytesPerSecond: v.number(),
});

/** What imports owed to the write budget at a moment: bytes that they wrote ahead of it. */
const vOwed = v.object({ at: v.number(), bytes: v.number() });

/** What a run has written lately; see wire/budget.ts. Times in milliseconds. */
export const vSpending = v.object({
  at: v.number(),
  /**
   * Moments and bytes in turn, as every chunk writes them: what all imports owed when everything before that moment was
   * committed, and what the run has written since.
   */
  owed: v.array(v.number()),
});
export type Spending = Infer<typeof vSpending>;

/** What all imports owe, as a query has seen it. */
export const vDebt = v.object({
  now: vOwed,
  settled: vOwed,
});
export type Debt = Infer<typeof vDebt>;

/** What a sender promises: everything that the source committed up to there is in what it has sent by now. */
export const vWatermark = v.object({
  /** ISO 8601, by the source's clock. */
  upTo: v.optional(v.string()),
  /** A place in the source's log, as 16 hexadecimal digits: see src/core/rows/position.ts. */
  position: v.optional(v.string()),
});
export type Watermark = Infer<typeof vWatermark>;
