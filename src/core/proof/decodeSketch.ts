/**
 * Reads the difference of two sketches. Apart from what adds to them, which every chunk evaluates: this checks keys by
 * their hashes.
 */
import { keyHash as hashOfKey } from "./hash.js";
import { readKeyText } from "./keyText.js";
import {
  addItem,
  CELL_BYTES,
  CELLS,
  CELLS_PER_PARTITION,
  CHECK,
  KEY_HASH,
  mixItem,
  PARTITIONS,
  ROW_HASH,
  SKETCH_BYTES,
  takeText,
  text,
  TEXT,
  TEXT_BYTES,
  viewOf,
  type SketchEntry,
} from "./sketch.js";

const decoder = new TextDecoder("utf-8", { fatal: true });

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
