/** Base64 as sources write it, read strictly: a text that is not exactly some bytes is refused, never repaired. */

const STANDARD = /^[A-Za-z0-9+/]*(={0,2})$/;
const URL_SAFE = /^[A-Za-z0-9_-]*(={0,2})$/;

const SIXTETS = new Uint8Array(128);
for (let i = 0; i < 64; i++) {
  SIXTETS["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".charCodeAt(i)] = i;
}
SIXTETS["-".charCodeAt(0)] = 62;
SIXTETS["_".charCodeAt(0)] = 63;

/**
 * The bytes of a base64 text in the standard or the URL alphabet, padded or not.
 *
 * @returns null when the text mixes alphabets, is padded wrongly, has a length that no bytes have, or holds bits beyond
 * its last byte.
 */
export function decodeBase64(text: string): ArrayBuffer | null {
  const padding = (STANDARD.exec(text) ?? URL_SAFE.exec(text))?.[1]?.length;
  if (padding === undefined) return null;
  const length = text.length - padding;
  const rest = length % 4;
  if (rest === 1 || (padding > 0 && (length + padding) % 4 !== 0)) return null;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    bits = (bits << 6) | SIXTETS[text.charCodeAt(i)]!;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = bits >> count;
      bits &= (1 << count) - 1;
    }
  }
  return bits === 0 ? bytes.buffer : null;
}
