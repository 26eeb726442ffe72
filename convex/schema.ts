import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { vAccess } from "../src/core/wire/access.js";
import {
  vBudget,
  vCounts,
  vWatermark,
  vRowEncoding,
  vSpending,
  vSyncMode,
} from "../src/core/wire/changes.js";
import {
  vHandles,
  vMirrorState,
  vProgress,
  vReaderState,
  vRunState,
  vSample,
} from "../src/core/wire/validators.js";

/** Counts without those that are 0. */
const vTally = vCounts.partial();

/**
 * The ledger of imports. The rows themselves live in the app's mirror tables; nothing here holds a copy of them, except
 * the quarantine, which holds those that could not be stored.
 *
 * docs/architecture.md, "Who writes which documents", says which functions write each table, and why they do not
 * conflict.
 *
 * Times are ISO 8601 strings (UTC), because people read these tables in the Convex dashboard.
 */
export default defineSchema({
  /**
   * One row per mirror of the app's schema: what a person looks at first, and what matters most comes first.
   * Read everywhere.
   */
  mirrors: defineTable({
    /** The app's table. */
    name: v.string(),
    /** As declared: "public.customers"; equal to `name` when the schema names no source. */
    source: v.string(),
    /** What is going on, why, and what to do about it, in words. */
    state: vMirrorState,
    reason: v.string(),
    hint: v.string(),
    /** How the connector delivered last. */
    syncMode: v.optional(vSyncMode),
    /** As declared: "date, origin, destination", or "none" for a mirror without a key. */
    primaryKey: v.string(),
    /** Rows in the mirror now. */
    rows: v.number(),
    /** Milliseconds from the commit at the source to the commit here, for the newest delivery that says when. */
    lagMs: v.optional(v.number()),
    lastAppliedAt: v.optional(v.string()),
    /** The newest run, in words: "3: complete at 2026-01-31T08:00:00.000Z". */
    lastRun: v.optional(v.string()),
    /** Its progress: rows received, and rows that a complete refresh deleted. At most a second old. */
    progress: v.optional(vProgress),
    /** Changes that wait in quarantine. */
    quarantined: v.number(),
    /** Fields on record in the drift table: what the source sends and the schema does not expect. */
    drift: v.number(),
    /** As declared: who answers for it. */
    owner: v.optional(v.string()),
    /** As declared: what happens to rows that do not fit ("evolve"), and to rows that the source deletes ("hard"). */
    policy: v.string(),
    deletes: v.string(),
    /** The last contact with the connector, heartbeats included: idle is not late. */
    lastHeardAt: v.optional(v.string()),
    lastError: v.optional(v.string()),
    keyed: v.boolean(),
    version: v.optional(v.string()),
    expectEveryMs: v.optional(v.number()),
    shrinkLimit: v.optional(v.number()),
    /** What happened to every change ever received. */
    total: vCounts,
    /** Rows that full refreshes, operators and repairs took away: rows = inserted - deleted - removed + copied. */
    removed: v.number(),
    /** Rows that came by another way than a delivery: further copies of equal rows, and rows that a repair accepted. */
    copied: v.number(),
    /** Counts full refreshes; a refresh of generation n sweeps what generation n did not deliver. */
    generation: v.number(),
    /** The last refresh that was numbered without a counter: its number, and the generation here. None after a reset. */
    numbered: v.optional(v.object({ number: v.number(), generation: v.number() })),
    /** The last refresh that was numbered by a counter with a name: its number there, and the generation here. */
    counted: v.optional(
      v.object({ counter: v.string(), number: v.number(), generation: v.number(), isRepeat: v.boolean() }),
    ),
    /** Whether the refresh of that generation is still to be finished, by this run or by the next. */
    generationOpen: v.boolean(),
    /** Counts runs; a run whose epoch is not the mirror's may not write. */
    epoch: v.number(),
    /** The run that owns the mirror, while one does. */
    run: v.optional(v.id("runs")),
    /** What that run, or the last, had counted when its progress was last published. */
    publishedCounts: v.optional(vTally),
    /** The finished refresh whose stale rows are being removed, or are not until a person agrees. */
    sweeping: v.optional(v.id("runs")),
    /** Why that refresh deletes nothing yet, and whether it is for rows of it whose key cannot be read. */
    held: v.optional(v.object({ reason: v.string(), unreadable: v.boolean() })),
    /** Tombstones kept: a mirror without any saves the lookup. */
    tombstones: v.number(),
    /** Whether the source is asked to send rows again, after a repair. */
    resending: v.optional(v.boolean()),
    /** Whether a freshness check is scheduled: there is at most one. */
    checkScheduled: v.boolean(),
    /** When its last sample was taken. */
    sampledAt: v.optional(v.string()),
  }).index("by_name", ["name"]),

  /**
   * One row per sync attempt of one mirror.
   * Read by status queries and by people. Old ones are pruned when a run begins (see MAX_RUNS_PER_MIRROR in
   * run/lifecycle.ts).
   */
  runs: defineTable({
    mirror: v.string(),
    state: vRunState,
    reason: v.string(),
    /** What opened it: "v1", "records", "clear_tables" or the connector's temporary table. */
    openedBy: v.string(),
    /** When the connector's attempt that opened it began, in seconds since 1970, if the connector says so. */
    attempt: v.optional(v.number()),
    /** The connector: while it sends anything, a refresh does not count as complete. */
    token: v.id("tokens"),
    /** The connector says itself when a run is finished; silence means that it died, not that it is done. */
    explicit: v.boolean(),
    /** How long the connector must be silent before the run is settled, in milliseconds. */
    settleAfterMs: v.number(),
    syncMode: vSyncMode,
    epoch: v.number(),
    /** The generation of a full refresh; absent for incremental runs. */
    generation: v.optional(v.number()),
    startedAt: v.string(),
    lastDeliveryAt: v.optional(v.string()),
    finishedAt: v.optional(v.string()),
    /** Sequence number of the last completely applied delivery, from 1. */
    sequence: v.number(),
    /** The delivery after that one, when some of its chunks are applied and others are not. */
    begun: v.optional(v.string()),
    /** Chunks applied, and the bytes they carried. */
    chunks: v.number(),
    bytes: v.number(),
    counts: vTally,
    /** A refresh of that number was complete before: without a row it deletes nothing. */
    isRepeat: v.optional(v.boolean()),
    /** Of a refresh: the rows of the mirror when it began. */
    rowsBefore: v.optional(v.number()),
    /** Of a refresh that several attempts delivered: the epoch of the last that started over, if one did. */
    startedOverAt: v.optional(v.number()),
    /** Somebody has said that its sweep may delete however much it did not deliver. */
    allowShrink: v.optional(v.boolean()),
    /** The watermark that counts only when the sweep has ended. */
    reach: v.optional(vWatermark),
    /** The later refresh whose sweep replaces that of this complete one. */
    sweptBy: v.optional(v.id("runs")),
    /**
     * Progress that is not yet published to the mirror's document, for a second at most, beside the counts above those
     * of `publishedCounts` there: see mirror/progress.ts.
     */
    unpublished: v.object({ rows: v.number(), lagMs: v.optional(v.number()) }),
    publishScheduled: v.boolean(),
    /** What it has written lately, for the write budget: see write/budget.ts. */
    spending: v.optional(vSpending),
    /** Rows that a complete refresh deleted because it did not deliver them. */
    swept: v.number(),
    /** Counts the attempts to sweep, so that the watchdog restarts only one that died. */
    sweepAttempt: v.optional(v.number()),
    /** How many of them died one after another. */
    sweepDeaths: v.optional(v.number()),
  })
    .index("by_mirror", ["mirror", "epoch"])
    .index("by_state", ["state"])
    .index("by_spending", ["spending.at"]),

  /**
   * How each mirror grew: at most a sample a minute, while something arrives.
   * Read by status pages. A ring: see samples.ts.
   */
  samples: defineTable({ mirror: v.string(), points: v.array(vSample) }).index("by_mirror", ["mirror"]),

  /**
   * The watermark of each mirror, from senders that report one: what an app can wait for. It only advances. Read by
   * watermark.reached. Not a part of `mirrors`, so that those who wait are not woken by every chunk.
   */
  watermarks: defineTable({ mirror: v.string(), ...vWatermark.fields }).index("by_mirror", ["mirror"]),

  /**
   * The deliveries of runs, by their identity: a delivery is applied once, and a replay gets the same answer. Written
   * by ingest.applyChunk; read there; deleted with their run, except the last (see deliveries.ts).
   */
  deliveries: defineTable({
    run: v.id("runs"),
    /** The sender's name for it. */
    identity: v.string(),
    sequence: v.number(),
    /** SHA-256 of the body, as base64: the same name for other content is refused. */
    content: v.string(),
    /** Changes it consists of, and how many of them, from the first, are applied; absent when all are. */
    part: v.optional(v.object({ size: v.number(), applied: v.number() })),
    counts: vTally,
    /** Keys of its first quarantined changes, as JSON text: what the answer names. */
    quarantinedKeys: v.optional(v.array(v.string())),
  })
    .index("by_identity", ["run", "identity"])
    .index("by_run", ["run", "sequence"]),

  /**
   * The keys that a refresh has delivered: 8 bytes of SHA-256 each, one document per chunk, while a
   * refresh is open or sweeping. Read and deleted by manifests.*.
   */
  manifests: defineTable({
    mirror: v.string(),
    generation: v.number(),
    /** Position within the generation, from 0. */
    sequence: v.number(),
    /** The epoch at which it was delivered: which attempt of the refresh it is a part of. */
    epoch: v.number(),
    keyHashes: v.bytes(),
  }).index("by_generation", ["mirror", "generation", "sequence"]),

  /**
   * The digest of each mirror's rows: with the changes that wait in `deltas`, equal to that of the table after every
   * commit, unless a write went past the importer. Read by audits and by verify.
   */
  digests: defineTable({
    mirror: v.string(),
    /** 64 buckets of count and sum: see src/core/proof/digest.ts. */
    digest: v.bytes(),
    /** What shows an audit which rows differ: see src/core/proof/sketch.ts. */
    sketch: v.bytes(),
    /** The number of the last change that was added from `deltas`. */
    folded: v.number(),
  }).index("by_mirror", ["mirror"]),

  /**
   * Small changes of each mirror's digest, numbered, at most 64 documents: see write/digests.ts. Read with `digests`.
   */
  deltas: defineTable({
    mirror: v.string(),
    number: v.number(),
    /** See encodeItems in src/core/proof/delta.ts. */
    items: v.bytes(),
  }).index("by_mirror", ["mirror", "number"]),

  /**
   * Changes that could not be applied, complete, until they are replayed, superseded or discarded. Read by
   * quarantine.* and people. Pruned by age.
   */
  quarantine: defineTable({
    mirror: v.string(),
    /** The code, and the field that is at fault: what write/reasons.ts counts by. */
    reason: v.string(),
    code: v.string(),
    message: v.string(),
    /** The row's key as JSON text; absent when it could not be read. */
    key: v.optional(v.string()),
    op: v.string(),
    /** The change as it arrived, as JSON text. */
    payload: v.string(),
    /** False when the payload was too large to keep: the source has to send the row again. */
    whole: v.boolean(),
    encoding: vRowEncoding,
    keyHash: v.optional(v.int64()),
    /** The row's version, if it is readable: older changes do not replace it. */
    version: v.optional(v.any()),
    run: v.id("runs"),
    /** The refresh that delivered it, if its key could not be read: nobody knows which row it is, so its sweep waits. */
    unreadableIn: v.optional(v.number()),
    delivery: v.optional(v.string()),
    receivedAt: v.string(),
  })
    // Not a part of by_key: replays go in the order of arrival.
    // eslint-disable-next-line @convex-dev/no-duplicate-indexes -- it is for the creation time that Convex appends
    .index("by_mirror", ["mirror"])
    .index("by_reason", ["mirror", "reason"])
    .index("by_key", ["mirror", "keyHash"])
    .index("by_generation", ["mirror", "unreadableIn"]),

  /**
   * How many changes are in quarantine, per mirror and reason.
   * Written with the quarantine, by write/reasons.ts; read by it and people.
   */
  quarantineReasons: defineTable({
    mirror: v.string(),
    reason: v.string(),
    code: v.string(),
    field: v.optional(v.string()),
    /** The kind of the value in the first of these changes. */
    found: v.optional(v.string()),
    changes: v.number(),
    firstAt: v.string(),
  }).index("by_reason", ["mirror", "reason"]),

  /**
   * Versions of deleted rows: a late update must not bring them back. Only for mirrors that declare a version.
   * Read by ingest.applyChunk; pruned by maintenance.
   */
  tombstones: defineTable({
    mirror: v.string(),
    keyHash: v.int64(),
    version: v.any(),
  }).index("by_key", ["mirror", "keyHash"]),

  /**
   * What sources sent that the schema does not expect, per mirror and field.
   * Read by write/drift.list and people.
   */
  drift: defineTable({
    mirror: v.string(),
    field: v.string(),
    kind: v.string(),
    /** Kind of the values found, and what they became. */
    from: v.string(),
    to: v.optional(v.string()),
    times: v.number(),
    sample: v.string(),
    firstSeenAt: v.string(),
    lastSeenAt: v.string(),
  }).index("by_field", ["mirror", "kind", "field"]),

  /**
   * The last audit of each mirror and what it found.
   * Read by audit.report and people.
   */
  audits: defineTable({
    mirror: v.string(),
    state: v.union(
      v.literal("walking"),
      v.literal("equal"),
      v.literal("differs"),
      v.literal("repaired"),
      v.literal("disturbed"),
    ),
    reason: v.string(),
    startedAt: v.string(),
    finishedAt: v.optional(v.string()),
    /** How much the importer had written to the mirror by then: findings of another time are outdated. */
    writes: v.number(),
    rows: v.number(),
    differingBuckets: v.array(v.number()),
    /** Rows edited, added or removed outside the importer, with their keys as JSON text. */
    findings: v.array(
      v.object({
        kind: v.union(v.literal("edited"), v.literal("added"), v.literal("removed")),
        key: v.union(v.string(), v.null()),
        keyHash: v.int64(),
        expected: v.optional(v.int64()),
        found: v.optional(v.int64()),
      }),
    ),
    /** Whether the findings are all there is; otherwise the differing buckets hold more. */
    all: v.boolean(),
    /** What the rows have and the stored digest has not: what a repair adds to it. */
    delta: v.optional(v.object({ digest: v.bytes(), sketch: v.bytes() })),
  }).index("by_mirror", ["mirror"]),

  /**
   * Keys that the source is asked to send again, after a repair.
   * Read when a run begins; deleted when the key arrives.
   */
  resends: defineTable({
    mirror: v.string(),
    key: v.string(),
    keyHash: v.int64(),
    reason: v.string(),
  })
    .index("by_key", ["mirror", "keyHash"])
    // By age: those that a refresh has answered are the oldest.
    // eslint-disable-next-line @convex-dev/no-duplicate-indexes -- it is for the creation time that Convex appends
    .index("by_mirror", ["mirror"]),

  /**
   * What connectors may present. Never the token itself: its SHA-256.
   * Read by access.authenticate and run/lifecycle.
   */
  tokens: defineTable({
    name: v.string(),
    /** The first characters, so that a person can distinguish tokens. */
    startsWith: v.string(),
    /** Names of the mirrors it opens; ["*"] opens all, including those of later deploys. */
    mirrors: v.array(v.string()),
    /** What it may do there. "export" opens the export, and the names are those of tables. */
    access: vAccess,
    /** The last request of any kind: what people look at. */
    lastUsedAt: v.optional(v.string()),
    /** The last sign that its connector is sending: what an open refresh waits for. Reading is none. */
    lastSentAt: v.optional(v.string()),
    /** Mirrors to clear when its connector names their streams in full, a list per `clear_tables`, newest last. */
    toClear: v.optional(v.array(v.object({ mirrors: v.array(v.string()), askedAt: v.string() }))),
    /** From when on it opens nothing: revoked, rotated or expired. */
    endsAt: v.optional(v.string()),
    endReason: v.optional(v.string()),
    /** SHA-256 of the token, as 64 hexadecimal digits. */
    hash: v.string(),
    /** Key for signed bodies, derived from the token; present when the token demands signatures. */
    signingKey: v.optional(v.string()),
  })
    .index("by_hash", ["hash"])
    .index("by_name", ["name"]),

  /**
   * Streams that a connector sent and no mirror is declared for, with the code to paste into schema.ts.
   * Read by people.
   */
  unknownStreams: defineTable({
    stream: v.string(),
    snippet: v.string(),
    firstSeenAt: v.string(),
    lastSeenAt: v.string(),
    times: v.number(),
    token: v.string(),
  }).index("by_stream", ["stream"]),

  /**
   * The change feed: one document per transaction and exported table, with the ids of the rows that it wrote and
   * deleted. Read by exportReaders.*; the oldest are deleted by maintenance.prune.
   */
  changes: defineTable({
    table: v.string(),
    written: v.array(v.string()),
    deleted: v.array(v.string()),
    /** When the transaction committed, in nanoseconds: the order of the feed. */
    at: v.commitTs(),
  })
    .index("by_at", ["at"])
    .index("by_table", ["table", "at"]),

  /**
   * Tables that the app exports, or once did.
   * Read by exportReaders.* and by people.
   */
  exports: defineTable({
    table: v.string(),
    /** Who writes it: the importer, or the app's own mutations. */
    kind: v.union(v.literal("mirror"), v.literal("app")),
    declaredAt: v.string(),
    /** Since when it is no longer exported. */
    removedAt: v.optional(v.string()),
    /** Whether its rows from before it was exported are in the feed, or older than the feed. */
    known: v.boolean(),
  }).index("by_table", ["table"]),

  /**
   * Who reads the export, and how far each has come: one row per token and set of tables.
   * Read by people.
   */
  readers: defineTable({
    /** Name of the token. */
    token: v.string(),
    /** The tables that it asks for: "flights, notes". */
    tables: v.string(),
    /** "snapshotting", "snapshotRead", "reading" or "upToDate". */
    state: vReaderState,
    /** It has everything that was committed up to there, in nanoseconds; of a snapshot, what it began with. */
    cursor: v.int64(),
    /** As the client names itself. */
    client: v.optional(v.string()),
    lastPageAt: v.string(),
    /** Rows of its last page. */
    lastRows: v.number(),
    /** Its sync, if it reads by `data/sync`, and the status as that API shows it. */
    sync: v.optional(v.object({ id: v.string(), status: v.string() })),
    /** The first of the tables, and how many there are. */
    first: v.optional(v.string()),
    count: v.number(),
  })
    .index("by_reader", ["token", "tables", "sync.id"])
    .index("by_last_page", ["lastPageAt"]),

  /**
   * The last walk over each exported table that looks for changes which nobody recorded.
   * Read by reconcile.* and by people.
   */
  reconciliations: defineTable({
    table: v.string(),
    state: v.union(v.literal("walking"), v.literal("done")),
    /** Rows that it has read, and changes that it has recorded, deletions included. */
    rows: v.number(),
    recorded: v.number(),
    startedAt: v.string(),
    finishedAt: v.optional(v.string()),
    lastStepAt: v.string(),
    /** Counts the walks: a step of an older one does nothing. */
    walk: v.number(),
    /** When it began, and when the last one did that has come to its end, in nanoseconds as in the feed. */
    began: v.commitTs(),
    since: v.optional(v.int64()),
    /** Where it continues, and the last row that it has compared. */
    cursor: v.union(v.string(), v.null()),
    after: v.union(v.object({ at: v.number(), id: v.string() }), v.null()),
    /** How far it has read the feed. */
    fed: v.union(v.int64(), v.null()),
  }).index("by_table", ["table"]),

  /**
   * The hashes of the rows of exported tables, as the last walk saw them: one document per page of some 256 rows.
   * Written and read by reconcile.*.
   */
  knownRows: defineTable({
    table: v.string(),
    /** The last of its rows, which are in the order of their creation. */
    endAt: v.number(),
    endId: v.string(),
    rows: v.array(v.object({ id: v.string(), at: v.number(), hash: v.int64() })),
  }).index("by_end", ["table", "endAt", "endId"]),

  /**
   * One document while anything is exported: how much of the feed there is.
   * Read with every page of changes.
   */
  feed: defineTable({
    /** A cursor that is lower may have missed a change that is no longer in the feed. */
    lowWater: v.commitTs(),
    /** Tables that were not exported for a while: a cursor below `until` has missed deletions. */
    gaps: v.array(v.object({ table: v.string(), until: v.commitTs() })),
    /** How far `ids` counts, and how many ids there are up to there. */
    countedTo: v.commitTs(),
    ids: v.number(),
  }),

  /**
   * One document: how the component reaches the app.
   * Read by access.authenticate, capability.check, ingest.* and sweep.*.
   */
  app: defineTable({
    /** Hash of all contracts; when a request has another, the registry is updated. */
    fingerprint: v.string(),
    declaredAt: v.string(),
    handles: vHandles,
    /** What the app's `write` is given with every call: see capability.ts. No function returns it. */
    secret: v.string(),
    /** The write budget, for the component's own writes: sweeps. */
    budget: vBudget,
  }),
});
