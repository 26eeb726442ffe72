/**
 * From JSON to the values that a mirror's validator declares. A validator is compiled once into closures; converting
 * a row then allocates nothing but the row. Nothing is ever rounded, cut or guessed: a value that has no exact
 * counterpart is a problem of its row.
 */
import type { GenericValidator, Validator, Value } from "convex/values";
import type { Encoding } from "./change.js";
import { isObject, type Json, type JsonObject, MAX_JSON_DEPTH, plainNumber } from "./values.js";
import {
  COERCED,
  type Conversion,
  type Convert,
  EXACT,
  fail,
  FAILED,
  failWithin,
  type Level,
  mismatch,
  notesWithin,
} from "./conversion.js";
import { isFieldName } from "./names.js";
import { located, type Note, type Problem } from "./problem.js";
import { compileObject } from "./objects.js";
import { WrittenNumber } from "./numbers.js";
import {
  convertBoolean,
  convertBytes,
  convertFloat64,
  convertId,
  convertInt64,
  convertLiteral,
  convertNull,
  convertString,
  decode,
  doubleOf,
  isEncoded,
  outOfRange,
  wellFormed,
} from "./scalars.js";
import { shorten } from "./text.js";

/** A converted value with what was done to it, or why it cannot be converted. */
export type Converted = { value: Value; notes: readonly Note[] } | { problem: Problem };

/** No notes; shared, for most rows have none. */
export const NO_NOTES: readonly Note[] = Object.freeze([]);

/**
 * Compiles a validator into a function that converts JSON to values of it.
 *
 * @throws Error for a validator that no imported value can satisfy (`v.commitTs()`).
 */
export function compileConverter(validator: GenericValidator): (json: Json, encoding: Encoding) => Converted {
  const convert = compile(validator);
  return (json, encoding) => {
    const conversion = startConversion(encoding);
    const value = convert(json, conversion);
    return value === FAILED
      ? { problem: problemOf(conversion) }
      : { value, notes: conversion.notes ?? NO_NOTES };
  };
}

/** The state in which a conversion starts. */
export function startConversion(encoding: Encoding, unset: string[] | null = null): Conversion {
  return { encoding, level: COERCED, notes: null, unset, problem: null };
}

/** Why a conversion failed, with its place in the message. */
export function problemOf(conversion: Conversion): Problem {
  return located(conversion.problem!);
}

/** The converter of a validator, for the other files of the conversion. */
export function compile(validator: GenericValidator): Convert {
  // GenericValidator hides the kinds behind `any`; this is the same object.
  const known = validator as Validator<unknown>;
  switch (known.kind) {
    case "float64":
      return convertFloat64;
    case "int64":
      return convertInt64;
    case "string":
      return convertString;
    case "boolean":
      return convertBoolean;
    case "bytes":
      return convertBytes;
    case "null":
      return convertNull;
    case "id":
      return convertId;
    case "any":
      return (json, conversion) => convertAny(json, conversion, 0);
    case "literal":
      return convertLiteral(known.value as string | number | bigint | boolean);
    case "array":
      return compileArray(compile(known.element as GenericValidator));
    case "record":
      return compileRecord(compile(known.key as GenericValidator), compile(known.value as GenericValidator));
    case "object":
      return compileObject(known.fields as Record<string, GenericValidator>, compile);
    case "union":
      return compileUnion(known.members as GenericValidator[]);
    default:
      throw new Error(`A mirror cannot have a field of the kind ${(validator as { kind: string }).kind}.`);
  }
}

/** `v.any()`: the JSON as it is. Integers that a double cannot hold become int64. */
function convertAny(written: Json, conversion: Conversion, depth: number): Value | typeof FAILED {
  const json = plainNumber(written);
  if (typeof json === "string") return wellFormed(json, conversion);
  if (typeof json === "bigint") {
    const double = doubleOf(json, conversion);
    if (double !== null) return double;
    if (BigInt.asIntN(64, json) === json) return json;
    return fail(
      conversion,
      "NumberNotExact",
      `found ${shorten(String(json))}, which neither a double nor an int64 holds.`,
    );
  }
  if (typeof json !== "object" || json === null) return json;
  if (json instanceof WrittenNumber) return json.nearest ?? outOfRange(conversion, json, "a double");
  if (depth > MAX_JSON_DEPTH)
    return fail(conversion, "TooNested", "found JSON nested more than 200 levels deep.");
  if (isEncoded(json, conversion)) return decode(json, conversion);
  if (isObject(json)) {
    return convertEntries(json, conversion, nameOf, (value) => convertAny(value, conversion, depth + 1));
  }
  const array: Value[] = [];
  for (let i = 0; i < json.length; i++) {
    const value = convertAny(json[i]!, conversion, depth + 1);
    if (value === FAILED) return failWithin(conversion, String(i));
    array.push(value);
  }
  return array;
}

/** Record keys that may be any name. */
const nameOf: Convert = (name) => name as string;

function compileRecord(convertKey: Convert, convertValue: Convert): Convert {
  return (json, conversion) => {
    if (!isObject(json) || isEncoded(json, conversion)) return mismatch(conversion, json, "object");
    const start = conversion.notes?.length ?? 0;
    const record = convertEntries(json, conversion, convertKey, convertValue);
    mergeNotes(conversion, start);
    return record;
  };
}

function convertEntries(
  object: JsonObject,
  conversion: Conversion,
  convertKey: Convert,
  convertValue: Convert,
): Value | typeof FAILED {
  const record: Record<string, Value> = {};
  for (const name of Object.keys(object)) {
    if (object[name] === undefined) continue;
    // This also keeps "__proto__" from being assigned.
    if (!isFieldName(name)) {
      return fail(
        conversion,
        "InvalidFieldName",
        `found the field name "${shorten(name, 60)}", which Convex cannot store. Rename it at the source.`,
      );
    }
    const key = convertKey(name, conversion);
    if (key === FAILED) return failWithin(conversion, name);
    const value = convertValue(object[name], conversion);
    if (value === FAILED) return failWithin(conversion, name);
    record[key as string] = value;
  }
  return record;
}

function compileArray(convertElement: Convert): Convert {
  return (json, conversion) => {
    if (!Array.isArray(json)) return mismatch(conversion, json, "array");
    const start = conversion.notes?.length ?? 0;
    const array: Value[] = [];
    for (let i = 0; i < json.length; i++) {
      const value = convertElement(json[i]!, conversion);
      if (value === FAILED) return failWithin(conversion, String(i));
      array.push(value);
    }
    mergeNotes(conversion, start);
    return array;
  };
}

/** Keeps one of the equal notes of the elements of an array or record, so that a long one does not make thousands. */
function mergeNotes(conversion: Conversion, start: number): void {
  const notes = conversion.notes;
  if (notes === null || notes.length === start) return;
  const seen = new Set<string>();
  const merged = notes.splice(start).filter((note) => {
    const identity = [note.kind, note.path, note.from, note.to].join("\0");
    return !seen.has(identity) && seen.add(identity);
  });
  notes.push(...merged);
  notesWithin(conversion, start, "*");
}

function compileUnion(members: readonly GenericValidator[]): Convert {
  const admitsNull = members.some((member) => member.kind === "null");
  const converters = members.filter((member) => member.kind !== "null").map(compile);
  const [only] = converters;
  if (only === undefined) return convertNull;
  const convertOther = converters.length === 1 ? only : chooseMember(converters, describe(members));
  return (json, conversion) => (json === null && admitsNull ? null : convertOther(json, conversion));
}

/** The member that is nearest to the value: of its own kind, else written for it, else coerced; then the first. */
function chooseMember(converters: readonly Convert[], expected: string): Convert {
  return (json, conversion) => {
    const limit = conversion.level;
    const start = conversion.notes?.length ?? 0;
    let problem: Problem | null = null;
    for (let level: number = EXACT; level <= limit; level++) {
      conversion.level = level as Level;
      for (const convert of converters) {
        conversion.problem = null;
        const value = convert(json, conversion);
        if (value !== FAILED) {
          conversion.level = limit;
          return value;
        }
        // A member that failed further in, or over the value itself, says more than that it is not of the kind.
        problem ??= tellingProblem(conversion);
        if (conversion.notes !== null) conversion.notes.length = start;
      }
    }
    conversion.level = limit;
    if (problem === null) return mismatch(conversion, json, expected);
    conversion.problem = problem;
    return FAILED;
  };
}

function tellingProblem({ problem }: Conversion): Problem | null {
  return problem !== null && (problem.path !== "" || problem.code !== "TypeMismatch") ? problem : null;
}

function describe(members: readonly GenericValidator[]): string {
  return `one of ${members.map((member) => kindName(member as Validator<unknown>)).join(", ")}`;
}

function kindName(member: Validator<unknown>): string {
  if (member.kind === "float64") return "number";
  if (member.kind !== "literal") return member.kind;
  const value = member.value as string | number | bigint | boolean;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
