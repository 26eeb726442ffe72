import type { Json, JsonObject } from "../changes/change.js";
import { parseJson } from "../changes/json.js";
import { HttpError } from "./errors.js";

/**
 * The largest body accepted, in bytes. The backend's own route takes 20 MiB; parsing needs several times that of the
 * 64 MiB that an HTTP action has.
 */
export const MAX_BODY_BYTES = 20 * 1024 * 1024;

/** The shortest `Authorization` header that Convex takes for one. */
const MIN_HEADER_LENGTH = 7;

/** The token in `Authorization: Convex <token>` (what the connectors send) or `Bearer <token>`. */
export function tokenOf(request: Request): string {
  const header = request.headers.get("Authorization");
  if (header === null) {
    throw new HttpError(
      403,
      "BadDeployKey",
      "The Authorization header is missing. Send `Authorization: Convex <token>` with a token made by `npx convex run imports:createToken`.",
    );
  }
  if (header.length < MIN_HEADER_LENGTH) {
    throw new HttpError(400, "InvalidHeaderFailure", "The Authorization header is too short to hold a token.");
  }
  const match = /^(?:convex|bearer)\s+(\S+)\s*$/i.exec(header);
  if (match === null) {
    throw new HttpError(400, "InvalidAdminKey", "Write the Authorization header as `Convex <token>`.");
  }
  return match[1]!;
}

/** Reads a JSON object. @throws HttpError 413 BodyTooLarge, 400 BadJsonBody */
export async function readJsonObject(request: Request): Promise<JsonObject> {
  const declared = Number(request.headers.get("Content-Length") ?? 0);
  if (declared > MAX_BODY_BYTES) throw tooLarge(declared);
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > MAX_BODY_BYTES) throw tooLarge(bytes.byteLength);
  let value: Json;
  try {
    value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw badJson(error instanceof Error ? error.message : String(error));
  }
  if (!isObject(value)) throw badJson("the body must be a JSON object");
  return value;
}

/** A body that is JSON but not what the endpoint takes. */
export function badJson(what: string): HttpError {
  return new HttpError(400, "BadJsonBody", `The request body cannot be used: ${what}.`);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tooLarge(bytes: number): HttpError {
  return new HttpError(
    413,
    "BodyTooLarge",
    `The body has ${String(bytes)} bytes; at most ${String(MAX_BODY_BYTES)} (20 MiB) are accepted. Send fewer records per request.`,
  );
}
