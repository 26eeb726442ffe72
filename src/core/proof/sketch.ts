/**
 * The sketch of a mirror: kept beside the digest and as small whatever the number of rows, it names the rows in which
 * two copies of a table differ, as long as they are few. (An invertible Bloom lookup table, after Goodrich and
 * Mitzenmacher, with sums instead of xor: a mirror without a key may hold equal rows several times.)
 *
 * A row is an item of three parts: the hash of its key, its own hash, and the text of its key. It goes into one cell of
 * each of 4 partitions of 48 cells, chosen by both hashes, so that the old and the new version of an edited row lie
 * apart. A cell adds up what is in it:
 *
 * | bytes  | content |
 * | ------ | ------- |
 * | 0–3    | number of items, signed |
 * | 4–7    | sum of their checks, modulo 2^32 |
 * | 8–15   | sum of their key hashes, modulo 2^64 |
 * | 16–23  | sum of their row hashes, modulo 2^64 |
 * | 24–71  | sums modulo 256 of the bytes of their key texts: the length, then the UTF-8, then zeros |
 *
 * All numbers are big-endian. Sums can be subtracted: what two copies have in common disappears, and the sketch of the
 * difference depends on the differing items alone. Where just one of them is left in a cell, the cell names it; taken
 * out of its other cells, it uncovers the next.
 *
 * Capacity, simulated with 10,000 differences or more of each size: all of 20 items are named with a probability of 99.998 %, of
 * 60 with 99.96 %, of 100 with 99.9 %, of 130 with 99 %; beyond 150, hardly ever all. (An edited row is two items. With
 * 3 partitions of 64 cells, as much memory, 60 items fail 20 times as often.)
 */

export const PARTITIONS = 4;
export const CELLS_PER_PARTITION = 48;
export const CELLS = PARTITIONS * CELLS_PER_PARTITION;

export const CHECK = 4;
export const KEY_HASH = 8;
export const ROW_HASH = 16;
export const TEXT = 24;
export const TEXT_BYTES = 48;
export const CELL_BYTES = TEXT + TEXT_BYTES;

/** Bytes of a sketch: 13.5 KiB, which is what every chunk writes for it. */
export const SKETCH_BYTES = CELLS * CELL_BYTES;

/** Stands for the length of a text that is too long to be kept, or not known. */
const NO_TEXT = 255;

/** An item of the difference of two sketches: with +1 of the first alone, with -1 of the second alone. */
export interface SketchEntry {
  sign: 1 | -1;
  /** Unsigned. */
  keyHash: bigint;
  /** Unsigned. */
  rowHash: bigint;
  /** See `keyText`; null when the text is longer than 47 bytes. Never that of another row: it is checked by its hash. */
  key: string | null;
}

/** The sketch of no rows, and the difference of equal ones. */
export function emptySketch(): ArrayBuffer {
  return new ArrayBuffer(SKETCH_BYTES);
}

/**
 * Adds a stored row, or subtracts a replaced one. Changes `sketch`.
 *
 * @param keyText See `keyText`; null when it is not known, as of an entry whose text was too long.
 */
export function addToSketch(
  sketch: ArrayBuffer,
  sign: 1 | -1,
  keyHash: bigint,
  rowHash: bigint,
  keyText: string | null,
): void {
  if (sketch !== current.sketch) current = { sketch, view: viewOf(sketch), bytes: new Uint8Array(sketch) };
  const length = writeText(keyText);
  addItem(current.view, current.bytes, sign, mixItem(keyHash, rowHash), keyHash, rowHash, length);
}

/** The sketch that rows are added to, with its views: a thousand rows are added to the same. */
let current: { sketch: ArrayBuffer | null; view: DataView; bytes: Uint8Array } = {
  sketch: null,
  view: new DataView(new ArrayBuffer(0)),
  bytes: new Uint8Array(),
};

/** The sketch of the rows of both; or, when `b` is a difference, of `a` after it. Leaves both as they are. */
export function mergeSketch(a: ArrayBuffer, b: ArrayBuffer): ArrayBuffer {
  return combine(a, b, 1);
}

/** What `a` has and `b` has not, and with the opposite sign what `b` has and `a` has not. Leaves both as they are. */
export function subtractSketch(a: ArrayBuffer, b: ArrayBuffer): ArrayBuffer {
  return combine(a, b, -1);
}

function combine(a: ArrayBuffer, b: ArrayBuffer, sign: 1 | -1): ArrayBuffer {
  const [left, right] = [viewOf(a), viewOf(b)];
  const [leftBytes, rightBytes] = [new Uint8Array(a), new Uint8Array(b)];
  const sum = emptySketch();
  const view = new DataView(sum);
  const bytes = new Uint8Array(sum);
  const factor = BigInt(sign);
  for (let at = 0; at < SKETCH_BYTES; at += CELL_BYTES) {
    view.setInt32(at, left.getInt32(at) + sign * right.getInt32(at));
    view.setUint32(at + CHECK, left.getUint32(at + CHECK) + sign * right.getUint32(at + CHECK));
    for (const offset of [at + KEY_HASH, at + ROW_HASH]) {
      view.setBigUint64(offset, left.getBigUint64(offset) + factor * right.getBigUint64(offset));
    }
    for (let i = at + TEXT; i < at + CELL_BYTES; i++) bytes[i] = leftBytes[i]! + sign * rightBytes[i]!;
  }
  return sum;
}

/** Where an item lies, and what it adds to the checks there. */
interface Mixed {
  readonly cells: Int32Array;
  check: number;
}

const mixed: Mixed = { cells: new Int32Array(PARTITIONS), check: 0 };
const words = new DataView(new ArrayBuffer(16));

/** Cells and check of an item. The result is shared, valid until the next call. */
export function mixItem(keyHash: bigint, rowHash: bigint): Mixed {
  words.setBigUint64(0, keyHash);
  words.setBigUint64(8, rowHash);
  let place = 0x9e3779b9;
  let check = 0x85ebca6b;
  for (let offset = 0; offset < 16; offset += 4) {
    const word = words.getUint32(offset);
    place = scramble(place ^ word);
    check = scramble((check + word) | 0);
  }
  for (let partition = 0; partition < PARTITIONS; partition++) {
    // Eight bits for 48 cells would favour some; 32 do not.
    place = scramble(place + partition);
    mixed.cells[partition] = partition * CELLS_PER_PARTITION + ((place >>> 0) % CELLS_PER_PARTITION);
  }
  mixed.check = check >>> 0;
  return mixed;
}

/** The finalizer of MurmurHash3: every bit of the result depends on every bit of the word. */
function scramble(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export function addItem(
  view: DataView,
  bytes: Uint8Array,
  sign: 1 | -1,
  { cells, check }: Mixed,
  keyHash: bigint,
  rowHash: bigint,
  textLength: number,
): void {
  words.setBigInt64(0, sign === 1 ? keyHash : -keyHash);
  words.setBigInt64(8, sign === 1 ? rowHash : -rowHash);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const at = cells[partition]! * CELL_BYTES;
    view.setInt32(at, view.getInt32(at) + sign);
    view.setUint32(at + CHECK, view.getUint32(at + CHECK) + sign * check);
    addWords(view, at + KEY_HASH, 0);
    addWords(view, at + ROW_HASH, 8);
    for (let i = 0; i < textLength; i++) bytes[at + TEXT + i]! += sign * text[i]!;
  }
}

/** Adds 64 bits of `words` to those of a cell, in halves: large integers are objects, and slow. */
function addWords(view: DataView, at: number, from: number): void {
  const low = view.getUint32(at + 4) + words.getUint32(from + 4);
  const carry = low > 0xffffffff ? 1 : 0;
  view.setUint32(at + 4, low);
  view.setUint32(at, view.getUint32(at) + words.getUint32(from) + carry);
}

/** The text of the item at hand, as cells hold it; shared like `mixed`. */
export const text = new Uint8Array(TEXT_BYTES);
const encoder = new TextEncoder();

/** Writes a key text into `text`. Returns how many bytes of it count. */
function writeText(keyText: string | null): number {
  if (keyText !== null && keyText.length < TEXT_BYTES) {
    const written = writeAscii(keyText) ?? writeUtf8(keyText);
    if (written !== null) {
      text[0] = written;
      return 1 + written;
    }
  }
  text[0] = NO_TEXT;
  return 1;
}

/** Short texts are written character by character, which is faster than a call to the encoder. Null for others. */
function writeAscii(keyText: string): number | null {
  for (let i = 0; i < keyText.length; i++) {
    const code = keyText.charCodeAt(i);
    if (code >= 0x80) return null;
    text[1 + i] = code;
  }
  return keyText.length;
}

/** Null when the text does not fit. */
function writeUtf8(keyText: string): number | null {
  const { read, written } = encoder.encodeInto(keyText, text.subarray(1));
  return read === keyText.length ? written : null;
}

/** Copies the text of a cell that holds one item into `text`. */
export function takeText(bytes: Uint8Array, at: number, sign: 1 | -1): number {
  for (let i = 0; i < TEXT_BYTES; i++) text[i] = sign * bytes[at + TEXT + i]!;
  return TEXT_BYTES;
}

/** The key text in a cell that holds one item, or null when there is none or it is not that of the item's key. */
/** @throws RangeError when the bytes are not those of a sketch. */
export function viewOf(sketch: ArrayBuffer): DataView {
  if (sketch.byteLength !== SKETCH_BYTES) {
    throw new RangeError(`A sketch has ${String(SKETCH_BYTES)} bytes, not ${String(sketch.byteLength)}.`);
  }
  return new DataView(sketch);
}
