/** Converts the fields of a row, as the mirror's shape and drift policies say. */
import type { Value } from "convex/values";
import { isObject, isRedacted, type JsonObject } from "./values.js";
import { articled, type Conversion, FAILED, failWithin, note, notesWithin } from "./conversion.js";
import type { DriftPolicies, DriftPolicy } from "./drift.js";
import { isFieldName } from "./names.js";
import type { CompiledMirror, Reading, RowField } from "./mirror.js";
import type { Note, Problem } from "./problem.js";
import { countOf, failMissing, valueOf } from "./objects.js";
import { kindBefore } from "./redact.js";
import { sampleOf, shorten } from "./text.js";

/** What `convertRow` returns for a row that refuses the complete delivery. */
export const FROZEN = Symbol("frozen");

/**
 * Converts the fields of a row. When it returns FAILED or FROZEN, `conversion.problem` says why; a row that is both is
 * FROZEN.
 *
 * A partial row, of a conversion with `unset`, may leave fields out; null in one that may not be null removes it.
 */
export function convertRow(
  json: JsonObject,
  conversion: Conversion,
  mirror: CompiledMirror,
  reading: Reading,
): Record<string, Value> | typeof FAILED | typeof FROZEN {
  const { drift } = mirror;
  const { unset } = conversion;
  const row: Record<string, Value> = {};
  let failure: Failure | null = null;
  let found = 0;
  for (const field of reading.fields) {
    const { name, column } = field;
    const value = valueOf(json, field, column);
    if (value === undefined) {
      if (field.optional || unset !== null) continue;
      if (field.admitsNull) {
        note(conversion, "missingField", name, undefined, "null");
        row[name] = null;
        continue;
      }
      failMissing(conversion, name);
      failure = worse(failure, conversion, drift.missingFields);
      if (isDecided(failure, mirror)) return give(failure, conversion);
      continue;
    }
    found++;
    if (value === null && field.optional && !field.admitsNull) {
      unset?.push(name);
      continue;
    }
    const start = conversion.notes?.length ?? 0;
    const convert = unset === null ? field.convert : (field.part ?? field.convert);
    const converted = convert(value, conversion);
    if (converted !== FAILED) {
      if (conversion.notes === null || conversion.notes.length === start) {
        row[name] = converted;
        continue;
      }
      notesWithin(conversion, start, name);
      if (drift.types === "evolve" || !failCoerced(conversion, start, drift.types)) {
        row[name] = converted;
        continue;
      }
    } else {
      failWithin(conversion, name);
      if (conversion.notes !== null) conversion.notes.length = start;
    }
    const policy = policyFor(conversion.problem!, drift);
    if (policy === "discard_value" && field.discardable) {
      if (conversion.notes !== null) conversion.notes.length = start;
      conversion.problem = null;
      noteDiscarded(conversion, field, value);
      if (!field.optional) row[name] = null;
      else unset?.push(name);
      continue;
    }
    failure = worse(failure, conversion, policy);
    if (isDecided(failure, mirror)) return give(failure, conversion);
  }
  // Not even looked for in most rows: that they have as many fields as were found says that there are none.
  if (countOf(json) !== found) {
    const kept = takeUnknown(json, conversion, mirror, reading);
    if (kept === FAILED) failure = worse(failure, conversion, drift.unknownFields);
    else if (kept !== null)
      row[mirror.overflow!.name] = { ...(row[mirror.overflow!.name] as object | undefined), ...kept };
  }
  if (conversion.notes !== null && failUnknownWithin(conversion, drift.unknownFields)) {
    failure = worse(failure, conversion, drift.unknownFields);
  }
  if (failure !== null) return give(failure, conversion);
  if (unset === null) {
    if (mirror.overflow?.optional === false) row[mirror.overflow.name] ??= {};
    Object.assign(row, mirror.unmarked);
  }
  return row;
}

/** Why a row cannot be stored, and whether its delivery is refused for it. */
interface Failure {
  readonly problem: Problem;
  readonly isFrozen: boolean;
}

/** The failure that counts of the one before and the one that the conversion has come to now. */
function worse(before: Failure | null, conversion: Conversion, policy: DriftPolicy): Failure {
  const isFrozen = policy === "freeze";
  return before !== null && (before.isFrozen || !isFrozen)
    ? before
    : { problem: conversion.problem!, isFrozen };
}

/** True when looking further cannot make a difference. */
function isDecided(failure: Failure, { mayFreeze }: CompiledMirror): boolean {
  return failure.isFrozen || !mayFreeze;
}

function give({ problem, isFrozen }: Failure, conversion: Conversion): typeof FAILED | typeof FROZEN {
  conversion.problem = problem;
  return isFrozen ? FROZEN : FAILED;
}

/** The policy for what is wrong with a value. */
export function policyFor({ code }: Problem, { types, missingFields }: DriftPolicies): DriftPolicy {
  if (code !== "MissingField" && code !== "MissingPrimaryKeyValue") return types;
  // There is no value to discard: the row must wait.
  return missingFields === "discard_value" ? "discard_row" : missingFields;
}

/** Makes a problem of a value that was converted from another kind. False when none was. */
function failCoerced(conversion: Conversion, start: number, policy: DriftPolicy): boolean {
  const coerced = conversion.notes!.slice(start).find(({ kind }) => kind === "coerced");
  if (coerced === undefined) return false;
  const { path, from, to = "", sample } = coerced;
  const found = `found ${articled(from)}${sample === "" ? "" : ` (${sample})`} where ${articled(to)} belongs`;
  const message = `${found}, and the mirror's drift policy "${policy}" lets no value become another. Correct it at the source, or admit it in schema.ts.`;
  conversion.problem = { code: "TypeMismatch", path, message };
  return true;
}

function noteDiscarded(conversion: Conversion, field: RowField, json: JsonObject[string]): void {
  const from = kindBefore(json);
  (conversion.notes ??= []).push({
    kind: "discardedValue",
    path: field.name,
    from,
    sample: sampleOfValue(json),
  });
}

function sampleOfValue(json: JsonObject[string]): string {
  return isObject(json) && isRedacted(json) ? "" : sampleOf(json);
}

/**
 * Deals with the columns that feed no field.
 *
 * @returns those to be kept; null when there are none; FAILED when the row cannot be stored because of one.
 */
function takeUnknown(
  json: JsonObject,
  conversion: Conversion,
  { drift: { unknownFields: policy }, overflow }: CompiledMirror,
  { known }: Reading,
): Record<string, Value> | null | typeof FAILED {
  let kept: Record<string, Value> | null = null;
  for (const name of Object.keys(json)) {
    const value = json[name];
    if (value === undefined || known.has(name)) continue;
    const made: Note = {
      kind: "unknownField",
      path: shorten(name, 200),
      from: kindBefore(value),
      sample: sampleOfValue(value),
    };
    (conversion.notes ??= []).push(made);
    if (refuses(policy)) {
      conversion.problem = unknownProblem(made.path, policy);
      return FAILED;
    }
    if (overflow === null || !isFieldName(name)) continue;
    const copy = overflow.convert(value, conversion);
    if (copy === FAILED) {
      // Better without it than not at all.
      conversion.problem = null;
    } else {
      (kept ??= {})[name] = copy;
      made.to = overflow.name;
    }
  }
  return kept;
}

/** Makes a problem of an unknown field inside of an object, when the policy is not to have any. */
function failUnknownWithin(conversion: Conversion, policy: DriftPolicy): boolean {
  if (!refuses(policy)) return false;
  const unknown = conversion.notes!.find(({ kind }) => kind === "unknownField");
  if (unknown === undefined) return false;
  conversion.problem = unknownProblem(unknown.path, policy);
  return true;
}

function refuses(policy: DriftPolicy): boolean {
  return policy === "freeze" || policy === "discard_row";
}

function unknownProblem(path: string, policy: DriftPolicy): Problem {
  const message = `the mirror declares no such field, and its drift policy "${policy}" wants none. Declare it in schema.ts, add it to "drop", or leave it out at the source.`;
  return { code: "UnknownField", path, message };
}
