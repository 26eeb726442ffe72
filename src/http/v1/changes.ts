import type { Change } from "../../core/rows/change.js";
import { isObject, type Json, type JsonObject } from "../../core/rows/values.js";
import { cleanFields } from "../../core/rows/identifiers.js";
import { cleanFieldName } from "../../core/rows/names.js";
import { splitPath } from "../../core/rows/paths.js";
import { HttpError } from "../errors.js";
import type { Mirror } from "../importer.js";
import { badJson } from "../request.js";
import { checkNames } from "./fields.js";

const CHANGE_NAMES = ["op", "row", "version", "previousKey"];

/**
 * The changes of a delivery as changes of rows. One with a new primary key (`previousKey`) is a deletion of the old row
 * and an upsert of the new one.
 * @throws HttpError 400 BadJsonBody
 */
export function readChanges(mirror: Mirror, changes: readonly Json[]): Change[] {
  return changes.flatMap((change, i) => readChange(mirror, change, `changes[${String(i)}]`));
}

function readChange(mirror: Mirror, json: Json, place: string): Change[] {
  if (!isObject(json)) throw badJson(`${place} must be an object`);
  checkNames(json, CHANGE_NAMES, place);
  const { op, version } = json;
  if (op !== "upsert" && op !== "update" && op !== "delete") {
    throw badJson(`${place}.op must be "upsert", "update" or "delete"`);
  }
  const row = readRow(json.row, `${place}.row`);
  const change: Change = { op, row: withVersion(mirror, row, version) };
  const previousKey = json.previousKey ?? null;
  if (previousKey === null) return [change];
  if (mirror.contract.primaryKey === null) {
    throw badJson(
      `${place} has a previousKey, but the mirror "${mirror.name}" has no primary key; send a delete of the full old row and an upsert of the new one`,
    );
  }
  if (op !== "upsert") {
    throw badJson(
      `${place} has a previousKey, which is allowed only in an "upsert" of the whole row: under its new key there is no stored row to merge an update into`,
    );
  }
  const previous = readRow(previousKey, `${place}.previousKey`);
  return [{ op: "delete", row: withVersion(mirror, previous, version), moves: true }, change];
}

function readRow(row: Json | undefined, place: string): JsonObject {
  if (!isObject(row)) throw badJson(`${place} must be an object`);
  return cleanFields(row, "convex");
}

/** A version beside the row is the value of the mirror's version field, unless the row has it. */
function withVersion(mirror: Mirror, row: JsonObject, version: Json | undefined): JsonObject {
  const path = mirror.contract.version;
  if (version === undefined || version === null || path === null) return row;
  return withValueAt(row, columnPath(mirror, path), version);
}

/** The path at which a row of the source has what the mirror has at `path`: `columns` of the contract renames fields. */
function columnPath({ contract }: Mirror, path: string): string[] {
  const [field = "", ...rest] = splitPath(path);
  return [cleanFieldName(contract.columns[field] ?? field), ...rest];
}

function withValueAt(row: JsonObject, [name, ...rest]: readonly string[], value: Json): JsonObject {
  if (name === undefined) return row;
  const current = Object.hasOwn(row, name) ? row[name] : undefined;
  if (rest.length === 0) return current === undefined ? { ...row, [name]: value } : row;
  // What is no object is for the conversion of the row to judge.
  if (current !== undefined && !isObject(current)) return row;
  return { ...row, [name]: withValueAt(current ?? {}, rest, value) };
}

/** The refusal of a sync mode that a mirror cannot be kept by. @throws HttpError 400 PrimaryKeyMismatch */
export function checkSyncMode({ name, contract }: Mirror, syncMode: string): void {
  if (syncMode !== "append_dedup" || contract.primaryKey !== null) return;
  throw new HttpError(
    400,
    "PrimaryKeyMismatch",
    `The mirror "${name}" has no primary key to deduplicate by. Begin the run with syncMode "append" or "overwrite", or declare a primaryKey in schema.ts.`,
  );
}
