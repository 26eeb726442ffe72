import type { ValidatorJSON } from "convex/values";
import type { Json } from "../../../core/rows/change.js";
import { readNumber } from "../../../core/rows/numbers.js";
import { ValueSketch } from "./inference.js";
import { isObject } from "./jsonFile.js";
import { ANY, BOOLEAN, BYTES, INT64, isInt64, leavesOf, NUMBER, STRING } from "../validators.js";

/** Digits that a double holds of any decimal number. */
const EXACT_DIGITS = 15;

/** Readings of a text. `letter` is the `t` and `f` of Postgres, which may be letters after all. */
type Kind = "string" | "boolean" | "letter" | "bytes" | "integer" | "int64" | "fraction" | "json";

const NUMBERS: readonly Kind[] = ["integer", "int64", "fraction"];
const TRUTHS: readonly Kind[] = ["boolean", "letter"];

/** What the texts of a column of a CSV file are written as, if all of them are and nothing is lost that way. */
export class TextSketch {
  readonly #kinds = new Set<Kind>();
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
    const areAll = (...wanted: readonly Kind[]) => kinds.every((kind) => wanted.includes(kind));
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

function kindOf(text: string): Kind {
  if (/^(?:true|false)$/i.test(text)) return "boolean";
  if (text === "t" || text === "f") return "letter";
  if (/^\\x(?:[0-9a-f]{2})*$/i.test(text)) return "bytes";
  if (/^(?:0|-?[1-9]\d*)$/.test(text)) return kindOfInteger(text);
  return isExactDecimal(text) ? "fraction" : "string";
}

function kindOfInteger(text: string): Kind {
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
