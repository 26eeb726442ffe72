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
import { keyHash as hashOfKey, readKeyText } from "./hash.js";

const PARTITIONS = 4;
const CELLS_PER_PARTITION = 48;
const CELLS = PARTITIONS * CELLS_PER_PARTITION;

const CHECK = 4;
const KEY_HASH = 8;
const ROW_HASH = 16;
const TEXT = 24;
const TEXT_BYTES = 48;
const CELL_BYTES = TEXT + TEXT_BYTES;

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
  const length = writeText(keyText);
  addItem(viewOf(sketch), new Uint8Array(sketch), sign, mixItem(keyHash, rowHash), keyHash, rowHash, length);
}

/** The sketch of the rows of both; or, when `b` is a difference, of `a` after it. Leaves both as they are. */
export function mergeSketch(a: ArrayBuffer, b: ArrayBuffer): ArrayBuffer {
  return combine(a, b, 1);
}

/** What `a` has and `b` has not, and with the opposite sign what `b` has and `a` has not. Leaves both as they are. */
export function subtractSketch(a: ArrayBuffer, b: ArrayBuffer): ArrayBuffer {
  return combine(a, b, -1);
}

/**
 * The items of a difference.
 *
 * @returns `complete` is false when there are too many to separate, or equal ones; `entries` are those that were found,
 * and they are right. The key of an entry that was added without its text is null.
 */
export function decodeSketch(difference: ArrayBuffer): { entries: SketchEntry[]; complete: boolean } {
  const bytes = new Uint8Array(difference.slice(0));
  const view = viewOf(bytes.buffer);
  const entries: SketchEntry[] = [];
  const waiting = Array.from({ length: CELLS }, (_, cell) => cell);
  // Each true item that is taken out empties the cell that named it; more than there are cells would be going in circles.
  while (waiting.length > 0 && entries.length < CELLS) {
    const cell = waiting.pop()!;
    const entry = nameOnly(view, bytes, cell);
    if (entry === null) continue;
    entries.push(entry);
    const { sign, keyHash, rowHash } = entry;
    const mixed = mixItem(keyHash, rowHash);
    const length = takeText(bytes, cell * CELL_BYTES, sign);
    addItem(view, bytes, sign === 1 ? -1 : 1, mixed, keyHash, rowHash, length);
    for (let partition = 0; partition < PARTITIONS; partition++) waiting.push(mixed.cells[partition]!);
  }
  return { entries, complete: isEmpty(view) };
}

/** The item of a cell that holds no other, with its text as it stands in the cell; else null. */
function nameOnly(view: DataView, bytes: Uint8Array, cell: number): SketchEntry | null {
  const at = cell * CELL_BYTES;
  const sign = view.getInt32(at);
  if (sign !== 1 && sign !== -1) return null;
  const keyHash = BigInt.asUintN(64, view.getBigUint64(at + KEY_HASH) * BigInt(sign));
  const rowHash = BigInt.asUintN(64, view.getBigUint64(at + ROW_HASH) * BigInt(sign));
  const { check, cells } = mixItem(keyHash, rowHash);
  if (view.getUint32(at + CHECK) !== (sign * check) >>> 0) return null;
  if (cells[Math.floor(cell / CELLS_PER_PARTITION)] !== cell) return null;
  return { sign, keyHash, rowHash, key: readText(bytes, at, sign, keyHash) };
}

/** Sketches hold sums; where all are zero there is nothing. Texts do not count: some items come without theirs. */
function isEmpty(view: DataView): boolean {
  for (let at = 0; at < SKETCH_BYTES; at += CELL_BYTES) {
    for (let offset = 0; offset < TEXT; offset += 8) {
      if (view.getBigUint64(at + offset) !== 0n) return false;
    }
  }
  return true;
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
function mixItem(keyHash: bigint, rowHash: bigint): Mixed {
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

function addItem(
  view: DataView,
  bytes: Uint8Array,
  sign: 1 | -1,
  { cells, check }: Mixed,
  keyHash: bigint,
  rowHash: bigint,
  textLength: number,
): void {
  const key = sign === 1 ? keyHash : -keyHash;
  const row = sign === 1 ? rowHash : -rowHash;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const at = cells[partition]! * CELL_BYTES;
    view.setInt32(at, view.getInt32(at) + sign);
    view.setUint32(at + CHECK, view.getUint32(at + CHECK) + sign * check);
    view.setBigUint64(at + KEY_HASH, view.getBigUint64(at + KEY_HASH) + key);
    view.setBigUint64(at + ROW_HASH, view.getBigUint64(at + ROW_HASH) + row);
    for (let i = 0; i < textLength; i++) bytes[at + TEXT + i]! += sign * text[i]!;
  }
}

/** The text of the item at hand, as cells hold it; shared like `mixed`. */
const text = new Uint8Array(TEXT_BYTES);
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Writes a key text into `text`. Returns how many bytes of it count. */
function writeText(keyText: string | null): number {
  if (keyText !== null && keyText.length < TEXT_BYTES) {
    const { read, written } = encoder.encodeInto(keyText, text.subarray(1));
    if (read === keyText.length) {
      text[0] = written;
      return 1 + written;
    }
  }
  text[0] = NO_TEXT;
  return 1;
}

/** Copies the text of a cell that holds one item into `text`. */
function takeText(bytes: Uint8Array, at: number, sign: 1 | -1): number {
  for (let i = 0; i < TEXT_BYTES; i++) text[i] = sign * bytes[at + TEXT + i]!;
  return TEXT_BYTES;
}

/** The key text in a cell that holds one item, or null when there is none or it is not that of the item's key. */
function readText(bytes: Uint8Array, at: number, sign: 1 | -1, keyHash: bigint): string | null {
  takeText(bytes, at, sign);
  const length = text[0]!;
  if (length >= TEXT_BYTES) return null;
  try {
    const found = decoder.decode(text.subarray(1, 1 + length));
    const key = readKeyText(found);
    return key !== null && hashOfKey(key) === keyHash ? found : null;
  } catch {
    return null;
  }
}

/** @throws RangeError when the bytes are not those of a sketch. */
function viewOf(sketch: ArrayBuffer): DataView {
  if (sketch.byteLength !== SKETCH_BYTES) {
    throw new RangeError(`A sketch has ${String(SKETCH_BYTES)} bytes, not ${String(sketch.byteLength)}.`);
  }
  return new DataView(sketch);
}
