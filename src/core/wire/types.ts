import type { Counts } from "./v1.js";

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
