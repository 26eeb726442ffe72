/**
 * Canonical bytes: one byte string per Convex value, the same in every language, so that a source can compute the
 * hashes that this package computes. Each value is a tag and its content; lengths and counts are unsigned 32-bit
 * integers, all numbers are big-endian:
 *
 * | value   | bytes |
 * | ------- | ----- |
 * | null    | `n` |
 * | true    | `t` |
 * | false   | `f` |
 * | float64 | `d`, 8 bytes IEEE 754; every NaN as 7ff8000000000000; -0 differs from 0 |
 * | int64   | `i`, 8 bytes two's complement |
 * | string  | `s`, byte length, UTF-8 |
 * | bytes   | `b`, length, the bytes |
 * | array   | `a`, count, the elements |
 * | object  | `o`, count, then for each field in the order of the UTF-8 bytes of its name: the name as a string, the value |
 *
 * A field that is undefined is no field.
 */
import type { Value } from "convex/values";

const TAG = {
  null: 0x6e,
  true: 0x74,
  false: 0x66,
  float64: 0x64,
  int64: 0x69,
  string: 0x73,
  bytes: 0x62,
  array: 0x61,
  object: 0x6f,
};

/** Strings up to this length are written character by character, which is faster than a call to the encoder. */
const SHORT = 64;

const encoder = new TextEncoder();

/** A buffer that grows and is used again for the next row; runtimes of Convex are single-threaded. */
let buffer = new Uint8Array(4096);
let view = new DataView(buffer.buffer);
let length = 0;

/**
 * The canonical bytes of a value.
 *
 * @returns a view of a shared buffer, valid until the next call. Copy it to keep it.
 */
export function canonicalBytes(value: Value): Uint8Array {
  length = 0;
  write(value);
  return buffer.subarray(0, length);
}

function reserve(bytes: number): void {
  if (length + bytes <= buffer.length) return;
  const grown = new Uint8Array(Math.max(buffer.length * 2, length + bytes));
  grown.set(buffer);
  buffer = grown;
  view = new DataView(buffer.buffer);
}

function write(value: Value): void {
  reserve(9);
  switch (typeof value) {
    case "string":
      writeString(value);
      return;
    case "number":
      buffer[length] = TAG.float64;
      if (Number.isNaN(value)) view.setBigUint64(length + 1, 0x7ff8000000000000n);
      else view.setFloat64(length + 1, value);
      length += 9;
      return;
    case "bigint":
      buffer[length] = TAG.int64;
      view.setBigInt64(length + 1, value);
      length += 9;
      return;
    case "boolean":
      buffer[length++] = value ? TAG.true : TAG.false;
      return;
    default:
      if (value === null) buffer[length++] = TAG.null;
      else if (value instanceof ArrayBuffer) writeBytes(value);
      else if (Array.isArray(value)) writeArray(value);
      else writeObject(value as Record<string, Value | undefined>);
  }
}

function writeHead(tag: number, count: number): void {
  reserve(5);
  buffer[length] = tag;
  view.setUint32(length + 1, count);
  length += 5;
}

function writeString(text: string): void {
  // A UTF-16 unit takes at most three bytes of UTF-8.
  reserve(5 + text.length * 3);
  const start = length + 5;
  let written = 0;
  if (text.length <= SHORT) {
    while (written < text.length) {
      const code = text.charCodeAt(written);
      if (code >= 0x80) break;
      buffer[start + written] = code;
      written++;
    }
  }
  if (written < text.length) written = encoder.encodeInto(text, buffer.subarray(start)).written;
  buffer[length] = TAG.string;
  view.setUint32(length + 1, written);
  length = start + written;
}

function writeBytes(bytes: ArrayBuffer): void {
  writeHead(TAG.bytes, bytes.byteLength);
  reserve(bytes.byteLength);
  buffer.set(new Uint8Array(bytes), length);
  length += bytes.byteLength;
}

function writeArray(array: readonly Value[]): void {
  writeHead(TAG.array, array.length);
  for (const element of array) write(element);
}

function writeObject(object: Record<string, Value | undefined>): void {
  const names = sortedNames(object);
  writeHead(TAG.object, names.length);
  for (const name of names) {
    writeString(name);
    write(object[name]!);
  }
}

/** Names in the order in which they came, and sorted: of the last object with so many, for rows come a thousand alike. */
const known: { names: readonly string[]; sorted: readonly string[] }[] = [];

/** Names up to which they are remembered. */
const MAX_KNOWN = 256;

function sortedNames(object: Record<string, Value | undefined>): readonly string[] {
  const names: string[] = [];
  for (const name in object) if (object[name] !== undefined) names.push(name);
  const last = known[names.length];
  if (last !== undefined && isSameList(names, last.names)) return last.sorted;
  const isAscii = names.every((name) => /^[\0-\x7f]*$/.test(name));
  // UTF-16 and UTF-8 order differ only where there are surrogates; the fields of documents are ASCII.
  const sorted = isAscii ? names.toSorted() : names.toSorted(byUtf8);
  if (names.length <= MAX_KNOWN) known[names.length] = { names, sorted };
  return sorted;
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function byUtf8(a: string, b: string): number {
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] !== right[i]) return left[i]! - right[i]!;
  }
  return left.length - right.length;
}
