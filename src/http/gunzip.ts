import { Gunzip } from "fflate";

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
