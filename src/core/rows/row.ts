/**
 * What the importer does to each change before the mutation: redact, convert, check, filter and name its row, and hash
 * its key.
 */
import { getConvexSize, type Value } from "convex/values";
import type { Change, Encoding, RowEncoding } from "./change.js";
import type { JsonObject } from "./values.js";
import { type Conversion, FAILED } from "./conversion.js";
import { NO_NOTES, problemOf, startConversion } from "./convert.js";
import { contentKey, hashToInt64, keyHash } from "../proof/hash.js";
import { measureDocument } from "./limits.js";
import type { RowChange } from "../wire/changes.js";
import type { CompiledMirror, Path, Reading } from "./mirror.js";
import { joinPath, located, type Note, type Problem } from "./problem.js";
import { missingKey, valueAt } from "./paths.js";
import { redact } from "./redact.js";
import { convertRow, FROZEN, policyFor } from "./rowFields.js";
import { shorten } from "./text.js";
import { unavailableColumns, unavailableNote } from "./unavailable.js";

export { compileMirror, fieldPathOf, type CompiledMirror } from "./mirror.js";

/** A row in the values of its mirror, without `_id` and `_creationTime`. */
export type Row = Record<string, Value>;

/** A change that the mutation can apply, but for its position in the delivery, and what was done to its values. */
export type Prepared = Omit<RowChange, "position"> & {
  /** Size of the row as a document. */
  bytes: number;
  notes: readonly Note[];
};

/**
 * A change of a row that does not belong to the mirror: there is nothing to apply. Of a mirror with a primary key such
 * a change is a delete, because the row may have belonged to it before.
 */
export interface Filtered {
  op: "filtered";
  notes: readonly Note[];
}

/** A change that cannot be applied. */
export interface Refused {
  problem: Problem;
  /** The mirror's drift policy refuses the complete delivery because of it, instead of quarantining the row. */
  refuse: boolean;
  /** What is known of the drift that the row has. */
  notes: readonly Note[];
  /** The row's key, if it is readable: later changes of the same row replace this one. */
  key?: Value[];
  /** Hash of `key`, as in `RowChange`. */
  keyHash?: bigint;
  /** The row's version, when that much could be read. */
  version?: Value;
}

/** Where a row that is prepared comes from. */
export interface RowOrigin {
  /** It was redacted before (`redactRow`), and waited in quarantine: its hashes are not hashed again. */
  redacted?: boolean;
}

/**
 * Redacts, converts, checks, filters and names one change, and hashes its key. Runs in the action, not in the mutation,
 * whose time is short.
 *
 * A mirror without a key accepts upserts and deletes of full rows; the hash of the row's content is its key. A partial
 * row has no content to hash, so that updates are refused.
 *
 * A partial row (`update`) cannot be filtered: whether the row that it makes belongs to the mirror is known only once
 * it is merged, so the writer applies the contract's `where` again.
 *
 * @param change Its names are clean (`cleanFields`), unless it comes from quarantine.
 */
export function prepareRow(
  mirror: CompiledMirror,
  change: Change,
  encoding: RowEncoding = "json",
  { redacted = false }: RowOrigin = {},
): Prepared | Filtered | Refused {
  const isStored = encoding === "stored";
  const reading = isStored ? mirror.stored : mirror.source;
  const written = isStored ? "convex" : encoding;
  const unavailable = change.op === "delete" ? [] : unavailableColumns(change.row);
  const known = unavailable.length === 0 ? change.row : without(change.row, unavailable);
  const row = mirror.redaction === null ? known : redactRow(mirror, known, encoding, { redacted }).row;
  if (unavailable.length === 0) return prepare(mirror, reading, change.op, row, written);
  // A row that was converted before has such a column only if it stands for a full one.
  const isFull = change.op === "upsert" || isStored;
  const prepared = prepareKnown(mirror, reading, row, written, isFull ? unavailable : null);
  return { ...prepared, notes: [...prepared.notes, ...unavailable.map(unavailableNote)] };
}

/**
 * The rest of a row of which some values were not sent: an update, for what is stored of these stays.
 * @param unavailable The columns, of a full row; null for a row that was partial before
 */
function prepareKnown(
  mirror: CompiledMirror,
  reading: Reading,
  row: JsonObject,
  encoding: Encoding,
  unavailable: readonly string[] | null,
): Prepared | Filtered | Refused {
  const part = prepare(mirror, reading, "update", row, encoding);
  if (unavailable === null || "problem" in part || part.op === "filtered") return part;
  const kept = reading.fields.filter(({ column }) => unavailable.includes(column)).map(({ name }) => name);
  // What the overflow field keeps of columns that were not sent is known only where the row is stored.
  const isKept = mirror.overflow !== null && kept.length < unavailable.length;
  const full = isKept ? null : prepare({ ...mirror, where: null }, reading, "upsert", row, encoding);
  return full === null || "problem" in full || full.op !== "upsert"
    ? { ...part, kept }
    : { ...full, op: "update", kept, storable: true, notes: part.notes };
}

function without(row: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
}

/**
 * A row as it may be stored in quarantine, with the encoding to store it by: without the columns that the mirror drops,
 * and with hashes instead of the values that it hashes. Prepared again with `{ redacted: true }`, it gives what the
 * row itself gives.
 */
export function redactRow<E extends RowEncoding>(
  mirror: CompiledMirror,
  json: JsonObject,
  encoding: E,
  { redacted = false }: RowOrigin = {},
): { row: JsonObject; encoding: E } {
  const { redaction } = mirror;
  // A row that was stored before was redacted before.
  if (redaction === null || encoding === "stored") return { row: json, encoding };
  return { row: redact(redaction, json, encoding, redacted), encoding };
}

function prepare(
  mirror: CompiledMirror,
  reading: Reading,
  op: Change["op"],
  json: JsonObject,
  encoding: Encoding,
): Prepared | Filtered | Refused {
  const { key } = reading;
  return key === null
    ? prepareKeyless(mirror, reading, op, json, encoding)
    : prepareKeyed(mirror, reading, key, op, json, encoding);
}

function prepareKeyed(
  mirror: CompiledMirror,
  reading: Reading,
  paths: readonly Path[],
  op: Change["op"],
  json: JsonObject,
  encoding: Encoding,
): Prepared | Filtered | Refused {
  for (const { path, columns } of paths) {
    if (valueAt(json, columns) === undefined) return refuseKey(mirror, missingKey(path));
  }
  if (op === "delete") {
    const key = convertKey(paths, json, encoding);
    if (!Array.isArray(key)) return refuseKey(mirror, key);
    return deletion(key, convertVersion(reading.version, json, encoding), NO_NOTES);
  }
  const unset: string[] = [];
  const conversion = startConversion(encoding, op === "update" ? unset : null);
  const row = convertRow(json, conversion, mirror, reading);
  if (row === FAILED || row === FROZEN) return refuse(conversion, row === FROZEN, reading, json);
  const notes = conversion.notes ?? NO_NOTES;
  const key: Value[] = [];
  for (const { path, names } of paths) {
    const value = valueAt(row, names);
    if (value === undefined) return refuseKey(mirror, missingKey(path));
    key.push(value);
  }
  const version = reading.version === null ? undefined : valueAt(row, reading.version.names);
  if (op === "upsert") {
    const belongs = filter(mirror, row);
    if (belongs === false) return deletion(key, version, notes);
    if (belongs !== true) return { problem: belongs, ...refusedRow(key, version, notes) };
  }
  const bytes = measureDocument(row);
  if (typeof bytes !== "number") return { problem: bytes, ...refusedRow(key, version, notes) };
  const hash = hashToInt64(keyHash(key));
  return op === "update"
    ? { op, row, unset, key, keyHash: hash, version, bytes, notes }
    : { op, row, key, keyHash: hash, version, bytes, notes };
}

function prepareKeyless(
  mirror: CompiledMirror,
  reading: Reading,
  op: Change["op"],
  json: JsonObject,
  encoding: Encoding,
): Prepared | Filtered | Refused {
  if (op === "update") {
    const message =
      "a partial row cannot be matched, because the mirror has no primary key. Declare one in schema.ts.";
    const problem = located({ code: "MissingPrimaryKeyValue", path: "", message });
    return { problem, refuse: false, notes: NO_NOTES };
  }
  const conversion = startConversion(encoding);
  const row = convertRow(json, conversion, mirror, reading);
  if (row === FAILED || row === FROZEN) return refuse(conversion, row === FROZEN, reading, json);
  const notes = conversion.notes ?? NO_NOTES;
  const version = reading.version === null ? undefined : valueAt(row, reading.version.names);
  const belongs = filter(mirror, row);
  if (belongs === false) return { op: "filtered", notes };
  const content = contentKey(row);
  row[mirror.contentKeyField] = content;
  const key = [content];
  if (belongs !== true) return { problem: belongs, ...refusedRow(key, version, notes) };
  const bytes = measureDocument(row);
  if (typeof bytes !== "number") return { problem: bytes, ...refusedRow(key, version, notes) };
  const base = { key, keyHash: hashToInt64(keyHash(key)), version, bytes, notes };
  return op === "delete" ? { op, ...base } : { op, row, ...base };
}

/** Whether a row belongs to the mirror, or why that is unknown. */
function filter({ where }: CompiledMirror, row: Row): boolean | Problem {
  if (where === null) return true;
  let what: string;
  try {
    const belongs: unknown = where(row);
    // What forgot its `return`, or is a promise, must not delete rows.
    if (typeof belongs === "boolean") return belongs;
    what = `returned ${belongs === undefined ? "nothing" : `a value of type ${typeof belongs}`}; it must return true or false`;
  } catch (error) {
    what = `threw: ${shorten(error instanceof Error ? error.message : String(error), 200)}`;
  }
  return located({ code: "FilterFailed", path: "", message: `the mirror's filter "where" ${what}` });
}

function deletion(key: Value[], version: Value | undefined, notes: readonly Note[]): Prepared {
  return {
    op: "delete",
    key,
    keyHash: hashToInt64(keyHash(key)),
    version,
    bytes: getConvexSize(key),
    notes,
  };
}

/** A converted row that cannot be stored: its problem is not drift. */
function refusedRow(
  key: Value[],
  version: Value | undefined,
  notes: readonly Note[],
): Omit<Refused, "problem"> {
  return {
    refuse: false,
    notes,
    key,
    keyHash: hashToInt64(keyHash(key)),
    ...(version !== undefined && { version }),
  };
}

function refuseKey({ drift }: CompiledMirror, problem: Problem): Refused {
  return { problem, refuse: policyFor(problem, drift) === "freeze", notes: NO_NOTES };
}

/** The refusal of a row that cannot be converted, with as much of it as can. */
function refuse(conversion: Conversion, isFrozen: boolean, reading: Reading, json: JsonObject): Refused {
  const refused: Refused = {
    problem: problemOf(conversion),
    refuse: isFrozen,
    notes: conversion.notes ?? NO_NOTES,
  };
  const version = convertVersion(reading.version, json, conversion.encoding);
  if (version !== undefined) refused.version = version;
  const key = reading.key === null ? null : convertKey(reading.key, json, conversion.encoding);
  if (Array.isArray(key)) Object.assign(refused, { key, keyHash: hashToInt64(keyHash(key)) });
  return refused;
}

/** The key of a row of which nothing else is converted. */
function convertKey(paths: readonly Path[], json: JsonObject, encoding: Encoding): Value[] | Problem {
  const key: Value[] = [];
  for (const part of paths) {
    const conversion = startConversion(encoding);
    const value = convertAt(part, json, conversion);
    if (value === FAILED) {
      const problem = conversion.problem!;
      return located({ ...problem, path: joinPath(part.path, problem.path) });
    }
    key.push(value);
  }
  return key;
}

/** The version that a change carries. One that cannot be read counts as none. */
function convertVersion(version: Path | null, json: JsonObject, encoding: Encoding): Value | undefined {
  if (version === null || valueAt(json, version.columns) === undefined) return undefined;
  const value = convertAt(version, json, startConversion(encoding));
  return value === FAILED ? undefined : value;
}

function convertAt(part: Path, json: JsonObject, conversion: Conversion): Value | typeof FAILED {
  return part.convert(valueAt(json, part.columns)!, conversion);
}
