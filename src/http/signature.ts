import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { HttpError } from "./errors.js";

/** How far the time of a signature may be from ours, in seconds: what webhook senders commonly allow. */
const SIGNATURE_WINDOW_S = 300;

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
