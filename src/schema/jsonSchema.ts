import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import { cleanPath } from "../core/rows/names.js";
import { isObject, type Json, type JsonObject } from "../core/rows/values.js";
import { isIdentifier } from "./fields.js";

/** Nesting that is spelled out; deeper values become v.any(). */
const MAX_DEPTH = 4;

const ANY: ValidatorJSON = { type: "any" };
const NULL: ValidatorJSON = { type: "null" };

/**
 * The fields for the properties of a JSON schema, as Airbyte's catalogs have them: they take every value that conforms.
 * What the schema does not say becomes `v.any()`; what it does not require may be absent.
 *
 * Sources of databases leave `null` out of their types altogether: then every value may be null, and none is absent.
 *
 * @param keys Paths that are part of a key: they are there, and never null.
 * @param clean Makes the names within a property's schema those of fields.
 */
export function fieldsOfJsonSchema(
  schema: Json,
  keys: Keys,
  clean: (part: Json) => Json = (part) => part,
): [name: string, field: ObjectFieldType][] {
  return new Reader(tellsNull(schema)).fields(schema, keys, 1, clean);
}

/** Paths within an object. */
type Keys = readonly (readonly string[])[];

/** The properties of a JSON schema of an object. */
export function propertiesOf(schema: Json): JsonObject {
  const properties = isObject(schema) ? schema.properties : undefined;
  return isObject(properties) ? properties : {};
}

/** Whether a schema says of any of its values that it may be null: then those of which it does not are never null. */
function tellsNull(schema: Json | undefined, depth = 0): boolean {
  if (!isObject(schema) || depth > MAX_DEPTH) return false;
  if (schema.type === "null" || (Array.isArray(schema.type) && schema.type.includes("null"))) return true;
  const parts = [schema.oneOf, schema.anyOf, Object.values(propertiesOf(schema)), [schema.items]];
  return parts.some((each) => Array.isArray(each) && each.some((part) => tellsNull(part, depth + 1)));
}

class Reader {
  constructor(private readonly tellsNull: boolean) {}

  fields(
    schema: Json,
    keys: Keys,
    depth: number,
    clean: (part: Json) => Json,
  ): [name: string, field: ObjectFieldType][] {
    const required = requiredOf(schema);
    return Object.entries(propertiesOf(schema)).map(([name, part]) => {
      const within = keys.filter(([head]) => head === name).map(([, ...rest]) => rest);
      const inKey = within.length > 0;
      const fieldType = this.read(clean(part), inKey, depth, within);
      return [name, { fieldType, optional: this.tellsNull && !inKey && !required.has(name) }];
    });
  }

  read(schema: Json, neverNull: boolean, depth: number, keys: Keys = []): ValidatorJSON {
    if (!isObject(schema)) return ANY;
    const types = typesOf(schema, depth);
    const kinds = new Map<string, ValidatorJSON>();
    for (const type of types.filter((each) => each !== "null")) {
      // An integer is a number, too.
      if (type === "integer" && types.includes("number")) continue;
      const kind = this.#kind(type, schema, depth, keys);
      kinds.set(JSON.stringify(kind), kind);
    }
    const members = [...kinds.values()];
    if (members.length === 0 || members.some(({ type }) => type === "any")) return ANY;
    if (!neverNull && (types.includes("null") || !this.tellsNull)) members.push(NULL);
    return members.length === 1 ? members[0]! : { type: "union", value: members };
  }

  #kind(type: string, schema: JsonObject, depth: number, keys: Keys): ValidatorJSON {
    switch (type) {
      case "string":
        return { type: "string" };
      case "boolean":
        return { type: "boolean" };
      case "integer":
        return { type: isSmall(schema) ? "number" : "bigint" };
      case "number":
        return { type: isDatabaseInteger(schema) ? "bigint" : "number" };
      case "array":
        return { type: "array", value: depth < MAX_DEPTH ? this.#element(schema.items, depth) : ANY };
      case "object":
        return this.#object(schema, depth, keys);
      default:
        return ANY;
    }
  }

  /** Elements are null only where the schema says so: few arrays have any. */
  #element(items: Json | undefined, depth: number): ValidatorJSON {
    return this.read(items ?? null, !this.tellsNull, depth + 1);
  }

  #object(schema: JsonObject, depth: number, keys: Keys): ValidatorJSON {
    const names = Object.keys(propertiesOf(schema));
    if (names.length === 0 || depth >= MAX_DEPTH) return ANY;
    // An object with a name that a schema cannot declare is kept complete, as v.any().
    if (!names.every((name) => isIdentifier(name))) return ANY;
    const fields = this.fields(schema, keys, depth + 1, (part) => part);
    return { type: "object", value: Object.fromEntries(fields) };
  }
}

/** The properties that are always there. They have the source's names, also where those of the properties were cleaned. */
function requiredOf(schema: Json): ReadonlySet<string> {
  const required = isObject(schema) && Array.isArray(schema.required) ? schema.required : [];
  const names = required.filter((name) => typeof name === "string");
  return new Set([...names, ...cleanPath(names)]);
}

/** Airbyte marks the integers of databases: `{"type": "number", "airbyte_type": "integer"}`. */
function isDatabaseInteger({ airbyte_type: type }: JsonObject): boolean {
  return type === "integer" || type === "big_integer";
}

/** Formats of integers that doubles hold. */
const SMALL_FORMATS = new Set(["int8", "int16", "int32", "unix-time"]);

/** Whether a double holds every integer that the schema admits. JSON Schema's have no bound of their own. */
function isSmall({ format, minimum, maximum }: JsonObject): boolean {
  if (typeof format === "string" && SMALL_FORMATS.has(format)) return true;
  return Number.isSafeInteger(minimum) && Number.isSafeInteger(maximum);
}

function typesOf(schema: JsonObject, depth: number): string[] {
  if (typeof schema.type === "string") return [schema.type];
  if (Array.isArray(schema.type)) return schema.type.filter((type) => typeof type === "string");
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (!Array.isArray(alternatives) || depth > MAX_DEPTH) return [];
  return alternatives.flatMap((part) => (isObject(part) ? typesOf(part, depth + 1) : []));
}
