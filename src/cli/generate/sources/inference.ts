import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import type { Json, JsonObject } from "../../../core/rows/change.js";
import { cleanFields } from "../../../core/rows/identifiers.js";
import { WrittenNumber } from "../../../core/rows/numbers.js";
import { isIdentifier } from "../../../schema/fieldName.js";
import { ANY, BOOLEAN, INT64, isInt64, nullable, NUMBER, STRING, union } from "../validators.js";

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
  add(json: Json, depth: number): void {
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
