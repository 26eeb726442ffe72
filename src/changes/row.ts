/** What the importer does to each change before the mutation: convert, check, name and hash its row. */
import { getConvexSize, type GenericValidator, type Validator, type Value } from "convex/values";
import type { Change, Encoding, JsonObject } from "./change.js";
import { compile, NO_NOTES, problemOf, startConversion } from "./convert.js";
import { FAILED, type Conversion, type Convert } from "./conversion.js";
import { contentKey, keyHash, rowHash } from "./hash.js";
import { measureDocument } from "./limits.js";
import type { Note } from "./note.js";
import { compileFields, convertFields, type Field } from "./objects.js";
import { missingKey, splitPath, valueAt } from "./paths.js";
import { joinPath, located, type Problem } from "./problem.js";

/** A row in the values of its mirror, without `_id` and `_creationTime`. */
export type Row = Record<string, Value>;

interface PreparedBase {
  /** The row's values at the key's paths; for a mirror without a key, the row's content key alone. */
  key: Value[];
  /** Hash of `key`, unsigned 64-bit. */
  keyHash: bigint;
  /** The row's value at the version's path; undefined when the mirror has no version or the change does not tell it. */
  version: Value | undefined;
  /** Bytes of `row` as a document; of the key when there is no row. For budgets. */
  bytes: number;
  /** What was done to the values; empty for most rows. */
  notes: readonly Note[];
}

/** A whole row, ready to be stored. */
export interface PreparedUpsert extends PreparedBase {
  op: "upsert";
  /** The document. A mirror without a key has its content key in it. */
  row: Row;
  /** Hash of `row` as it is stored, unsigned 64-bit. */
  rowHash: bigint;
}

/** A part of a row, to be merged with the stored one. The merged row's limits and hash are the mutation's to check. */
export interface PreparedUpdate extends PreparedBase {
  op: "update";
  /** The fields that replace those of the stored row, key fields among them. */
  row: Row;
  /** The fields that are removed from the stored row: optional ones that came as null. */
  unset: string[];
}

/** A row that is gone. */
export interface PreparedDelete extends PreparedBase {
  op: "delete";
}

/** A change that the mutation can apply without another thought. */
export type Prepared = PreparedUpsert | PreparedUpdate | PreparedDelete;

/** A change that cannot be applied. */
export interface Refused {
  problem: Problem;
  /** The row's key, when that much could be read: later news of the same row supersede this one. */
  key?: Value[];
  keyHash?: bigint;
}

/** A path of the contract with the converter of the values there. */
interface Path {
  readonly path: string;
  readonly names: readonly string[];
  readonly convert: Convert;
}

/** A mirror's validator and contract, compiled for `prepareRow`. Opaque: make it once with `compileMirror`. */
export interface CompiledMirror {
  readonly fields: readonly Field[];
  /** Null for a mirror without a key. */
  readonly key: readonly Path[] | null;
  readonly version: Path | null;
  readonly contentKeyField: string;
}

/** The part of a mirror's contract that rows are prepared by. */
export interface RowContract {
  readonly primaryKey: readonly string[] | null;
  readonly version?: string | null;
}

/** The field that holds the content key of rows without a primary key. The same as `mirrorTable`'s. */
const CONTENT_KEY_FIELD = "mirrorKey";

/**
 * Compiles a mirror. Do it once per mirror and process, not per request.
 *
 * @param validator The validator of the table's documents, `schema.tables.customers.validator`.
 * @param contract The mirror's contract, `contractOf(schema.tables.customers)`.
 */
export function compileMirror(
  validator: GenericValidator,
  contract: RowContract,
  contentKeyField = CONTENT_KEY_FIELD,
): CompiledMirror {
  const known = validator as Validator<unknown>;
  if (known.kind !== "object")
    throw new Error("A mirror's documents must be described by one object validator.");
  const validators = known.fields as Record<string, GenericValidator>;
  const keyPaths = contract.primaryKey;
  const toPath = (path: string) => ({
    path,
    names: splitPath(path),
    convert: compile(validatorAt(validators, path)),
  });
  const key = keyPaths === null ? null : keyPaths.map(toPath);
  const version = contract.version == null ? null : toPath(contract.version);
  // The importer computes this field; a source's column of that name would be somebody else's.
  const fields = compileFields(validators, compile).filter(
    ({ name }) => key !== null || name !== contentKeyField,
  );
  return { fields, key, version, contentKeyField };
}

function validatorAt(fields: Record<string, GenericValidator>, path: string): GenericValidator {
  let validator: GenericValidator | undefined;
  let current: Record<string, GenericValidator> = fields;
  for (const name of splitPath(path)) {
    validator = Object.hasOwn(current, name) ? current[name] : undefined;
    const known = validator as Validator<unknown> | undefined;
    current = known?.kind === "object" ? (known.fields as Record<string, GenericValidator>) : {};
  }
  if (validator === undefined) throw new Error(`The mirror has no field at the path "${path}".`);
  return validator;
}

/**
 * Converts, checks, names and hashes one change. Runs in the action, not in the mutation, whose time is short.
 *
 * A mirror without a key takes upserts and deletes of whole rows; the hash of the row's content is its key. A partial
 * row has no content to hash, so that updates are refused.
 *
 * @param change Its names are clean (`cleanFields`).
 */
export function prepareRow(
  mirror: CompiledMirror,
  change: Change,
  encoding: Encoding = "json",
): Prepared | Refused {
  const { key } = mirror;
  return key === null
    ? prepareKeyless(mirror, change, encoding)
    : prepareKeyed(mirror, key, change, encoding);
}

function prepareKeyed(
  mirror: CompiledMirror,
  paths: readonly Path[],
  change: Change,
  encoding: Encoding,
): Prepared | Refused {
  const { op, row: json } = change;
  for (const { path, names } of paths) {
    if (valueAt(json, names) === undefined) return { problem: missingKey(path) };
  }
  if (op === "delete") {
    const key = convertKey(paths, json, encoding);
    if (!Array.isArray(key)) return { problem: key };
    const version = convertVersion(mirror.version, json, encoding);
    return { op, key, keyHash: keyHash(key), version, bytes: getConvexSize(key), notes: NO_NOTES };
  }
  const unset: string[] = [];
  const conversion = startConversion(encoding);
  const row = convertFields(json, conversion, mirror.fields, op === "update" ? unset : false);
  if (row === FAILED) return refuse(problemOf(conversion), paths, json, encoding);
  const key: Value[] = [];
  for (const { path, names } of paths) {
    const value = valueAt(row, names);
    if (value === undefined) return { problem: missingKey(path) };
    key.push(value);
  }
  const bytes = measureDocument(row);
  if (typeof bytes !== "number") return { problem: bytes, key, keyHash: keyHash(key) };
  const base = {
    key,
    keyHash: keyHash(key),
    version: mirror.version === null ? undefined : valueAt(row, mirror.version.names),
    bytes,
    notes: conversion.notes ?? NO_NOTES,
  };
  return op === "update" ? { op, row, unset, ...base } : { op, row, rowHash: rowHash(row), ...base };
}

function prepareKeyless(mirror: CompiledMirror, change: Change, encoding: Encoding): Prepared | Refused {
  const { op, row: json } = change;
  if (op === "update") {
    const message =
      "a partial row cannot be matched, for the mirror has no primary key. Declare one in schema.ts.";
    return { problem: located({ code: "MissingPrimaryKeyValue", path: "", message }) };
  }
  const conversion = startConversion(encoding);
  const row = convertFields(json, conversion, mirror.fields, false);
  if (row === FAILED) return { problem: problemOf(conversion) };
  const content = contentKey(row);
  row[mirror.contentKeyField] = content;
  const key = [content];
  const bytes = measureDocument(row);
  if (typeof bytes !== "number") return { problem: bytes, key, keyHash: keyHash(key) };
  const version = mirror.version === null ? undefined : valueAt(row, mirror.version.names);
  const base = { key, keyHash: keyHash(key), version, bytes, notes: conversion.notes ?? NO_NOTES };
  return op === "delete" ? { op, ...base } : { op, row, rowHash: rowHash(row), ...base };
}

function refuse(problem: Problem, paths: readonly Path[], json: JsonObject, encoding: Encoding): Refused {
  const key = convertKey(paths, json, encoding);
  return Array.isArray(key) ? { problem, key, keyHash: keyHash(key) } : { problem };
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

/** The version that a delete carries. One that cannot be read is as good as none: the rest of the row does not matter. */
function convertVersion(version: Path | null, json: JsonObject, encoding: Encoding): Value | undefined {
  if (version === null || valueAt(json, version.names) === undefined) return undefined;
  const value = convertAt(version, json, startConversion(encoding));
  return value === FAILED ? undefined : value;
}

function convertAt(part: Path, json: JsonObject, conversion: Conversion): Value | typeof FAILED {
  return part.convert(valueAt(json, part.names)!, conversion);
}
