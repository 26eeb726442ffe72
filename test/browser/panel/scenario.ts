import { noCounts } from "../../../src/core/wire/counts.js";
import type { MirrorStatus } from "../../../src/core/wire/views.js";

/** What a deployment answers whose mirrors are in every state. */

/** All times are from one moment, however long the tests run. */
const NOW = Date.now();
const ago = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString();

function mirror(name: string, values: Partial<MirrorStatus> = {}): MirrorStatus {
  return {
    name,
    source: `public.${name}`,
    owner: "Sales",
    state: "upToDate",
    reason: "Everything received is applied.",
    hint: "Nothing to do.",
    held: null,
    primaryKey: "id",
    syncMode: "append_dedup",
    policy: "evolve",
    deletes: "hard",
    expectEveryMs: null,
    rows: 1_284_217,
    quarantined: 0,
    resending: false,
    drift: 0,
    total: { ...noCounts, received: 1_290_000, inserted: 1_284_217 },
    removed: 0,
    copied: 0,
    generation: 1,
    epoch: 4,
    running: false,
    run: null,
    lastRun: `4: complete at ${ago(40)}`,
    lagMs: 850,
    lastAppliedAt: ago(40),
    lastHeardAt: ago(3),
    lastError: null,
    ...values,
  };
}

const LONG = "a_mirror_whose_name_is_as_long_as_a_warehouse_makes_them_before_breakfast";

export const MIRRORS: MirrorStatus[] = [
  mirror("customers"),
  mirror("orders", { state: "snapshotting", run: runOf(300_000), rows: 1_200_000 }),
  mirror(LONG, { rows: 7 }),
  mirror("invoices", {
    state: "rowsWaiting",
    reason: "2,000 rows wait in quarantine. Everything else received is applied.",
    hint: "See why: npx streaming-import quarantine list invoices.",
    quarantined: 2_000,
    drift: 1,
  }),
  mirror("payments", {
    state: "failed",
    reason: "The token of the connector was refused.",
    hint: "Give the connector a token that is valid: npx streaming-import token rotate airbyte.",
    lastError: `${ago(60)} Unauthorized: The token is revoked.`,
  }),
  mirror("ledger", {
    state: "sweepHeld",
    reason: "Refresh 7 is complete, but delivered only 3 of 900 rows.",
    held: "Refresh 7 is complete, but delivered only 3 of 900 rows.",
  }),
  mirror("rates", { state: "stale", lastHeardAt: ago(9_000), reason: "No contact for 2 h." }),
  mirror("old_table", { state: "removed", reason: "No longer declared." }),
  mirror("shipments", {
    state: "late",
    lastHeardAt: ago(900),
    reason: "No contact for 15 min (expected every 5 min).",
  }),
  mirror("returns", { state: "paused", reason: "Paused by an operator." }),
  mirror("carts", {
    state: "waiting",
    rows: 0,
    lagMs: null,
    lastAppliedAt: null,
    lastHeardAt: null,
    lastRun: null,
  }),
  ...Array.from({ length: 39 }, (_, i) =>
    mirror(`table_${String(i + 1).padStart(2, "0")}`, { rows: i * 997 }),
  ),
];

function runOf(received: number): MirrorStatus["run"] {
  return {
    id: "r",
    state: "running",
    syncMode: "overwrite",
    generation: 2,
    startedAt: ago(90),
    received,
    swept: 0,
  };
}

export function answers(values: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    importStatus: { mirrors: MIRRORS, unknownStreams: 1, mayOperate: true },
    mirrorStatus: MIRRORS[1],
    unknownStreams: [
      {
        stream: "public_carts",
        snippet: 'carts: mirrorTable({ id: v.int64() }, { primaryKey: ["id"] }),',
        times: 3,
        firstSeenAt: ago(90),
        lastSeenAt: ago(3),
      },
    ],
    samples: [3_600, 1_800, 600, 60].map((seconds, i) => ({
      at: ago(seconds),
      rows: 400_000 * (i + 1),
      received: 400_000 * (i + 1),
      quarantined: 0,
      lagMs: 500 + 100 * i,
    })),
    runs: [3, 2, 1].map((epoch) => ({
      id: `r${String(epoch)}`,
      state: "complete",
      reason: "Complete.",
      openedBy: "sender",
      syncMode: "append_dedup",
      epoch,
      generation: null,
      startedAt: ago(4_000 - epoch * 1_000),
      lastDeliveryAt: null,
      finishedAt: null,
      chunks: 3,
      bytes: 1_024,
      counts: { ...noCounts, received: 1_200_345, inserted: 1_200_345 },
      swept: 0,
    })),
    drift: {
      entries: [
        {
          mirror: "invoices",
          field: "note",
          kind: "unknown",
          from: "string",
          to: null,
          times: 2,
          firstSeenAt: ago(90),
          lastSeenAt: ago(3),
        },
      ],
      snippet: "  note: v.optional(v.string()), // seen twice",
    },
    quarantineReasons: [
      {
        reason: "TypeMismatch tags",
        code: "TypeMismatch",
        field: "tags",
        found: "string",
        fix: "tags: v.union(v.array(v.string()), v.string()),",
        changes: 1_999,
        firstAt: ago(900),
      },
      {
        reason: "MissingPrimaryKeyValue",
        code: "MissingPrimaryKeyValue",
        field: null,
        found: null,
        fix: null,
        changes: 1,
        firstAt: ago(60),
      },
    ],
    quarantine: [
      {
        id: "q1",
        mirror: "invoices",
        reason: "TypeMismatch tags",
        code: "TypeMismatch",
        message: 'The field "tags": found a string where an array belongs.',
        key: '[{"$integer":"QA8DAAAAAAA="}]',
        op: "upsert",
        payload: '{"id":200512,"tags":"a,b"}',
        whole: true,
        encoding: "json",
        receivedAt: ago(900),
      },
    ],
    auditReport: {
      state: "differs",
      reason: "2 rows were written outside the importer.",
      startedAt: ago(120),
      finishedAt: ago(100),
      rows: 1_284_217,
      differingBuckets: [3],
      findings: [
        { kind: "edited", key: "[7]" },
        { kind: "removed", key: "[8]" },
      ],
      all: true,
    },
    ...values,
  };
}
