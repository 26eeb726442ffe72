/** The protocol between the converters of one validator tree. Private to the conversion; see `convert.ts`. */
import type { Value } from "convex/values";
import type { Encoding } from "./change.js";
import { canonicalKind, type Json } from "./values.js";
import { joinPath, type Note, type Problem, type ProblemCode } from "./problem.js";
import { sampleOf } from "./text.js";

/** Only values that are of the declared kind already. */
export const EXACT = 0;
/** Also values that are written in the only way JSON has for them: dates, base64, int64 as number or digits. */
export const ENCODED = 1;
/** Also values of another kind that become the declared one with a note. */
export const COERCED = 2;

/** How far a converter may go from the value it finds. */
export type Level = typeof EXACT | typeof ENCODED | typeof COERCED;

/**
 * What a converter returns when it cannot convert. A symbol: it is not a value, and cannot be confused with an absent
 * one.
 */
export const FAILED = Symbol("failed");

/** The state of converting one value. */
export interface Conversion {
  readonly encoding: Encoding;
  level: Level;
  /** Null until there is one, for most rows have none. */
  notes: Note[] | null;
  /** Of a partial row: gets the paths of what it removes. Null for a full row. */
  readonly unset: string[] | null;
  /** Set when a converter failed at the level COERCED. */
  problem: Problem | null;
}

/**
 * Converts one value, or returns FAILED when it cannot at the level that the conversion allows. Failure is a return
 * value, not an exception: unions try members that fail, for every row.
 */
export type Convert = (json: Json, conversion: Conversion) => Value | typeof FAILED;

/** Gives up on a value. The path is completed by the converters of the enclosing values. */
export function fail(conversion: Conversion, code: ProblemCode, message: string): typeof FAILED {
  if (conversion.level === COERCED) conversion.problem = { code, path: "", message };
  return FAILED;
}

/** Gives up on a value of the wrong kind. */
export function mismatch(conversion: Conversion, json: Json, expected: string, advice = ""): typeof FAILED {
  if (conversion.level !== COERCED) return FAILED;
  const found = `found ${articled(canonicalKind(json))}${json === null ? "" : ` (${sampleOf(json)})`}`;
  const what =
    advice === ""
      ? `Correct it at the source, or change the field in schema.ts: ${validatorOf(json)} accepts it.`
      : advice;
  return fail(conversion, "TypeMismatch", `${found} where ${articled(expected)} belongs. ${what}`);
}

/** A validator that takes a value, as schema.ts writes it. */
function validatorOf(json: Json): string {
  switch (canonicalKind(json)) {
    case "null":
      return "v.union(…, v.null())";
    case "boolean":
      return "v.boolean()";
    case "string":
      return "v.string()";
    case "number":
      return "v.number()";
    case "integer":
      return Number.isSafeInteger(json) ? "v.number()" : "v.int64()";
    case "int64":
      return "v.int64()";
    case "bytes":
      return "v.bytes()";
    default:
      return "v.any()";
  }
}

/** Prefixes the path of the problem that the converter of a part has left. */
export function failWithin(conversion: Conversion, name: string): typeof FAILED {
  const problem = conversion.problem;
  if (problem !== null && conversion.level === COERCED) problem.path = joinPath(name, problem.path);
  return FAILED;
}

/** Notes what was done to a value. Only at the level COERCED, for only there anything is done. */
export function note(
  conversion: Conversion,
  kind: Note["kind"],
  path: string,
  json: Json | undefined,
  to?: string,
): void {
  const made: Note = { kind, path, from: canonicalKind(json), sample: sampleOf(json) };
  if (to !== undefined) made.to = to;
  (conversion.notes ??= []).push(made);
}

/** Prefixes the paths of the notes from position `start` on. */
export function notesWithin(conversion: Conversion, start: number, name: string): void {
  const notes = conversion.notes;
  if (notes === null) return;
  for (let i = start; i < notes.length; i++) notes[i]!.path = joinPath(name, notes[i]!.path);
}

/** The kind of a value with its article: `an array`. */
export function articled(kind: string): string {
  if (kind === "null" || kind === "nothing" || kind.startsWith("one of") || kind.startsWith('"')) return kind;
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}
