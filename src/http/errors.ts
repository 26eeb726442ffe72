import { pageOf } from "../core/docs.js";
import {
  ledgerErrorData,
  missingFunction,
  missingFunctionMessage,
  type LedgerErrorData,
} from "../core/wire/errors.js";
import { shorten } from "../core/rows/text.js";
import { NameError } from "../core/rows/names.js";
import { isTransient } from "../core/wire/transient.js";

/** Every refusal that a connector can be given. Stable: connectors, people and documentation refer to them. */
export type ErrorCode =
  // The names that the Convex backend uses for the same situation.
  | "BadDeployKey"
  | "BadAdminKey"
  | "InvalidAdminKey"
  | "InvalidHeaderFailure"
  | "OperationNotPermitted"
  | "BadJsonBody"
  | "MissingStream"
  | "MissingPrimaryKeyValue"
  | "EmptyPrimaryKey"
  | "InvalidPrimaryKey"
  | "ValueTooLargeError"
  | "ArrayTooLong"
  | "TooNestedError"
  | "TooManyFieldsError"
  | "SchemaEnforcementError"
  | "InternalServerError"
  | "BadQueryArgs"
  | "BadFormat"
  | "DocumentDeltasCursorRequired"
  | "InvalidWindowToReadDocuments"
  | "InvalidListSnapshotCursor"
  | "SnapshotTooOld"
  | "SnapshotTooNew"
  | "StreamingExportNotEnabled"
  | "InvalidDataSyncCursor"
  | "DataSyncCursorExpired"
  | "InvalidDataSyncSelection"
  | "InvalidCursor"
  | "LimitOutOfRange"
  // Ours.
  | "BodyTooLarge"
  | "InvalidTableName"
  | "InvalidSignature"
  | "PrimaryKeyMismatch"
  | "SchemaDrift"
  | "UnknownMirror"
  | "UnknownTable"
  | "UnknownRun"
  | "StaleRun"
  | "StaleGeneration"
  | "OutOfSequence"
  | "DeliveryMismatch"
  | "OverBudget"
  | "Overloaded"
  | "MirrorPaused"
  | "AuditOutdated"
  | "NotSetUp";

/** What a program needs to act on a refusal. */
export interface ErrorDetails {
  /** When to try again, in milliseconds; sent as `Retry-After` too, in whole seconds. */
  retryAfterMs?: number;
  /** OutOfSequence: the sequence number that the run waits for. StaleRun at the beginning of a run: the mirror's epoch. */
  expected?: number;
  /** BodyTooLarge: what is accepted, in bytes, or in what the message names. */
  limit?: number;
}

/** A refusal on its way to the client. The message says what is wrong and what to do about it. */
export class HttpError extends Error {
  override name = "HttpError";

  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    // Names are of any length where they come from.
    super(shorten(message, MAX_MESSAGE));
  }
}

/** The longest message, in characters: it has room for the declaration of a wide table. */
const MAX_MESSAGE = 60_000;

/** Refusals whose message may quote the body of the request, and with it values of rows. */
const QUOTING: ReadonlySet<string> = new Set<ErrorCode>([
  "BadJsonBody",
  "MissingPrimaryKeyValue",
  "ValueTooLargeError",
  "ArrayTooLong",
  "TooManyFieldsError",
  "TooNestedError",
  "SchemaEnforcementError",
  "SchemaDrift",
]);

/** Why a request was refused, for those who may not see rows: what may quote one is left to its code. */
export function reasonWithoutRows(code: string, message: string): string {
  return QUOTING.has(code) ? `The last request was refused: ${code}.` : message;
}

/** How long a busy deployment asks a sender to wait, in milliseconds. The importer has already retried. */
const OVERLOADED_RETRY_MS = 5_000;

/** What a sender is asked whose request a person has to make possible, in milliseconds. */
const UNAVAILABLE_RETRY_MS = 60_000;

/** What the client sees of an error: always JSON, always with `code` and `message`; and a link to the code's page. */
export function errorResponse(error: unknown): Response {
  const { status, code, message, details } = describe(error);
  const headers = {
    Link: `<${pageOf(code)}>; rel="help"`,
    ...(details.retryAfterMs !== undefined && {
      "Retry-After": String(Math.max(1, Math.ceil(details.retryAfterMs / 1000))),
    }),
  };
  return Response.json({ code, message, ...details }, { status, headers });
}

/** The status of each situation that the component reports. */
const STATUS: Partial<Record<LedgerErrorData["code"], readonly [number, ErrorCode]>> = {
  UnknownMirror: [503, "NotSetUp"],
  NotDeclared: [503, "NotSetUp"],
  UnknownRun: [404, "UnknownRun"],
  StaleRun: [409, "StaleRun"],
  StaleGeneration: [409, "StaleGeneration"],
  OutOfSequence: [409, "OutOfSequence"],
  DeliveryMismatch: [409, "DeliveryMismatch"],
  AuditOutdated: [409, "AuditOutdated"],
  OverBudget: [429, "OverBudget"],
  MirrorPaused: [503, "MirrorPaused"],
  InvalidWindowToReadDocuments: [400, "InvalidWindowToReadDocuments"],
  // Not 403, which Airbyte's source takes for a stream to skip without a word.
  StreamingExportNotEnabled: [400, "StreamingExportNotEnabled"],
  SnapshotTooOld: [400, "SnapshotTooOld"],
  SnapshotTooNew: [400, "SnapshotTooNew"],
  InvalidListSnapshotCursor: [400, "InvalidListSnapshotCursor"],
};

/** Turns whatever was thrown into a refusal. Faults of ours become a 500 without their details, which go to the log. */
export function describe(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof NameError) return new HttpError(400, "InvalidTableName", error.message);
  const data = ledgerErrorData(error);
  const known = data === null ? undefined : STATUS[data.code];
  if (data !== null && known !== undefined) {
    const { message, expected, retryAfterMs = known[0] === 503 ? UNAVAILABLE_RETRY_MS : undefined } = data;
    return new HttpError(...known, message, {
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(expected !== undefined && { expected }),
    });
  }
  console.error("convex-streaming-import:", error);
  const missing = missingFunction(error);
  if (missing !== undefined)
    return new HttpError(503, "NotSetUp", missingFunctionMessage(missing), {
      retryAfterMs: UNAVAILABLE_RETRY_MS,
    });
  if (isTransient(error)) {
    return new HttpError(
      503,
      "Overloaded",
      "The deployment is too busy for this request. Send the same again after the time that is given.",
      { retryAfterMs: OVERLOADED_RETRY_MS },
    );
  }
  return new HttpError(
    500,
    "InternalServerError",
    "The request failed inside the deployment; its log has the details. Sending the same again is safe, except for rows of mirrors without a primary key.",
  );
}
