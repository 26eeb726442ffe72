/** Converters of objects inside of rows. Rows themselves are more: see `rowFields.ts`. */
import type { GenericValidator, Validator, Value } from "convex/values";
import { isObject, type Json, type JsonObject } from "./values.js";
import {
  COERCED,
  type Conversion,
  type Convert,
  EXACT,
  fail,
  FAILED,
  failWithin,
  mismatch,
  note,
  notesWithin,
} from "./conversion.js";
import { isEncoded } from "./scalars.js";
import { joinPath } from "./problem.js";
import { shorten } from "./text.js";

/** A field of an object validator, compiled. */
export interface Field {
  readonly name: string;
  readonly convert: Convert;
  /** The field may be absent. */
  readonly optional: boolean;
  /** The field may be null. */
  readonly admitsNull: boolean;
  /** Every object has a property of this name from its prototype, so that it takes a closer look (`constructor`). */
  readonly inherited: boolean;
}

/** The fields of an object validator, compiled, in the order in which they are declared. */
export function compileFields(
  fields: Record<string, GenericValidator>,
  compile: (validator: GenericValidator) => Convert,
): Field[] {
  return Object.entries(fields).map(([name, validator]) => ({
    name,
    convert: compile(validator),
    optional: validator.isOptional === "optional",
    admitsNull: admitsNull(validator),
    inherited: name in Object.prototype,
  }));
}

function admitsNull(validator: GenericValidator): boolean {
  const known = validator as Validator<unknown>;
  if (known.kind === "union") return (known.members as GenericValidator[]).some(admitsNull);
  return known.kind === "null" || known.kind === "any";
}

/** `v.object({…})`. */
export function compileObject(
  validators: Record<string, GenericValidator>,
  compile: (validator: GenericValidator) => Convert,
): Convert {
  const fields = compileFields(validators, compile);
  return (json, conversion) =>
    !isObject(json) || isEncoded(json, conversion)
      ? mismatch(conversion, json, "object")
      : convertFields(json, conversion, fields);
}

/**
 * A part of an object whose fields an update merges one by one: those that are not named stay as they are, and those
 * that are null and may not be are removed.
 *
 * @param path The object's own.
 * @param merged Paths of objects that are merged.
 */
export function compilePart(
  validators: Record<string, GenericValidator>,
  compile: (validator: GenericValidator) => Convert,
  path: string,
  merged: readonly string[],
): Convert {
  const fields = compileFields(validators, (validator) => compile(validator)).map((field) => {
    const inner = joinPath(path, field.name);
    const known = validators[field.name] as Validator<unknown>;
    const isMerged = merged.includes(inner) && known.kind === "object";
    return {
      ...field,
      path: inner,
      convert: isMerged
        ? compilePart(known.fields as Record<string, GenericValidator>, compile, inner, merged)
        : field.convert,
    };
  });
  return (json, conversion) => {
    if (!isObject(json) || isEncoded(json, conversion)) return mismatch(conversion, json, "object");
    const named = fields.filter((field) => valueOf(json, field, field.name) !== undefined);
    for (const field of named) {
      if (json[field.name] === null && field.optional && !field.admitsNull)
        conversion.unset?.push(field.path);
    }
    return convertFields(json, conversion, named);
  };
}

/** Converts the fields of an object. */
function convertFields(
  object: JsonObject,
  conversion: Conversion,
  fields: readonly Field[],
): Record<string, Value> | typeof FAILED {
  const row: Record<string, Value> = {};
  let found = 0;
  for (const field of fields) {
    const name = field.name;
    const json = valueOf(object, field, name);
    if (json === undefined) {
      if (field.optional) continue;
      if (!field.admitsNull) return failMissing(conversion, name);
      if (conversion.level !== COERCED) return FAILED;
      note(conversion, "missingField", name, undefined, "null");
      row[name] = null;
      continue;
    }
    found++;
    if (json === null && field.optional && !field.admitsNull) {
      // Sources write an absent value as null, but another member of a union may hold null itself.
      if (conversion.level === EXACT) return FAILED;
      continue;
    }
    const start = conversion.notes?.length ?? 0;
    const value = field.convert(json, conversion);
    if (value === FAILED) return failWithin(conversion, name);
    if (conversion.notes !== null && conversion.notes.length > start) notesWithin(conversion, start, name);
    row[name] = value;
  }
  if (countOf(object) === found || noteUnknown(object, conversion, fields)) return row;
  return FAILED;
}

/** The JSON of a field, or undefined when there is none. */
export function valueOf(object: JsonObject, field: Field, name: string): Json | undefined {
  return field.inherited && !Object.hasOwn(object, name) ? undefined : object[name];
}

/** How many fields an object has. Counting is cheaper than looking every name up; rows rarely have unknown fields. */
export function countOf(object: JsonObject): number {
  let count = 0;
  for (const _name in object) count++;
  return count;
}

/** Gives up on an object that lacks a field. */
export function failMissing(conversion: Conversion, name: string): typeof FAILED {
  fail(
    conversion,
    "MissingField",
    "found nothing where a value is required. Wrap its validator in v.optional(…), or send the field from the source.",
  );
  return failWithin(conversion, name);
}

/** Notes the fields that no validator names. False when notes are not allowed. */
function noteUnknown(object: JsonObject, conversion: Conversion, fields: readonly Field[]): boolean {
  const known = new Set(fields.map((field) => field.name));
  for (const name of Object.keys(object)) {
    if (known.has(name) || object[name] === undefined) continue;
    if (conversion.level !== COERCED) return false;
    note(conversion, "unknownField", shorten(name, 200), object[name]);
  }
  return true;
}
