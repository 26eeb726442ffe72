import { ConvexError } from "convex/values";

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
  if (!(error instanceof ConvexError)) return null;
  const data = error.data as LedgerErrorData | null;
  return typeof data === "object" && data !== null && typeof data.code === "string" ? data : null;
}
