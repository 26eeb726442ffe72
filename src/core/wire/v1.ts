/** What our own protocol says and hears (docs/protocol.md), as the command uses it. */
import type { Counts, SyncMode } from "./changes.js";

/** `POST /v1/runs`. */
export interface RunOptions {
  mirror: string;
  syncMode: SyncMode;
  generation?: number;
  minimumGeneration?: number;
  /** Whose number the generation is; numbers of different counters are not compared. */
  counter?: string;
  /** Every row comes, even if the generation is complete: that is a refresh of its own then. */
  again?: boolean;
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

/** 64 buckets of [count, sum as 16 hexadecimal digits]. */
export interface SourceDigest {
  mirror: string;
  rows?: number;
  buckets: [number, string][];
}
