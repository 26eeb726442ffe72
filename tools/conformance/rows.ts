import { jsonToConvex, type JSONValue, type Value } from "convex/values";
import { addRow, emptyDigest } from "../../src/core/proof/digest.js";
import { contentKey, hashToHex, keyHash, rowHash } from "../../src/core/proof/hash.js";
import { valueAt } from "../../src/core/rows/paths.js";
import { CONTENT_KEY_FIELD } from "../../src/schema/contract.js";

/**
 * The digest of rows, in the form that `POST /v1/verify` takes: with it, a sender proves what a mirror holds without
 * reading it.
 *
 * @param primaryKey Dotted paths, or null for a mirror without a key.
 * @param rows In Convex's encoded JSON, as they are stored.
 */
export function bucketsOf(
  primaryKey: readonly string[] | null,
  rows: readonly unknown[],
): [number, string][] {
  const digest = emptyDigest();
  for (const json of rows) {
    const row = jsonToConvex(json as JSONValue) as Record<string, Value>;
    if (primaryKey === null) row[CONTENT_KEY_FIELD] = contentKey(row);
    const key = (primaryKey ?? [CONTENT_KEY_FIELD]).map((path) => {
      const value = valueAt(row, path);
      if (value === undefined) throw new Error(`The expected row ${JSON.stringify(json)} has no "${path}".`);
      return value;
    });
    addRow(digest, keyHash(key), rowHash(row));
  }
  return Array.from(digest.counts, (count, i) => [count, hashToHex(digest.sums[i]!)]);
}
