/**
 * Hashes of rows and keys: SHA-256 over canonical bytes (see `canonical.ts`, and `hash.vectors.json` for examples that
 * other languages can check themselves against). Synchronous, for mutations have no other kind.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { Value } from "convex/values";
import { canonicalBytes } from "./canonical.js";

/**
 * The hash of a row: the first 8 bytes of SHA-256 over its canonical bytes, as an unsigned 64-bit integer, big-endian.
 *
 * @param row The document without `_id` and `_creationTime`, which a source does not know.
 */
export function rowHash(row: Record<string, Value>): bigint {
  return firstUint64(sha256(canonicalBytes(row)));
}

/** The hash of a key: as of a row, over the array of the key's values. */
export function keyHash(key: readonly Value[]): bigint {
  return firstUint64(sha256(canonicalBytes(key as Value[])));
}

/** The key of a row that has no other: the first 16 bytes of SHA-256 over its canonical bytes, as 32 hex digits. */
export function contentKey(row: Record<string, Value>): string {
  const digest = sha256(canonicalBytes(row));
  let hex = "";
  for (let i = 0; i < 16; i++) hex += HEX[digest[i]!]!;
  return hex;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function firstUint64(digest: Uint8Array): bigint {
  return new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
}

/** A hash as 16 hex digits; their order as text is their order as numbers. */
export function hashToHex(hash: bigint): string {
  return hash.toString(16).padStart(16, "0");
}

/** The hash that 16 hex digits write. */
export function hashFromHex(hex: string): bigint {
  return BigInt(`0x${hex}`);
}

/** A hash as a Convex int64, which is signed: the same 64 bits. Function arguments cannot carry the unsigned one. */
export function hashToInt64(hash: bigint): bigint {
  return BigInt.asIntN(64, hash);
}

/** The hash whose 64 bits a Convex int64 holds. */
export function hashFromInt64(int64: bigint): bigint {
  return BigInt.asUintN(64, int64);
}
