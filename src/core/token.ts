/** Tokens as connectors present them. Made and checked here; the component stores only what `newToken` says. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** 32 random bytes: as many as the hash under which the token is stored. */
const TOKEN_BYTES = 32;

/** How a token begins, so that scanners for leaked secrets can find it. */
const TOKEN_PREFIX = "csi_";

/** Characters of a token that lists show: enough to distinguish tokens, far too few to guess the rest. */
const SHOWN_LENGTH = TOKEN_PREFIX.length + 6;

/**
 * A new token. Hexadecimal behind a prefix: no ":" and no "|", which Convex would interpret in an `Authorization`
 * header.
 */
export function newToken(): { token: string; hash: string; startsWith: string } {
  const token = TOKEN_PREFIX + newSecret();
  return { token, hash: hashToken(token), startsWith: token.slice(0, SHOWN_LENGTH) };
}

/** 32 random bytes, as 64 hexadecimal digits. */
export function newSecret(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
}

/** Whether a text has the form of a token. */
export function isToken(text: string): boolean {
  return /^csi_[0-9a-f]{64}$/.test(text);
}

/** Whether a token of this name is one that a command has made for itself, for as long as it runs. */
export function isTemporaryToken(name: string): boolean {
  return /^cli-[0-9a-f]{12}$/.test(name);
}

/** SHA-256 of a token, as 64 hexadecimal digits: what the component stores. */
export function hashToken(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}

/**
 * The key that signs bodies sent with a token: SHA-256 of "signing:" and the token, as 64 hexadecimal digits. Both
 * sides derive it, so that a token remains the only secret; the stored hash does not reveal it.
 */
export function signingKeyOf(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(`signing:${token}`)));
}
