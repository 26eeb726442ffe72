/** Rows on their way to the component, as the importer prepares them. */
import type { Value } from "convex/values";
import type { RowChange } from "../src/core/wire/changes.js";
import { hashToInt64, keyHash } from "../src/core/proof/hash.js";

type Row = Record<string, Value>;

export function upsertOf(key: Value[], row: Row): RowChange {
  return { op: "upsert", ...identity(key), row };
}

export function updateOf(key: Value[], row: Row, unset?: string[]): RowChange {
  return {
    op: "update",
    ...identity(key),
    row,
    ...(unset !== undefined && { unset }),
  };
}

export function deleteOf(key: Value[], version?: Value): RowChange {
  return { op: "delete", ...identity(key), ...(version !== undefined && { version }) };
}

/** Changes with their positions in a delivery. */
export function inOrder(changes: readonly RowChange[]): RowChange[] {
  return changes.map((change, position) => ({ ...change, position }));
}

/** The hash of a key as the component keeps it. */
export function storedKeyHash(...key: Value[]): bigint {
  return hashToInt64(keyHash(key));
}

function identity(key: Value[]) {
  return { key, keyHash: storedKeyHash(...key), position: 0 };
}
