/** What our own protocol says and hears (docs/protocol.md), as the command uses it. */

export type SyncMode = "append" | "append_dedup" | "overwrite";

/** `POST /v1/runs`. */
export interface RunOptions {
  mirror: string;
  syncMode: SyncMode;
  generation?: number;
  minimumGeneration?: number;
  epoch?: number;
  /** How long the sender may be silent before it counts as died. */
  silenceSeconds?: number;
}

export interface BegunRun {
  mirror: string;
  run: string;
  epoch: number;
  /** The generation of the run; null for an incremental run. */
  generation: number | null;
  /** Rows that an earlier run of the same generation delivered are kept. */
  continued: boolean;
  nextSequence: number;
  /** Keys that the source is asked to send again. */
  resend: unknown[];
}

/** received = inserted + updated + unchanged + deleted + stale + ignored + quarantined, always. */
export interface Counts {
  received: number;
  inserted: number;
  updated: number;
  unchanged: number;
  deleted: number;
  stale: number;
  ignored: number;
  quarantined: number;
}

export interface Delivered {
  delivery: string;
  sequence: number;
  replayed: boolean;
  counts: Counts;
  quarantinedKeys: unknown[];
}

export interface FinishedRun {
  run: string;
  state: string;
  /** The state in words. Older deployments do not say it. */
  reason?: string;
  counts: Counts;
}

/** A validator as JSON, for the fields in `GET /v1/mirrors`. */
export interface ValidatorJson {
  type: string;
  value?: unknown;
  keys?: unknown;
  values?: unknown;
  tableName?: string;
}

export interface FieldJson {
  fieldType: ValidatorJson;
  optional: boolean;
}

/** A mirror as `GET /v1/mirrors` describes it. Older deployments leave some of it out. */
export interface MirrorInfo {
  name: string;
  source: string | null;
  primaryKey: string[] | null;
  version: string | null;
  fields?: Record<string, FieldJson>;
  columns?: Record<string, string>;
  drop?: string[];
  hash?: string[];
  filtered?: boolean;
  overflow?: string | null;
  drift?: unknown;
  onDelete?: string;
  deletedField?: string | null;
  owner?: string | null;
  /** What the token may do with it. */
  access?: "read" | "write";
}

/** A mirror as the registry knows it. */
export interface MirrorStatus {
  name: string;
  source: string;
  owner: string | null;
  state: string;
  reason: string;
  /** For operators: why the last refresh deletes nothing until a person agrees; null when its sweep is not held. */
  held?: string | null;
  primaryKey: string;
  syncMode: string | null;
  rows: number;
  quarantined: number;
  total: Counts;
  removed: number;
  copied: number;
  generation: number;
  epoch: number;
  running: boolean;
  lagMs: number | null;
  lastAppliedAt: string | null;
  lastHeardAt: string | null;
  lastError: string | null;
}

/** 64 buckets of [count, sum as 16 hexadecimal digits]. */
export interface SourceDigest {
  mirror: string;
  rows?: number;
  buckets: [number, string][];
}

export const NO_COUNTS: Readonly<Counts> = {
  received: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  stale: 0,
  ignored: 0,
  quarantined: 0,
};

export function addCounts(a: Readonly<Counts>, b: Readonly<Counts>): Counts {
  const sum = { ...a };
  for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += b[name];
  return sum;
}

/** Whether everything that was received is accounted for. */
export function isConserved(counts: Readonly<Counts>): boolean {
  const { received, ...became } = counts;
  return received === Object.values(became).reduce((sum, count) => sum + count, 0);
}

/** What the operator's functions of an app return: see src/client/operations/operatorFunctions.ts and tokenFunctions.ts. */

export interface RunInfo {
  id: string;
  state: string;
  reason: string;
  openedBy: string;
  syncMode: string;
  epoch: number;
  generation: number | null;
  startedAt: string;
  lastDeliveryAt: string | null;
  finishedAt: string | null;
  chunks: number;
  bytes: number;
  counts: Counts;
  swept: number;
}

export interface QuarantineEntry {
  id: string;
  mirror: string;
  code: string;
  message: string;
  key: string | null;
  op: string;
  payload: string;
  whole: boolean;
  encoding: string;
  receivedAt: string;
}

export interface AuditReport {
  state: string;
  reason: string;
  startedAt: string;
  finishedAt: string | null;
  rows: number;
  differingBuckets: number[];
  findings: { kind: string; key: string | null }[];
  all: boolean;
}

export interface TokenInfo {
  name: string;
  startsWith: string;
  mirrors: string[];
  access: string;
  signed: boolean;
  createdAt: string;
  lastUsedAt: string | null;
  endsAt: string | null;
  endReason: string | null;
}

export interface UnknownStream {
  stream: string;
  /** The declaration to paste into schema.ts. */
  snippet: string;
  times: number;
  firstSeenAt: string;
  lastSeenAt: string;
}
