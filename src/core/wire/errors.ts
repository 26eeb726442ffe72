import { ConvexError, type Value } from "convex/values";

/** Situations that a caller of the component can do something about. */
export type LedgerErrorCode =
  | "UnknownMirror"
  | "NotDeclared"
  | "TokenNameTaken"
  | "UnknownToken"
  | "MirrorPaused"
  | "StaleRun"
  | "StaleGeneration"
  | "UnknownRun"
  | "OutOfSequence"
  | "DeliveryMismatch"
  | "DeliveryMoved"
  | "OverBudget"
  | "AuditOutdated"
  /** Between functions of the component only. */
  | "TombstoneHit";

/** What the component throws: a stable code, a sentence that says what to do, and what a program needs to do it. */
export type LedgerErrorData = {
  code: LedgerErrorCode;
  message: string;
  /** OverBudget, MirrorPaused: when to try again, in milliseconds. */
  retryAfterMs?: number;
  /** DeliveryMoved: how many changes of the delivery are applied already. */
  applied?: number;
  /** OutOfSequence: the sequence number that the run waits for. */
  expected?: number;
};

export function ledgerError(
  code: LedgerErrorCode,
  message: string,
  more: Omit<LedgerErrorData, "code" | "message"> = {},
): ConvexError<LedgerErrorData> {
  return new ConvexError({ code, message, ...more });
}

/** The data of an error that the component threw, or null for any other error. */
export function ledgerErrorData(error: unknown): LedgerErrorData | null {
  if (!isConvexError(error)) return null;
  const data = error.data as LedgerErrorData | null;
  return typeof data === "object" && data !== null && typeof data.code === "string" ? data : null;
}

/** Not by its class: the app and the component may each have been bundled with a copy of it. */
function isConvexError(error: unknown): error is ConvexError<Value> {
  return error instanceof Error && Symbol.for("ConvexError") in error;
}
