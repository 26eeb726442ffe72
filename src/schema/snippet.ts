import type { Json, JsonObject } from "../changes/change.js";
import { cleanFields } from "../changes/identifiers.js";
import { CONTENT_KEY_FIELD } from "./contract.js";
import { isIdentifier } from "./identifier.js";

/** Nesting that a snippet spells out; deeper values become v.any(). */
const MAX_DEPTH = 4;

/** Characters of fields that a snippet spells out; it is stored, and sent in error messages. */
const MAX_LENGTH = 50_000;

/** Airbyte's change-data-capture columns, after cleaning: they are no part of a row. */
const CDC_PREFIX = "source_ab_cdc";

/**
 * The `mirrorTable` declaration for a stream, to paste into `defineSchema`, made from its JSON schema (as Airbyte's
 * catalogs have it). What the schema does not tell becomes `v.any()`.
 *
 * @param primaryKey Dotted paths, cleaned, or null.
 */
export function mirrorSnippet(table: string, jsonSchema: Json, primaryKey: string[] | null): string {
  const columns = Object.entries(propertiesOf(isObject(jsonSchema) ? cleanFields(jsonSchema) : null)).filter(
    ([name]) => !name.startsWith(CDC_PREFIX),
  );
  const lines: string[] = [];
  let length = 0;
  for (const [name, schema] of columns) {
    const line = fieldLine(name, schema, primaryKey ?? []);
    length += line.length;
    if (length > MAX_LENGTH) {
      lines.push(`    // … and ${String(columns.length - lines.length)} more columns`);
      break;
    }
    lines.push(line);
  }
  const body = lines.length === 0 ? "{ /* the stream's columns */ }" : `{\n${lines.join("\n")}\n  }`;
  const options = primaryKey === null ? "" : `,\n  { primaryKey: ${JSON.stringify(primaryKey)} }`;
  return `${table}: mirrorTable(\n  ${body}${options},\n),`;
}

function fieldLine(name: string, schema: Json, primaryKey: string[]): string {
  if (!isIdentifier(name) || name === CONTENT_KEY_FIELD) {
    return `    // ${JSON.stringify(name)}: a mirror cannot declare this name`;
  }
  const inKey = primaryKey.some((path) => path === name || path.startsWith(`${name}.`));
  return `    ${name}: ${validatorCode(schema, inKey, 1)},`;
}

function propertiesOf(schema: Json): JsonObject {
  const properties = isObject(schema) ? schema.properties : undefined;
  return isObject(properties) ? properties : {};
}

function validatorCode(schema: Json, required: boolean, depth: number): string {
  if (!isObject(schema)) return "v.any()";
  const types = typesOf(schema, depth);
  const kinds = [
    ...new Set(types.filter((type) => type !== "null").map((type) => kindCode(type, schema, depth))),
  ];
  if (kinds.length === 0) return "v.any()";
  if (kinds.includes("v.any()")) return "v.any()";
  const nullable = !required && types.includes("null");
  const members = nullable ? [...kinds, "v.null()"] : kinds;
  return members.length === 1 ? members[0]! : `v.union(${members.join(", ")})`;
}

function typesOf(schema: JsonObject, depth: number): string[] {
  if (typeof schema.type === "string") return [schema.type];
  if (Array.isArray(schema.type)) return schema.type.filter((type) => typeof type === "string");
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (!Array.isArray(alternatives) || depth > MAX_DEPTH) return [];
  return alternatives.flatMap((part) => (isObject(part) ? typesOf(part, depth + 1) : []));
}

function kindCode(type: string, schema: JsonObject, depth: number): string {
  switch (type) {
    case "string":
      return "v.string()";
    case "boolean":
      return "v.boolean()";
    case "integer":
    case "number":
      return "v.number()";
    case "array":
      return `v.array(${depth < MAX_DEPTH ? validatorCode(schema.items ?? null, false, depth + 1) : "v.any()"})`;
    case "object":
      return objectCode(schema, depth);
    default:
      return "v.any()";
  }
}

function objectCode(schema: JsonObject, depth: number): string {
  const entries = Object.entries(propertiesOf(schema));
  if (entries.length === 0 || depth >= MAX_DEPTH) return "v.any()";
  // An object with a name that a schema cannot declare is kept whole all the same, as v.any().
  if (!entries.every(([name]) => isIdentifier(name))) return "v.any()";
  const fields = entries.map(([name, part]) => `${name}: ${validatorCode(part, false, depth + 1)}`);
  return `v.object({ ${fields.join(", ")} })`;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
