import { v, type Infer } from "convex/values";
import { vCounts, vSyncMode } from "./changes.js";
import { vAccess } from "./access.js";
import { vMirrorState, vReaderState, vRunState, type MirrorState } from "./validators.js";

/**
 * What status pages show of the ledger. Ids are plain texts: those of a component mean nothing outside of it. Times are
 * ISO 8601, null where something has not happened.
 */

const vTime = v.union(v.string(), v.null());

/** The validator of {@link MirrorStatus}, for functions of your own that return one. */
export const vMirrorStatus = v.object({
  /** The name of the app's table. */
  name: v.string(),
  /** The stream that feeds it. */
  source: v.string(),
  /** Who is responsible for the source. */
  owner: v.union(v.string(), v.null()),
  /** How it is doing. */
  state: vMirrorState,
  /** Why it is in this state, as a sentence. */
  reason: v.string(),
  /** What to do about it. */
  hint: v.string(),
  /** Why the last full refresh deletes nothing until a person agrees; null when no sweep is held. */
  held: v.union(v.string(), v.null()),
  /** The fields of its key, in words. */
  primaryKey: v.string(),
  /** How its last run delivered. */
  syncMode: v.union(v.string(), v.null()),
  /** The drift policy, in words. */
  policy: v.string(),
  /** What happens to rows that the source deletes, in words. */
  deletes: v.string(),
  /** How often to expect contact, in milliseconds. */
  expectEveryMs: v.union(v.number(), v.null()),
  /** How many rows it has. */
  rows: v.number(),
  /** How many changes wait in quarantine. */
  quarantined: v.number(),
  /** Whether the source is asked to send rows again that an audit found wrong. */
  resending: v.boolean(),
  /** Fields that the source sends and the schema does not expect. */
  drift: v.number(),
  /** What happened to all changes that it ever received. */
  total: vCounts,
  /** How many rows full refreshes, operators and repairs have deleted. */
  removed: v.number(),
  /** How many rows came by another way than a delivery: copies of equal rows, and rows that a repair accepted. */
  copied: v.number(),
  /** The number of the last full refresh. */
  generation: v.number(),
  /** The number of the last run. */
  epoch: v.number(),
  /** Whether a run owns the mirror now. */
  running: v.boolean(),
  /** The run that owns the mirror, or whose stale rows are being removed. */
  run: v.union(
    v.null(),
    v.object({
      id: v.string(),
      state: vRunState,
      syncMode: vSyncMode,
      generation: v.union(v.number(), v.null()),
      startedAt: v.string(),
      received: v.number(),
      swept: v.number(),
    }),
  ),
  /** The last run that ended, and how, in words. */
  lastRun: v.union(v.string(), v.null()),
  /** The time from the commit at the source to the commit here, in milliseconds, of the last delivery that says it. */
  lagMs: v.union(v.number(), v.null()),
  /** When a delivery was last committed. */
  lastAppliedAt: vTime,
  /** The last contact with the connector. */
  lastHeardAt: vTime,
  /** Why the last delivery was refused. */
  lastError: v.union(v.string(), v.null()),
});
/**
 * How a mirror is doing. Times are ISO 8601, null where something has not happened.
 */
export interface MirrorStatus extends Infer<typeof vMirrorStatus> {}

/** A reader of the export. */
export const vReaderStatus = v.object({
  /** Name of its token. */
  token: v.string(),
  /** The tables that it asks for, in words. */
  tables: v.string(),
  client: v.union(v.string(), v.null()),
  state: vReaderState,
  /** When the oldest change that it has not read was committed; null when it had read all at its last page. */
  unreadSince: v.union(v.string(), v.null()),
  /** Whether that change is kept, about to be deleted, or deleted, so that the reader has to begin again. */
  retention: v.union(v.literal("kept"), v.literal("ending"), v.literal("lost")),
  lastPageAt: v.string(),
  lastRows: v.number(),
});
export type ReaderStatus = Infer<typeof vReaderStatus>;

/** One sync attempt of a mirror. */
export const vRunSummary = v.object({
  id: v.string(),
  state: vRunState,
  reason: v.string(),
  openedBy: v.string(),
  syncMode: vSyncMode,
  epoch: v.number(),
  generation: v.union(v.number(), v.null()),
  startedAt: v.string(),
  lastDeliveryAt: vTime,
  finishedAt: vTime,
  chunks: v.number(),
  bytes: v.number(),
  counts: vCounts,
  swept: v.number(),
});
export type RunSummary = Infer<typeof vRunSummary>;

/** Something that the source of a mirror sends and its schema does not expect. */
export const vDriftEntry = v.object({
  mirror: v.string(),
  field: v.string(),
  kind: v.string(),
  from: v.string(),
  to: v.union(v.string(), v.null()),
  times: v.number(),
  /** The beginning of one of the values. */
  sample: v.string(),
  firstSeenAt: v.string(),
  lastSeenAt: v.string(),
});

/** A change that waits. */
export const vQuarantineEntry = v.object({
  id: v.string(),
  /** Where the next page begins, also when the entry has left. */
  cursor: v.string(),
  mirror: v.string(),
  /** See `vQuarantineReason`. */
  reason: v.string(),
  code: v.string(),
  message: v.string(),
  key: v.union(v.string(), v.null()),
  op: v.string(),
  payload: v.string(),
  whole: v.boolean(),
  encoding: v.union(v.literal("json"), v.literal("convex"), v.literal("stored")),
  receivedAt: v.string(),
});
export type QuarantineEntry = Infer<typeof vQuarantineEntry>;

/** Why changes of a mirror are in quarantine, and how many. */
export const vQuarantineReason = v.object({
  /** Names the reason: its code and, where there is one, its field. */
  reason: v.string(),
  code: v.string(),
  field: v.union(v.string(), v.null()),
  /** The kind of the value in the first of these changes: `null`, `string`, `integer`, … Null if unknown. */
  found: v.union(v.string(), v.null()),
  changes: v.number(),
  firstAt: v.string(),
});
export type QuarantineReason = Infer<typeof vQuarantineReason>;

/** A stream that a connector sends and no mirror is declared for. */
export const vUnknownStream = v.object({
  stream: v.string(),
  /** The code to add to schema.ts. */
  snippet: v.string(),
  times: v.number(),
  firstSeenAt: v.string(),
  lastSeenAt: v.string(),
});
export type UnknownStream = Infer<typeof vUnknownStream>;

/** What the last audit of a mirror found. */
export const vAuditReport = v.object({
  state: v.string(),
  reason: v.string(),
  startedAt: v.string(),
  finishedAt: vTime,
  rows: v.number(),
  differingBuckets: v.array(v.number()),
  findings: v.array(
    v.object({
      kind: v.union(v.literal("edited"), v.literal("added"), v.literal("removed")),
      key: v.union(v.string(), v.null()),
    }),
  ),
  all: v.boolean(),
});
export type AuditReport = Infer<typeof vAuditReport>;

/** A token. It is shown without itself, and without its hash. */
export const vTokenInfo = v.object({
  name: v.string(),
  startsWith: v.string(),
  mirrors: v.array(v.string()),
  access: vAccess,
  signed: v.boolean(),
  createdAt: v.string(),
  lastUsedAt: vTime,
  /** From when on it opens nothing, and why: "revoked", "rotated" or "expires". */
  endsAt: vTime,
  endReason: v.union(v.string(), v.null()),
});
export type TokenInfo = Infer<typeof vTokenInfo>;

/** Whether a mirror has reached a target. */
export const vReached = v.object({
  /** Once true, it stays true. */
  reached: v.boolean(),
  /** Why, or what is missing. */
  reason: v.string(),
  /** Changes of the mirror that wait in quarantine, and are not in it: null while it is not reached. */
  quarantined: v.union(v.number(), v.null()),
  /** The mirror's watermark, if its sender reports one. */
  upTo: vTime,
  /** The same as a position in the source's log. */
  position: v.union(v.string(), v.null()),
});
/** Whether a mirror has reached a target. */
export interface Reached extends Infer<typeof vReached> {}

/** What an app's `onStateChange` is called with. */
export type StateChange = {
  /** The mirror: the name of the app's table. */
  mirror: string;
  from: MirrorState;
  to: MirrorState;
  /** Why, as a sentence. */
  reason: string;
  /** When, as ISO 8601. */
  at: string;
};
