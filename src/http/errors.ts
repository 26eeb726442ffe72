import { ConvexError } from "convex/values";
import { NameError } from "../changes/identifiers.js";

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
  // Ours.
  | "BodyTooLarge"
  | "InvalidTableName"
  | "PrimaryKeyMismatch"
  | "StaleRun"
  | "NotSetUp";

/** A refusal on its way to the client. The message says what is wrong and what to do about it. */
export class HttpError extends Error {
  override name = "HttpError";

  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** What the client sees of an error: always JSON, always `{code, message}`. */
export function errorResponse(error: unknown): Response {
  const { status, code, message } = describe(error);
  return Response.json({ code, message }, { status });
}

/** Turns whatever was thrown into a refusal. Faults of ours become a 500 without their details, which go to the log. */
export function describe(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof NameError) return new HttpError(400, "InvalidTableName", error.message);
  const data: unknown = error instanceof ConvexError ? error.data : null;
  if (typeof data === "object" && data !== null && "code" in data && "message" in data) {
    const message = String(data.message);
    if (data.code === "StaleRun") return new HttpError(409, "StaleRun", message);
    if (data.code === "NotDeclared" || data.code === "UnknownMirror") return new HttpError(503, "NotSetUp", message);
  }
  console.error("convex-streaming-import:", error);
  return new HttpError(
    500,
    "InternalServerError",
    "The import failed inside the deployment; its log has the details. Sending the same request again is safe for mirrors with a primary key.",
  );
}
