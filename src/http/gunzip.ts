import { Gunzip } from "fflate";

/** Bytes fed to the decompressor at a time: how far past `maxBytes` a bomb can get before it is noticed. */
const FEED_BYTES = 64 * 1024;

/** Decompresses gzip, up to a size. Not by DecompressionStream, which not every runtime of Convex has had. */
export function gunzip(body: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> | "corrupt" | "too large" {
  const parts: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  const stream = new Gunzip((part, final) => {
    parts.push(part);
    size += part.byteLength;
    ended = final;
  });
  try {
    for (let at = 0; at < body.byteLength && size <= maxBytes; at += FEED_BYTES) {
      stream.push(body.subarray(at, at + FEED_BYTES), at + FEED_BYTES >= body.byteLength);
    }
  } catch {
    return "corrupt";
  }
  if (size > maxBytes) return "too large";
  if (!ended) return "corrupt";
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
