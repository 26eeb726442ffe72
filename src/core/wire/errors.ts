import { platformWords } from "./limitErrors.js";
import { ConvexError, type Value } from "convex/values";

/** Situations that a caller of the component can do something about. */
export type LedgerErrorCode =
  | "UnknownMirror"
  | "NotDeclared"
  | "ImporterOnly"
  | "InvalidTokenName"
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
  | "UnknownTable"
  | "InvalidWindowToReadDocuments"
  | "StreamingExportNotEnabled"
  | "SnapshotTooOld"
  | "SnapshotTooNew"
  | "InvalidListSnapshotCursor"
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

/** What the app's functions say of a table that is none of its mirrors: a deploy is ahead of the registry. */
const NO_MIRROR = platformWords(String.raw`"[^"\n]*" is not a mirror of this schema`);

/** A function of the app that is missing, in the words of the backend and of `convex-test`. */
const MISSING_FUNCTION = platformWords(
  String.raw`(?:(?:function )?handle not found|(?:could not|couldn't) find (?:\w+ )?(?:function|module|query|mutation)\b|Expected an? [\w ]*function exported from module "[^"\n]*" as .{0,200}, but there is no such export|no such (?:function|export))`,
);

/** Where these messages name the function: `'imports:rows'`, or module and name apart. */
const NAMED = /for '([\w/-]+):(\w+)'|module "([^"\n]+)" as `(\w+)`/;

/**
 * The function of the app that an error says is missing: "imports:rows". Undefined for every other error, null where
 * the platform does not name it.
 */
export function missingFunction(error: unknown): string | null | undefined {
  if (!(error instanceof Error) || !MISSING_FUNCTION.test(error.message)) return undefined;
  const [, module = "", name, otherModule = module, otherName = name] = NAMED.exec(error.message) ?? [];
  return otherName === undefined ? null : `${otherModule}:${otherName}`;
}

/** What a person does about a function of the app that is missing; null for one whose name is not known. */
export function missingFunctionMessage(path: string | null): string {
  const what =
    path === null
      ? "a function that the importer calls. Export it"
      : `${path}, which the importer calls. Export it from convex/${path.split(":")[0]!}.ts`;
  return `The app does not export ${what} and deploy. npx streaming-import init adds the functions of internalFunctions() that are missing.`;
}

/** True for an error that says that the mirror is no longer in the app's schema. */
export function isMirrorGone(error: unknown): boolean {
  return error instanceof Error && NO_MIRROR.test(error.message);
}

/**
 * True for faults of the app, not of a row: a missing function, a removed mirror, an app that has declared nothing, or
 * that knows another installation of the component fail for every row. (An app that cannot find a customer is another matter.)
 */
export function isSetUpError(error: unknown): boolean {
  const code = ledgerErrorData(error)?.code;
  if (code === "NotDeclared" || code === "ImporterOnly" || isMirrorGone(error)) return true;
  return missingFunction(error) !== undefined;
}
