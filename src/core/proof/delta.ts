/**
 * What writes did to the digest and the sketch of a mirror, on the way from the app to the component. A sketch has
 * 13.5 KiB, however little has changed: few changes are named one by one, and added up where they are stored.
 */
import { addRow, decodeDigest, emptyDigest, encodeDigest, merge, removeRow } from "./digest.js";
import { addToSketch, emptySketch, mergeSketch } from "./sketch.js";

/** Differences to add to a stored digest and sketch. */
export interface Sums {
  digest: ArrayBuffer;
  sketch: ArrayBuffer;
}

/** A row that is there now (1), or was there before (-1). */
export interface ChangedItem {
  sign: number;
  keyHash: bigint;
  rowHash: bigint;
  /** See `keyText`. */
  key: string;
}

export type DigestDelta = Sums | { items: ChangedItem[] };

/** Items up to which naming them is shorter than their sums. */
const MAX_ITEMS = 64;

export function noSums(): Sums {
  return { digest: encodeDigest(emptyDigest()), sketch: emptySketch() };
}

/** The delta of these changes, in the shorter form. */
export function deltaOf(items: ChangedItem[]): DigestDelta {
  return items.length > MAX_ITEMS ? sumsOf({ items }) : { items };
}

export function sumsOf(delta: DigestDelta): Sums {
  if (!("items" in delta)) return delta;
  const digest = emptyDigest();
  const sketch = emptySketch();
  for (const { sign, keyHash, rowHash, key } of delta.items) {
    (sign === 1 ? addRow : removeRow)(digest, keyHash, rowHash);
    addToSketch(sketch, sign === 1 ? 1 : -1, BigInt.asUintN(64, keyHash), BigInt.asUintN(64, rowHash), key);
  }
  return { digest: encodeDigest(digest), sketch };
}

export function addDelta(a: DigestDelta, b: DigestDelta): Sums {
  const [left, right] = [sumsOf(a), sumsOf(b)];
  return {
    digest: encodeDigest(merge(decodeDigest(left.digest), decodeDigest(right.digest))),
    sketch: mergeSketch(left.sketch, right.sketch),
  };
}
