import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import { isObject, type Json, type JsonObject } from "../core/rows/values.js";
import { isIdentifier } from "./fields.js";

/** Nesting that is spelled out; deeper values become v.any(). */
const MAX_DEPTH = 4;

const ANY: ValidatorJSON = { type: "any" };
const NULL: ValidatorJSON = { type: "null" };

/**
 * The validator of a property of a JSON schema, as Airbyte's catalogs have them. What the schema does not say becomes
 * `v.any()`.
 *
 * Sources of databases leave `null` out of their types altogether: then every value may be null.
 *
 * @param tellsNull Whether the schema says where null may be. See {@link tellsNull}.
 * @param required The value is part of a key, and never null.
 */
export function validatorOfJsonSchema(schema: Json, tellsNull: boolean, required: boolean): ValidatorJSON {
  return new Reader(tellsNull).read(schema, required, 1);
}

/** The properties of a JSON schema of an object. */
export function propertiesOf(schema: Json): JsonObject {
  const properties = isObject(schema) ? schema.properties : undefined;
  return isObject(properties) ? properties : {};
}

/** Whether a schema says of any of its values that it may be null: then those of which it does not are never null. */
export function tellsNull(schema: Json | undefined, depth = 0): boolean {
  if (!isObject(schema) || depth > MAX_DEPTH) return false;
  if (schema.type === "null" || (Array.isArray(schema.type) && schema.type.includes("null"))) return true;
  const parts = [schema.oneOf, schema.anyOf, Object.values(propertiesOf(schema)), [schema.items]];
  return parts.some((each) => Array.isArray(each) && each.some((part) => tellsNull(part, depth + 1)));
}

class Reader {
  constructor(private readonly tellsNull: boolean) {}

  read(schema: Json, required: boolean, depth: number): ValidatorJSON {
    if (!isObject(schema)) return ANY;
    const types = typesOf(schema, depth);
    const kinds = new Map<string, ValidatorJSON>();
    for (const type of types.filter((each) => each !== "null")) {
      const kind = this.#kind(type, schema, depth);
      kinds.set(JSON.stringify(kind), kind);
    }
    const members = [...kinds.values()];
    if (members.length === 0 || members.some(({ type }) => type === "any")) return ANY;
    if (!required && (types.includes("null") || !this.tellsNull)) members.push(NULL);
    return members.length === 1 ? members[0]! : { type: "union", value: members };
  }

  #kind(type: string, schema: JsonObject, depth: number): ValidatorJSON {
    switch (type) {
      case "string":
        return { type: "string" };
      case "boolean":
        return { type: "boolean" };
      case "integer":
      case "number":
        return { type: isDatabaseInteger(schema) ? "bigint" : "number" };
      case "array":
        return { type: "array", value: depth < MAX_DEPTH ? this.#element(schema.items, depth) : ANY };
      case "object":
        return this.#object(schema, depth);
      default:
        return ANY;
    }
  }

  /** Elements are null only where the schema says so: few arrays have any. */
  #element(items: Json | undefined, depth: number): ValidatorJSON {
    return this.read(items ?? null, !this.tellsNull, depth + 1);
  }

  #object(schema: JsonObject, depth: number): ValidatorJSON {
    const entries = Object.entries(propertiesOf(schema));
    if (entries.length === 0 || depth >= MAX_DEPTH) return ANY;
    // An object with a name that a schema cannot declare is kept complete, as v.any().
    if (!entries.every(([name]) => isIdentifier(name))) return ANY;
    const fields = entries.map(([name, part]): [string, ObjectFieldType] => [
      name,
      { fieldType: this.read(part, false, depth + 1), optional: false },
    ]);
    return { type: "object", value: Object.fromEntries(fields) };
  }
}

/**
 * Airbyte marks the integers of databases, which may have 64 bits: `{"type": "number", "airbyte_type": "integer"}`. Those
 * of APIs are plain integers, and small.
 */
function isDatabaseInteger({ airbyte_type: type }: JsonObject): boolean {
  return type === "integer" || type === "big_integer";
}

function typesOf(schema: JsonObject, depth: number): string[] {
  if (typeof schema.type === "string") return [schema.type];
  if (Array.isArray(schema.type)) return schema.type.filter((type) => typeof type === "string");
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (!Array.isArray(alternatives) || depth > MAX_DEPTH) return [];
  return alternatives.flatMap((part) => (isObject(part) ? typesOf(part, depth + 1) : []));
}
