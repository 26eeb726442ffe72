/**
 * The changes of a chunk on their way from the action through the component to the app. At each call Convex encodes,
 * decodes and checks every value of the arguments, and the component reads no row in the ordinary case: so they cross
 * as one text and one byte string.
 */
import { convexToJson, jsonToConvex, v, type Infer, type JSONValue } from "convex/values";
import { isPlain } from "../rows/plainValue.js";
import type { RowChange } from "./changes.js";

export const vPackedRows = v.object({
  /** How many changes. */
  count: v.number(),
  /** How many of them are deletions. */
  deletions: v.number(),
  /** The changes in order, without the hashes of their keys, as JSON text of Convex's encoding. */
  text: v.string(),
  /** Hashes of the keys: 8 bytes of each change, little-endian. */
  keyHashes: v.bytes(),
});
export type PackedRows = Infer<typeof vPackedRows>;

/** Starts the encoding of a value that JSON does not have. No field name starts with `$`, and text has `\"` for `"`. */
const ENCODED = '{"$';

export function packRows(rows: readonly RowChange[]): PackedRows {
  const keyHashes = new BigInt64Array(rows.length);
  const changes: JSONValue[] = [];
  let deletions = 0;
  for (let i = 0; i < rows.length; i++) {
    const { op, key, keyHash, position, row, unset, kept, storable, version } = rows[i]!;
    const change = { op, key, position, row, unset, kept, storable, version };
    keyHashes[i] = keyHash;
    if (op === "delete") deletions++;
    changes.push(isPlain(change) ? (change as JSONValue) : convexToJson(change));
  }
  return { count: rows.length, deletions, text: JSON.stringify(changes), keyHashes: keyHashes.buffer };
}

export function unpackRows({ text, ...packed }: PackedRows): RowChange[] {
  const parsed = JSON.parse(text) as JSONValue;
  const rows = (text.includes(ENCODED) ? jsonToConvex(parsed) : parsed) as unknown as RowChange[];
  const keyHashes = keyHashesOf(packed);
  for (let i = 0; i < rows.length; i++) rows[i]!.keyHash = keyHashes[i]!;
  return rows;
}

export function keyHashesOf({ keyHashes }: Pick<PackedRows, "keyHashes">): BigInt64Array {
  return new BigInt64Array(keyHashes);
}

/** The keys of rows that a delivery brought: all but those of deletions. */
export function keyHashesBrought(rows: PackedRows): bigint[] {
  if (rows.deletions === 0) return [...keyHashesOf(rows)];
  return unpackRows(rows).flatMap(({ op, keyHash }) => (op === "delete" ? [] : keyHash));
}
