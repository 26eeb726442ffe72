/**
 * What writes did to the digest and the sketch of a mirror, on the way from the app to the component. A sketch has
 * 13.5 KiB, however little has changed: few changes are named one by one, and added up where they are stored.
 */
import { addRow, decodeDigest, emptyDigest, encodeDigest, merge, removeRow } from "./digest.js";
import { addToSketch, emptySketch, mergeSketch, TEXT_BYTES } from "./sketch.js";

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
  /** See `keyText`; null when it is too long for a sketch. */
  key: string | null;
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

/** Bits of the first byte of an item: a row that was there before; the key of the item before it. */
const REMOVED = 1;
const SAME_KEY = 2;

/** The length that stands for a key text which is too long for a sketch. */
const NO_TEXT = 255;

/**
 * Items as bytes: what happened, the key hash, the key text with its length before it, and the row hash. An edited row
 * is two items, and the second does not repeat the key.
 */
export function encodeItems(items: readonly ChangedItem[]): ArrayBuffer {
  const bytes: number[] = [];
  const word = new DataView(new ArrayBuffer(8));
  const pushHash = (hash: bigint) => {
    word.setBigUint64(0, BigInt.asUintN(64, hash));
    bytes.push(...new Uint8Array(word.buffer));
  };
  for (const [i, { sign, keyHash, rowHash, key }] of items.entries()) {
    const isSame = i > 0 && items[i - 1]!.keyHash === keyHash && items[i - 1]!.key === key;
    bytes.push((sign === 1 ? 0 : REMOVED) + (isSame ? SAME_KEY : 0));
    if (!isSame) {
      const text = key === null ? null : new TextEncoder().encode(key);
      const isKept = text !== null && text.length < TEXT_BYTES;
      pushHash(keyHash);
      bytes.push(isKept ? text.length : NO_TEXT, ...(isKept ? text : []));
    }
    pushHash(rowHash);
  }
  return new Uint8Array(bytes).buffer;
}

/** The items that `encodeItems` wrote; their sums are the same. */
export function decodeItems(encoded: ArrayBuffer): ChangedItem[] {
  const view = new DataView(encoded);
  const items: ChangedItem[] = [];
  let at = 0;
  const takeHash = () => BigInt.asIntN(64, view.getBigUint64((at += 8) - 8));
  let [keyHash, key]: [bigint, string | null] = [0n, null];
  while (at < encoded.byteLength) {
    const what = view.getUint8(at++);
    if ((what & SAME_KEY) === 0) {
      keyHash = takeHash();
      const length = view.getUint8(at++);
      key = length === NO_TEXT ? null : new TextDecoder().decode(new Uint8Array(encoded, at, length));
      at += length === NO_TEXT ? 0 : length;
    }
    items.push({ sign: (what & REMOVED) === 0 ? 1 : -1, keyHash, rowHash: takeHash(), key });
  }
  return items;
}
