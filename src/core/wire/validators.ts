import { v, type Infer } from "convex/values";

/**
 * What a token may do with the mirrors that it names. A token for "export" opens nothing but the export, and names
 * tables.
 */
export const vAccess = v.union(v.literal("write"), v.literal("read"), v.literal("export"));

/** How far a reader of the export is: in its snapshot or done with it, in the changes or at their end. */
export const vReaderState = v.union(
  v.literal("snapshotting"),
  v.literal("snapshotRead"),
  v.literal("reading"),
  v.literal("upToDate"),
);

/** How a connector delivers, in Airbyte's words. */
export const vSyncMode = v.union(v.literal("append"), v.literal("append_dedup"), v.literal("overwrite"));
export type SyncMode = Infer<typeof vSyncMode>;

/**
 * - waiting: declared; nothing has arrived yet.
 * - snapshotting: a first load or a full refresh is under way.
 * - upToDate: everything received is applied.
 * - rowsWaiting: rows wait in quarantine; everything else received is applied.
 * - sweepHeld: a full refresh is complete, and what it did not deliver is not deleted until a person agrees.
 * - late: no contact for longer than `expectEvery`.
 * - stale: no contact for three times that long.
 * - paused: deliveries are refused until someone resumes it.
 * - failed: the last request for this mirror was refused or failed; the reason says why.
 * - removed: no longer in the app's schema.
 */
export const vMirrorState = v.union(
  v.literal("waiting"),
  v.literal("snapshotting"),
  v.literal("upToDate"),
  v.literal("rowsWaiting"),
  v.literal("sweepHeld"),
  v.literal("late"),
  v.literal("stale"),
  v.literal("paused"),
  v.literal("failed"),
  v.literal("removed"),
);
/** The state of a mirror. The page "Operations" says what to do in each. */
export type MirrorState = Infer<typeof vMirrorState>;

/**
 * - running: owns the mirror; deliveries are welcome.
 * - sweeping: complete; rows that the refresh did not deliver are being deleted.
 * - held: complete; nothing is deleted until a person agrees, or a later refresh completes.
 * - complete: done.
 * - incomplete: the connector said that it could not finish, or fell silent for good; nothing was removed, and the next
 *   run of the same generation resumes it.
 * - superseded: a newer run took the mirror over before this one was done; it removed nothing.
 */
export const vRunState = v.union(
  v.literal("running"),
  v.literal("sweeping"),
  v.literal("held"),
  v.literal("complete"),
  v.literal("incomplete"),
  v.literal("superseded"),
);

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

export const noCounts: Counts = {
  received: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  stale: 0,
  ignored: 0,
  quarantined: 0,
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
    quarantined: a.quarantined + b.quarantined,
  };
}

/** Whether everything that was received is accounted for. */
export function isConserved(counts: Readonly<Counts>): boolean {
  const { received, ...became } = counts;
  return received === Object.values(became).reduce((sum, count) => sum + count, 0);
}

/** One converted change, ready to be applied. Hashes are the 64 bits of the unsigned hash, as Convex's signed int64. */
export const vRowChange = v.object({
  op: v.union(v.literal("upsert"), v.literal("update"), v.literal("delete")),
  /** The values of the key's fields, in the order of the mirror's key index. */
  key: v.array(v.any()),
  keyHash: v.int64(),
  /** Position among the changes of the delivery, from 0. */
  position: v.number(),
  /** Size of `row` as a document. */
  bytes: v.number(),
  /** upsert: the full row. update: the fields that change. delete: absent. */
  row: v.optional(v.any()),
  /** upsert: hash of the row, so that the mutation need not compute it. update: that of a row to store as new, see `kept`. */
  rowHash: v.optional(v.int64()),
  /** update: dotted paths of fields to remove. */
  unset: v.optional(v.array(v.string())),
  /**
   * update that stands for a full row: the fields whose values the source did not send, so that the stored ones stay.
   * `row` is the full row but for these, if it can be stored without them, and then has a hash.
   */
  kept: v.optional(v.array(v.string())),
  /** delete: its version, if the mirror has one and the source sent it. */
  version: v.optional(v.any()),
});
export type RowChange = Infer<typeof vRowChange>;

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

/** Handles of the app's internal functions through which the component reaches mirror tables. */
export const vHandles = v.object({
  read: v.string(),
  write: v.string(),
  /** Reads rows of exported tables; absent while nothing is exported. */
  rows: v.optional(v.string()),
  /** Called with every change of a mirror's state, when the app has asked for it. */
  onStateChange: v.optional(v.string()),
});

/** A mirror as the app's schema declares it. */
export const vDeclaration = v.object({
  name: v.string(),
  source: v.string(),
  primaryKey: v.string(),
  keyed: v.boolean(),
  version: v.optional(v.string()),
  owner: v.optional(v.string()),
  /** Onward from here: how the mirror behaves, in the words of mirrorTable's options. */
  deletes: v.string(),
  policy: v.string(),
  expectEveryMs: v.optional(v.number()),
  /** The largest share of the mirror's rows that a refresh may delete unasked; absent when there is no limit. */
  shrinkLimit: v.optional(v.number()),
});

/** The refresh that a run is a part of, as its sender numbers it. */
export const vRefresh = v.object({
  /** Null for the next one. */
  generation: v.union(v.number(), v.null()),
  /** Who counts: numbers of different counters are not compared. Without it, the mirror does. */
  counter: v.optional(v.string()),
  /** The sender delivers every row, even of a generation that is complete: that is a refresh of its own then. */
  again: v.optional(v.boolean()),
});
export type Refresh = Infer<typeof vRefresh>;

/** How far the newest run of a mirror has come. */
export const vProgress = v.object({
  syncMode: vSyncMode,
  generation: v.union(v.number(), v.null()),
  startedAt: v.string(),
  received: v.number(),
  swept: v.number(),
});

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
  /** What all imports owed when everything before that moment was committed. */
  settled: vOwed,
  /** What the run has written since. */
  writes: v.array(vOwed),
});
export type Spending = Infer<typeof vSpending>;

/** What all imports owe, as a query has seen it. */
export const vDebt = v.object({
  now: vOwed,
  settled: vOwed,
});
export type Debt = Infer<typeof vDebt>;

/** How a mirror stood at a moment. */
export const vSample = v.object({
  /** ISO 8601. */
  at: v.string(),
  rows: v.number(),
  /** Changes ever received. */
  received: v.number(),
  quarantined: v.number(),
  lagMs: v.union(v.number(), v.null()),
});
export type Sample = Infer<typeof vSample>;

/** What a sender promises: everything that the source committed up to there is in what it has sent by now. */
export const vWatermark = v.object({
  /** ISO 8601, by the source's clock. */
  upTo: v.optional(v.string()),
  /** A place in the source's log, as 16 hexadecimal digits: see src/core/rows/position.ts. */
  position: v.optional(v.string()),
});
export type Watermark = Infer<typeof vWatermark>;
