import type { Value } from "convex/values";
import type { TableMirror } from "./tableMirrors.js";

type Row = Record<string, Value>;

/** Whether a row of a mirror with `onDelete: "soft"` is marked as deleted. */
export function isSoftDeleted(
  { contract: { deletedField } }: TableMirror,
  row: Readonly<Record<string, unknown>>,
): boolean {
  const marker = deletedField === null ? undefined : row[deletedField];
  return marker !== undefined && marker !== null && marker !== false;
}

/** The row, marked as deleted at that time; with the version of its deletion, if the source sent one. */
export function softDeleted(mirror: TableMirror, row: Row, at: number, version: Value | undefined): Row {
  const { deletedField, version: versionField } = mirror.contract;
  const marked = { ...row, [deletedField!]: markerOf(mirror, at) };
  const told =
    version !== undefined && version !== null && versionField !== null && !versionField.includes(".");
  return told ? { ...marked, [versionField]: version } : marked;
}

function markerOf({ markerKind }: TableMirror, at: number): Value {
  switch (markerKind) {
    case "boolean":
      return true;
    case "float64":
      return at;
    default:
      return new Date(at).toISOString();
  }
}
