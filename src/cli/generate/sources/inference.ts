import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import type { Json, JsonObject } from "../../../core/rows/values.js";
import { cleanFields } from "../../../core/rows/identifiers.js";
import { readNumber, WrittenNumber } from "../../../core/rows/numbers.js";
import { isIdentifier } from "../../../schema/fields.js";
import {
  ANY,
  BOOLEAN,
  BYTES,
  INT64,
  isInt64,
  leavesOf,
  nullable,
  NUMBER,
  STRING,
  union,
} from "../validators.js";
import { isObject, plainNumber } from "../../../core/rows/values.js";

/** Nesting that is spelled out; deeper values become v.any(). */
const MAX_DEPTH = 4;

/** Fields of an object beyond which it is no record of something but a map, whose keys are data. */
const MAX_FIELDS = 64;

type Kind = "string" | "boolean" | "integer" | "int64" | "fraction" | "any";

/** The kinds of JSON values that were seen in one place. */
export class ValueSketch {
  hasNull = false;
  readonly #kinds = new Set<Kind>();
  #element: ValueSketch | null = null;
  #fields: Map<string, { value: ValueSketch; count: number }> | null = null;
  #objects = 0;

  /** Nothing but objects was seen. */
  get isObjects(): boolean {
    return this.#objects > 0 && this.#element === null && this.#kinds.size === 0;
  }

  /** @param depth Levels that the value stands in. */
  add(written: Json, depth: number): void {
    const json = plainNumber(written);
    if (json === null) this.hasNull = true;
    else if (typeof json === "string") this.#kinds.add("string");
    else if (typeof json === "boolean") this.#kinds.add("boolean");
    else if (typeof json === "number") this.#kinds.add(Number.isInteger(json) ? "integer" : "fraction");
    else if (typeof json === "bigint") this.#kinds.add(isInt64(json) ? "int64" : "any");
    // Its digits: no number of Convex holds it.
    else if (json instanceof WrittenNumber) this.#kinds.add("string");
    else if (depth >= MAX_DEPTH) this.#kinds.add("any");
    else if (Array.isArray(json)) this.#addArray(json, depth);
    else this.#addObject(cleanFields(json), depth);
  }

  #addArray(array: readonly Json[], depth: number): void {
    this.#element ??= new ValueSketch();
    for (const item of array) this.#element.add(item, depth + 1);
  }

  #addObject(object: JsonObject, depth: number): void {
    this.#objects++;
    this.#fields ??= new Map();
    for (const [name, json] of Object.entries(object)) {
      // A map of data must not fill the memory.
      if (this.#fields.size > MAX_FIELDS) return;
      const field = this.#fields.get(name) ?? { value: new ValueSketch(), count: 0 };
      this.#fields.set(name, field);
      field.count++;
      field.value.add(json, depth + 1);
    }
  }

  /** The validator of all values but null. */
  result(): ValidatorJSON {
    const kinds = this.#kinds;
    if (kinds.has("any")) return ANY;
    const members: ValidatorJSON[] = [];
    if (kinds.has("string")) members.push(STRING);
    if (kinds.has("int64")) members.push(INT64);
    if (kinds.has("fraction") || (kinds.has("integer") && !kinds.has("int64"))) members.push(NUMBER);
    if (kinds.has("boolean")) members.push(BOOLEAN);
    if (this.#element !== null) members.push({ type: "array", value: this.#element.resultWithNull() });
    if (this.#fields !== null) members.push(this.#objectResult(this.#fields));
    return union(members);
  }

  resultWithNull(): ValidatorJSON {
    return this.hasNull ? nullable(this.result()) : this.result();
  }

  #objectResult(fields: ReadonlyMap<string, { value: ValueSketch; count: number }>): ValidatorJSON {
    if (fields.size === 0 || fields.size > MAX_FIELDS || ![...fields.keys()].every(isIdentifier)) return ANY;
    const value = [...fields].map(([name, { value: sketch, count }]): [string, ObjectFieldType] => [
      name,
      { fieldType: sketch.resultWithNull(), optional: count < this.#objects },
    ]);
    return { type: "object", value: Object.fromEntries(value) };
  }

  /** What people may prefer: int64 for numbers that will grow, numbers for dates. */
  alternatives(): ValidatorJSON["type"][] {
    const kinds = [...this.#kinds];
    if (kinds.length > 0 && kinds.every((kind) => kind === "integer" || kind === "int64"))
      return ["number", "bigint"];
    return kinds.length === 1 && kinds[0] === "string" ? ["number", "bytes"] : [];
  }
}

/** Digits that a double holds of any decimal number. */
const EXACT_DIGITS = 15;

/** Readings of a text. `letter` is the `t` and `f` of Postgres, which may be letters after all. */
type TextKind = "string" | "boolean" | "letter" | "bytes" | "integer" | "int64" | "fraction" | "json";

const NUMBERS: readonly TextKind[] = ["integer", "int64", "fraction"];
const TRUTHS: readonly TextKind[] = ["boolean", "letter"];

/** What the texts of a column of a CSV file are written as, if all of them are and nothing is lost that way. */
export class TextSketch {
  readonly #kinds = new Set<TextKind>();
  readonly #letters = new Set<string>();
  readonly #json = new ValueSketch();

  add(text: string): void {
    const json = readJson(text);
    const kind = json === undefined ? kindOf(text) : "json";
    this.#kinds.add(kind);
    if (kind === "letter") this.#letters.add(text);
    if (json !== undefined) this.#json.add(json, 1);
  }

  result(): ValidatorJSON {
    const kinds = [...this.#kinds];
    const areAll = (...wanted: readonly TextKind[]) => kinds.every((kind) => wanted.includes(kind));
    if (kinds.length === 0) return ANY;
    if (areAll("integer", "int64") && this.#kinds.has("int64")) return INT64;
    // An integer that a double cannot hold among fractions: no type of number takes both.
    if (areAll(...NUMBERS)) return this.#kinds.has("int64") ? STRING : NUMBER;
    if (areAll(...TRUTHS)) return this.#letters.size === 1 && !this.#kinds.has("boolean") ? STRING : BOOLEAN;
    if (areAll("bytes")) return BYTES;
    return areAll("json") ? this.#jsonResult() : STRING;
  }

  /** `push` reads the JSON of a text where the mirror declares an array or an object, and nothing else. */
  #jsonResult(): ValidatorJSON {
    const validator = this.#json.result();
    if (validator.type === "any" && this.#json.isObjects)
      return { type: "record", keys: { type: "string" }, values: { fieldType: ANY, optional: false } };
    const fits = leavesOf(validator).every(({ type }) => type === "array" || type === "object");
    return fits ? validator : STRING;
  }

  /** Types of other files of the same table, and what people make of texts. */
  alternatives(): ValidatorJSON["type"][] {
    return ["string", "number", "bigint", "boolean", "bytes", "array", "object", "record"];
  }
}

function kindOf(text: string): TextKind {
  if (/^(?:true|false)$/i.test(text)) return "boolean";
  if (text === "t" || text === "f") return "letter";
  if (/^\\x(?:[0-9a-f]{2})*$/i.test(text)) return "bytes";
  if (/^(?:0|-?[1-9]\d*)$/.test(text)) return kindOfInteger(text);
  return isExactDecimal(text) ? "fraction" : "string";
}

function kindOfInteger(text: string): TextKind {
  const number = readNumber(text);
  if (typeof number === "number") return "integer";
  return typeof number === "bigint" && isInt64(number) ? "int64" : "string";
}

/** A decimal number of which a double holds every digit. Zeros at its end are its layout: `1.50` is 1.5. */
function isExactDecimal(text: string): boolean {
  if (!/^-?(?:0|[1-9]\d*)\.\d+$/.test(text)) return false;
  const digits = text.replace(/[-.]/g, "").replace(/^0+|0+$/g, "");
  return digits.length <= EXACT_DIGITS && !Object.is(Number(text), -0);
}

/** The value of a text that is an array or an object. Texts and numbers are JSON too, but were texts and numbers before. */
function readJson(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value = JSON.parse(text) as Json;
    return Array.isArray(value) || isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
