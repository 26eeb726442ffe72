import type { Value } from "convex/values";
import type { ExportedRow, JsonSchema } from "./client.js";

/** Types of a column: what a file can keep as it is. Everything else is JSON text. */
export type ColumnType = "string" | "number" | "int64" | "boolean" | "bytes" | "json";

export interface Column {
  name: string;
  type: ColumnType;
}

/** What a reader adds to every row, after its fields. */
export const TS = "_ts";
export const DELETED = "_deleted";

/** Holds, as JSON text, what a row has that its schema does not say: of tables without a schema, and after a deploy. */
export const EXTRA = "_extra";

/** The columns of a table: `_id`, `_creationTime`, then its fields by name. */
export function columnsOf(schema: JsonSchema): Column[] {
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => !name.startsWith("_"));
  return [
    { name: "_id", type: "string" },
    { name: "_creationTime", type: "number" },
    ...fields
      .map(([name, field]) => ({ name, type: typeOf(field) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  ];
}

/** The type of a field in the schema of `convex_encoded_json`. */
function typeOf(schema: JsonSchema): ColumnType {
  const kinds = new Set(kindsOf(schema));
  kinds.delete("null");
  const [only] = kinds;
  return kinds.size === 1 ? (only as ColumnType) : "json";
}

function kindsOf(schema: JsonSchema): (ColumnType | "null")[] {
  const { type, anyOf, properties } = schema;
  if (anyOf !== undefined) return anyOf.flatMap(kindsOf);
  const literals = "const" in schema ? [schema.const] : schema.enum;
  if (literals !== undefined) {
    return literals.map((literal) => {
      if (literal === null) return "null";
      const kind = typeof literal;
      return kind === "string" || kind === "number" || kind === "boolean" ? kind : "json";
    });
  }
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return [type];
    case "number":
    case "integer":
      return ["number"];
    case "object": {
      const [only, ...others] = Object.keys(properties ?? {});
      if (others.length > 0) return ["json"];
      if (only === "$integer") return ["int64"];
      if (only === "$float") return ["number"];
      return only === "$bytes" ? ["bytes"] : ["json"];
    }
    default:
      return ["json"];
  }
}

/** The value of a column in a row; null where there is none, or one of another type (which `extraOf` has). */
export function cellOf({ fields }: ExportedRow, { name, type }: Column): Value {
  const value = fields[name];
  return value === undefined || !fits(value, type) ? null : value;
}

/** What no column of a row holds, or null. */
export function extraOf(
  { fields }: ExportedRow,
  columns: ReadonlyMap<string, Column>,
): Record<string, Value> | null {
  const extra = Object.entries(fields).filter((entry): entry is [string, Value] => {
    const column = columns.get(entry[0]);
    return entry[1] !== undefined && (column === undefined || !fits(entry[1], column.type));
  });
  return extra.length === 0 ? null : Object.fromEntries(extra);
}

function fits(value: Value, type: ColumnType): boolean {
  if (value === null || type === "json") return true;
  if (type === "int64") return typeof value === "bigint";
  if (type === "bytes") return value instanceof ArrayBuffer;
  return typeof value === type;
}
