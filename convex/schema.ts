import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { vCounts, vHandles, vMirrorState, vRunState, vSyncMode } from "./validators.js";

/**
 * The ledger of imports. The rows themselves live in the app's mirror tables; nothing here holds a copy of them.
 * Times are ISO 8601 strings (UTC), because people read these tables in the Convex dashboard.
 */
export default defineSchema({
  /**
   * One row per mirror of the app's schema: what a person looks at first.
   * Written by registry.declare (after a deploy), ingest.applyChunk, runs.* and refresh.*; read everywhere.
   */
  mirrors: defineTable({
    /** The app's table. */
    name: v.string(),
    /** What is going on, and why, in words. */
    state: vMirrorState,
    reason: v.string(),
    /** Rows in the mirror now. */
    rows: v.number(),
    lastAppliedAt: v.optional(v.string()),
    lastError: v.optional(v.string()),
    /** As declared: "public.customers"; equal to `name` when the schema names no source. */
    source: v.string(),
    /** As declared: "date, origin, destination", or "none" for an append-only mirror. */
    primaryKey: v.string(),
    version: v.optional(v.string()),
    owner: v.optional(v.string()),
    /** How the connector delivered last. */
    syncMode: v.optional(vSyncMode),
    /** What happened to every change ever received. */
    total: vCounts,
    /** Rows that full refreshes took away, by sweep or clear: rows = inserted - deleted - removed. */
    removed: v.number(),
    /** Counts full refreshes; a run of generation n sweeps what generation n did not bring. */
    generation: v.number(),
    /** Counts runs; a run whose epoch is not the mirror's may not write. */
    epoch: v.number(),
    /** The run that owns the mirror, while one does. */
    run: v.optional(v.id("runs")),
    /** The finished refresh whose stale rows are being removed, while that lasts. */
    sweeping: v.optional(v.id("runs")),
  }).index("by_name", ["name"]),

  /**
   * One row per sync attempt of one mirror.
   * Written by runs.*, ingest.applyChunk and refresh.*; read by status queries and by people. Old ones are pruned
   * when a run begins (see MAX_RUNS_PER_MIRROR in runs.ts).
   */
  runs: defineTable({
    mirror: v.string(),
    state: vRunState,
    reason: v.string(),
    /** What opened it: "records", "clear_tables" or the connector's temporary table. */
    openedBy: v.string(),
    /** The connector: while it sends anything at all, a refresh is not taken for finished. */
    token: v.id("tokens"),
    /** How long the connector must be silent before the run counts as finished, in milliseconds. */
    settleAfterMs: v.number(),
    syncMode: vSyncMode,
    epoch: v.number(),
    /** The generation that a full refresh brings; absent for incremental runs. */
    generation: v.optional(v.number()),
    startedAt: v.string(),
    lastDeliveryAt: v.optional(v.string()),
    finishedAt: v.optional(v.string()),
    /** Chunks applied, and the bytes they carried. */
    chunks: v.number(),
    bytes: v.number(),
    counts: vCounts,
    /** Rows that a finished refresh removed because it did not bring them. */
    swept: v.number(),
    /** Counts the attempts to sweep, so that the watchdog restarts only one that died. */
    sweepAttempt: v.number(),
  }).index("by_mirror", ["mirror", "epoch"]),

  /**
   * Which keys a refresh has brought: 8 bytes of SHA-256 for each, one document per chunk.
   * Written by ingest.applyChunk while a refresh is open or sweeping; read and deleted by refresh.*.
   */
  manifests: defineTable({
    run: v.id("runs"),
    /** Position within the run, from 0. */
    sequence: v.number(),
    keyHashes: v.bytes(),
  }).index("by_run", ["run", "sequence"]),

  /**
   * What connectors may present. Never the token itself: its SHA-256.
   * Written by tokens.* and ingest.applyChunk (lastUsedAt); read by tokens.authenticate and runs.settle.
   */
  tokens: defineTable({
    name: v.string(),
    /** The first characters, so that a person can tell two tokens apart. */
    startsWith: v.string(),
    /** Names of the mirrors it opens; ["*"] opens all, those of later deploys too. */
    mirrors: v.array(v.string()),
    lastUsedAt: v.optional(v.string()),
    revokedAt: v.optional(v.string()),
    /** SHA-256 of the token, as 64 hexadecimal digits. */
    hash: v.string(),
  })
    .index("by_hash", ["hash"])
    .index("by_name", ["name"]),

  /**
   * Streams that a connector sent and no mirror is declared for, with the code to paste into schema.ts.
   * Written by registry.recordUnknownStream and registry.declare (which removes those now declared); read by people.
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
   * One document: how the component reaches the app.
   * Written by registry.declare; read by tokens.authenticate, ingest.* and refresh.*.
   */
  app: defineTable({
    /** Hash of all contracts; when a request brings another, the registry is brought in step. */
    fingerprint: v.string(),
    declaredAt: v.string(),
    handles: vHandles,
  }),
});
