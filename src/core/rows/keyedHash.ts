/** Keyed hashes (HMAC-SHA-256), which replace texts that nobody should read. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** A function that hashes texts with the key: 64 hexadecimal digits over their UTF-8. */
export function keyedHash(key: string | Uint8Array): (text: string) => string {
  const keyed = hmac.create(sha256, typeof key === "string" ? utf8ToBytes(key) : key);
  // The key takes two of the four blocks of a short text; cloning hashes them once.
  return (text) => bytesToHex(keyed.clone().update(utf8ToBytes(text)).digest());
}
