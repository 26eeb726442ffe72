import { v, type Infer } from "convex/values";
import { vSyncMode } from "./changes.js";

/** How far a reader of the export is: in its snapshot or done with it, in the changes or at their end. */
export const vReaderState = v.union(
  v.literal("snapshotting"),
  v.literal("snapshotRead"),
  v.literal("reading"),
  v.literal("upToDate"),
);
export type ReaderState = Infer<typeof vReaderState>;

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
