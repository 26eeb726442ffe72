import type { Json, JsonObject } from "../changes/change.js";
import { cleanFieldName } from "../changes/identifiers.js";

/** Nesting that a snippet spells out; deeper values become v.any(). */
const MAX_DEPTH = 4;

/**
 * The `mirrorTable` declaration for a stream, to paste into `defineSchema`, made from its JSON schema (as Airbyte's
 * catalogs have it). What the schema does not tell becomes `v.any()`.
 *
 * @param primaryKey Dotted paths, cleaned, or null.
 */
export function mirrorSnippet(table: string, jsonSchema: Json, primaryKey: string[] | null): string {
  const properties = propertiesOf(jsonSchema);
  const fields = Object.entries(properties)
    .filter(([name]) => !name.startsWith("_ab_cdc"))
    .map(([name, schema]) => {
      const field = cleanFieldName(name);
      const inKey = primaryKey?.some((path) => path === field || path.startsWith(`${field}.`)) ?? false;
      return `    ${propertyName(field)}: ${validatorCode(schema, inKey, 1)},`;
    });
  const body = fields.length === 0 ? "{ /* the stream's columns */ }" : `{\n${fields.join("\n")}\n  }`;
  const options = primaryKey === null ? "" : `,\n  { primaryKey: ${JSON.stringify(primaryKey)} }`;
  return `${propertyName(table)}: mirrorTable(\n  ${body}${options},\n),`;
}

function propertiesOf(schema: Json): JsonObject {
  const properties = isObject(schema) ? schema.properties : undefined;
  return isObject(properties) ? properties : {};
}

function validatorCode(schema: Json, required: boolean, depth: number): string {
  if (!isObject(schema)) return "v.any()";
  const types = typesOf(schema);
  const kinds = [...new Set(types.filter((type) => type !== "null").map((type) => kindCode(type, schema, depth)))];
  if (kinds.length === 0) return "v.any()";
  if (kinds.includes("v.any()")) return "v.any()";
  const nullable = !required && (types.includes("null") || types.length === 0);
  const members = nullable ? [...kinds, "v.null()"] : kinds;
  return members.length === 1 ? members[0]! : `v.union(${members.join(", ")})`;
}

function typesOf(schema: JsonObject): string[] {
  if (typeof schema.type === "string") return [schema.type];
  if (Array.isArray(schema.type)) return schema.type.filter((type) => typeof type === "string");
  const alternatives = schema.oneOf ?? schema.anyOf;
  return Array.isArray(alternatives) ? alternatives.flatMap((part) => (isObject(part) ? typesOf(part) : [])) : [];
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
  const fields = entries.map(([name, part]) => `${propertyName(cleanFieldName(name))}: ${validatorCode(part, false, depth + 1)}`);
  return `v.object({ ${fields.join(", ")} })`;
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
