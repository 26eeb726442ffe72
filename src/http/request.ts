import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { isObject, type Json, type JsonObject } from "../core/rows/values.js";
import { parseJson } from "../core/rows/json.js";
import { isAscii, loadScripts } from "../core/rows/transliterate.js";
import { HttpError } from "./errors.js";
import type { Importer, ImportSession } from "./importer.js";
import { Gunzip } from "fflate";

/**
 * The largest body accepted, in bytes, before and after decompression. The backend's own route takes 20 MiB; parsing
 * needs several times that of the 64 MiB that an HTTP action has.
 */
export const MAX_BODY_BYTES = 20 * 1024 * 1024;

/** The shortest `Authorization` header that Convex takes for one. */
const MIN_HEADER_LENGTH = 7;

/** How far the time of a signature may be from ours, in seconds: what webhook senders commonly allow. */
const SIGNATURE_WINDOW_S = 300;

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

/**
 * Checks the signature of a request: `X-Signature: t=<seconds since 1970>,v1=<hex>`, where the second part is the
 * HMAC-SHA-256 of `<t>.<method> <path and query>.<body>` under the token's signing key.
 * @throws HttpError 403 InvalidSignature
 */
export function verifySignature(request: Request, body: Uint8Array, signingKey: string, nowMs: number): void {
  const header = request.headers.get("X-Signature") ?? "";
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (match === null) {
    throw invalidSignature("The token demands signed requests: send `X-Signature: t=<seconds>,v1=<hex>`.");
  }
  const [, time, presented] = match;
  if (Math.abs(nowMs / 1000 - Number(time)) > SIGNATURE_WINDOW_S) {
    throw invalidSignature(
      "The signature is too old, or from the future; sign when sending, and check the clock.",
    );
  }
  const { pathname, search } = new URL(request.url);
  const signed = concatBytes(utf8ToBytes(`${time!}.${request.method} ${pathname}${search}.`), body);
  const expected = hmac(sha256, hexToBytes(signingKey), signed);
  if (!isEqualInConstantTime(bytesToHex(expected), presented!)) {
    throw invalidSignature(
      "The signature does not fit the request. Sign its method, path and query, and the bytes of its body as they are sent, compressed if they are.",
    );
  }
}

function isEqualInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

function invalidSignature(message: string): HttpError {
  return new HttpError(403, "InvalidSignature", message);
}

/** The bytes of a body, decompressed. @throws HttpError 413 BodyTooLarge, 400 BadJsonBody */
export function plainBytesOf(
  request: Request,
  body: Uint8Array<ArrayBuffer>,
  maxBytes = MAX_BODY_BYTES,
): Uint8Array<ArrayBuffer> {
  const encoding = (request.headers.get("Content-Encoding") ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return body;
  if (encoding !== "gzip" && encoding !== "x-gzip") {
    throw badJson(`the Content-Encoding "${encoding}" is not understood; send it plain or as gzip`);
  }
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
  const value = parse(await textOf(plainBytesOf(request, body)));
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

/**
 * Bytes fed to the decompressor at a time. They unpack to a thousand times as many at worst, so that a bomb gets no
 * further than 8 MiB past `maxBytes` before it is noticed; an action has 64 MiB.
 */
const FEED_BYTES = 8 * 1024;

/** The end of a gzip stream: CRC-32 and length of what it holds, each 4 bytes, little-endian. */
const TRAILER_BYTES = 8;

/**
 * Decompresses one gzip stream, up to a size. Not by DecompressionStream, which not every runtime of Convex has had.
 * The stream's own checksum and length are compared, which fflate leaves to its callers: it takes a stream that was cut
 * off for one that is whole.
 */
export function gunzip(
  body: Uint8Array,
  maxBytes: number,
): Uint8Array<ArrayBuffer> | "corrupt" | "too large" {
  const parts: Uint8Array[] = [];
  let size = 0;
  const stream = new Gunzip((part) => {
    parts.push(part);
    size += part.byteLength;
  });
  try {
    for (let at = 0; at < body.byteLength && size <= maxBytes; at += FEED_BYTES) {
      stream.push(body.subarray(at, at + FEED_BYTES), at + FEED_BYTES >= body.byteLength);
    }
  } catch {
    return "corrupt";
  }
  if (size > maxBytes) return "too large";
  const whole = join(parts, size);
  return isAsTrailerSays(body, whole) ? whole : "corrupt";
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function isAsTrailerSays(body: Uint8Array, content: Uint8Array): boolean {
  if (body.byteLength < TRAILER_BYTES) return false;
  const trailer = new DataView(body.buffer, body.byteOffset + body.byteLength - TRAILER_BYTES, TRAILER_BYTES);
  return trailer.getUint32(4, true) === content.byteLength && trailer.getUint32(0, true) === crc32(content);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** The checksum of gzip, RFC 1952. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
