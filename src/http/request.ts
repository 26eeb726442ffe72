import { isObject, type Json, type JsonObject } from "../core/rows/values.js";
import { parseJson } from "../core/rows/json.js";
import { isAscii, loadScripts } from "../core/rows/transliterate.js";
import { HttpError } from "./errors.js";
import type { Importer, ImportSession } from "./importer.js";

/**
 * The largest body accepted, in bytes, before and after decompression. The backend's own route takes 20 MiB; parsing
 * needs several times that of the 64 MiB that an HTTP action has.
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
      "The Authorization header is missing. Send `Authorization: Convex <token>` with a token made by `npx streaming-import token create`.",
    );
  }
  if (header.length < MIN_HEADER_LENGTH) {
    throw new HttpError(
      400,
      "InvalidHeaderFailure",
      "The Authorization header is too short to hold a token.",
    );
  }
  const match = /^(?:convex|bearer)\s+(\S+)\s*$/i.exec(header);
  if (match === null) {
    throw new HttpError(400, "InvalidAdminKey", "Write the Authorization header as `Convex <token>`.");
  }
  return match[1]!;
}

/** Opens a session, if the token may write at all. @throws HttpError 403 */
export async function openToWrite(
  importer: Importer,
  request: Request,
  maxBodyBytes?: number,
): Promise<ImportSession> {
  const session = await importer.open(request, maxBodyBytes);
  if (session.access === "write") return session;
  throw new HttpError(
    403,
    "OperationNotPermitted",
    "This token may not write, only read. Make one that may with `npx streaming-import token create`, and enter it as the connector's key.",
  );
}

/** The body of a request, as sent. @throws HttpError 413 BodyTooLarge */
export async function readBody(
  request: Request,
  maxBytes = MAX_BODY_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(request.headers.get("Content-Length") ?? 0);
  if (declared > maxBytes) throw tooLarge(declared, maxBytes);
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > maxBytes) throw tooLarge(bytes.byteLength, maxBytes);
  return bytes;
}

/** The bytes of a body, decompressed. @throws HttpError 413 BodyTooLarge, 400 BadJsonBody */
export async function plainBytesOf(
  request: Request,
  body: Uint8Array<ArrayBuffer>,
  maxBytes = MAX_BODY_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = (request.headers.get("Content-Encoding") ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return body;
  if (encoding !== "gzip" && encoding !== "x-gzip") {
    throw badJson(`the Content-Encoding "${encoding}" is not understood; send it plain or as gzip`);
  }
  // It builds tables when it is evaluated, which a body that is plain does not pay for.
  const { gunzip } = await import("./gunzip.js");
  const bytes = gunzip(body, maxBytes);
  if (bytes === "corrupt") throw badJson("it is not a complete gzip stream; compress it and send it again");
  if (bytes === "too large") throw tooLarge(null, maxBytes);
  return bytes;
}

/**
 * A body as text. What it names may be cleaned afterwards: the tables of other scripts are loaded if it may have such a
 * name.
 * @throws HttpError 400 BadJsonBody
 */
export async function textOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw badJson("it is not UTF-8");
  }
  if (!isAscii(text) || text.includes("\\u")) await loadScripts();
  return text;
}

/** The body as a JSON object. @throws HttpError 413 BodyTooLarge, 400 BadJsonBody */
export async function jsonObjectOf(request: Request, body: Uint8Array<ArrayBuffer>): Promise<JsonObject> {
  const value = parse(await textOf(await plainBytesOf(request, body)));
  if (!isObject(value)) throw badJson("the body must be a JSON object");
  return value;
}

/** The body of a route of the Convex backend's own import, which takes JSON that is called so. @throws HttpError */
export async function backendBodyOf(request: Request, body: Uint8Array<ArrayBuffer>): Promise<JsonObject> {
  requireJson(request);
  return await jsonObjectOf(request, body);
}

/** @throws HttpError 400 BadJsonBody */
export function requireJson(request: Request): void {
  const type = request.headers.get("Content-Type") ?? "";
  if (/^\s*application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(type)) return;
  throw badJson("its Content-Type is not application/json; send that header");
}

/** JSON text as a value. @throws HttpError 400 BadJsonBody */
export function parse(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw badJson(error instanceof Error ? error.message : String(error));
  }
}

/** A body that is JSON but not what the endpoint takes. */
export function badJson(what: string): HttpError {
  return new HttpError(400, "BadJsonBody", `The request body cannot be used: ${what}.`);
}

/**
 * What a request is told that has more of something than is accepted.
 * @param count Null when the limit was passed before the end.
 */
export function tooMany(count: number | null, limit: number, things: string, parts = "requests"): HttpError {
  const number = count === null ? `more than ${String(limit)}` : String(count);
  return new HttpError(
    413,
    "BodyTooLarge",
    `The request has ${number} ${things}; at most ${String(limit)} are accepted. Send them in several ${parts}.`,
    { limit },
  );
}

/** @param bytes Null when the body was found too large before its end. */
function tooLarge(bytes: number | null, limit: number): HttpError {
  const size = bytes === null ? `more than ${String(limit)}` : String(bytes);
  return new HttpError(
    413,
    "BodyTooLarge",
    `The body has ${size} bytes; at most ${String(limit)} (${String(limit / 1024 / 1024)} MiB) are accepted, decompressed too. Send fewer records per request.`,
    { limit },
  );
}
