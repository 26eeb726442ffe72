import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import type { ExportedTable } from "../exporter.js";
import type { ExportFormat } from "./values.js";

/** A JSON schema. Keys are written in the order in which they are here. */
export type JsonSchema = false | { [key: string]: unknown };

const SYSTEM_FIELDS = ["_creationTime", "_id"];

/** The fields that a page of changes adds to a row. */
const DELTA_PROPERTIES = {
  _table: { type: "string" },
  _component: { type: "string" },
  _ts: { type: "integer" },
  _deleted: { type: "boolean" },
};

const ENCODED_FLOAT = {
  $float: { $description: "float64 -> little-endian -> base64", type: "string" },
};

/** Draft-07 schema of the rows of a table, from its validator. Excluded fields are not in it. */
export function tableSchema(table: ExportedTable, format: ExportFormat, delta: boolean): JsonSchema {
  const { fields, open } = fieldsOf(table.document);
  const properties = new Map<string, JsonSchema>([
    ["_creationTime", { type: "number" }],
    ["_id", idSchema(table.name)],
  ]);
  for (const [name, { fieldType }] of fields) properties.set(name, typeSchema(fieldType, format));
  const required = [...fields].filter(([, { optional }]) => !optional).map(([name]) => name);
  const shown = (names: string[]) => names.filter((name) => !table.exclude.includes(name)).sort();
  return {
    type: "object",
    properties: {
      ...Object.fromEntries(shown([...properties.keys()]).map((name) => [name, properties.get(name)!])),
      ...(delta && DELTA_PROPERTIES),
    },
    additionalProperties: open,
    required: shown([...SYSTEM_FIELDS, ...required]),
    $schema: "http://json-schema.org/draft-07/schema#",
  };
}

/** The columns of a table, in the order of their names. */
export function columnNames(table: ExportedTable): string[] {
  const names = [...SYSTEM_FIELDS, ...fieldsOf(table.document).fields.keys()];
  return names.filter((name) => !table.exclude.includes(name)).sort();
}

/** The fields of documents; `open` when there may be others. A field that not every member of a union has is optional. */
function fieldsOf(document: ValidatorJSON): { fields: Map<string, ObjectFieldType>; open: boolean } {
  if (document.type === "object") return { fields: new Map(Object.entries(document.value)), open: false };
  if (document.type !== "union") return { fields: new Map(), open: true };
  const members = document.value.map(fieldsOf);
  const names = new Set(members.flatMap(({ fields }) => [...fields.keys()]));
  const fields = [...names].map((name): [string, ObjectFieldType] => {
    const found = members.flatMap((member) => member.fields.get(name) ?? []);
    const optional = found.length < members.length || found.some((field) => field.optional);
    return [name, { fieldType: { type: "union", value: found.map(({ fieldType }) => fieldType) }, optional }];
  });
  return { fields: new Map(fields), open: members.some(({ open }) => open) };
}

function typeSchema(type: ValidatorJSON, format: ExportFormat): JsonSchema {
  switch (type.type) {
    case "null":
      return { type: "null" };
    case "boolean":
      return { type: "boolean" };
    case "string":
      return { type: "string" };
    case "number":
      return numberSchema(format);
    case "bigint":
      return integerSchema(format);
    case "bytes":
      if (format === "json") return { $description: "base64 bytes", type: "string" };
      return { type: "object", $description: "base64 bytes", properties: { $bytes: { type: "string" } } };
    case "id":
      return idSchema(type.tableName);
    case "literal":
      return literalSchema(type.value, format);
    case "array":
      return { type: "array", items: typeSchema(type.value, format) };
    case "object":
      return objectSchema(type.value, format);
    case "union":
      return anyOf(type.value.map((member) => typeSchema(member, format)));
    default:
      // Commit timestamps are int64 wherever they are read; any and record say nothing of their fields.
      return (type as { type: string }).type === "commitTs" ? integerSchema(format) : {};
  }
}

function idSchema(table: string): JsonSchema {
  return { $description: `Id(${table})`, type: "string" };
}

/**
 * The backend looks at the stored values, and adds the special floats where there are some. A validator does not say
 * whether there are; in the format of warehouses a column of numbers that might be text would become text.
 */
function numberSchema(format: ExportFormat): JsonSchema {
  if (format === "json") return { type: "number" };
  const special = format === "export_json" ? "-inf, inf, or NaN" : "-0, -inf, inf, or NaN";
  return {
    $description: "float64",
    anyOf: [{ type: "number" }, { type: "object", $description: special, properties: ENCODED_FLOAT }],
  };
}

function integerSchema(format: ExportFormat): JsonSchema {
  if (format === "json") return { $description: "int64 represented as base10 string", type: "string" };
  if (format === "export_json") return { $description: "int64", type: "number" };
  return {
    $description: "int64",
    type: "object",
    properties: { $integer: { $description: "int64 -> little-endian -> base64", type: "string" } },
  };
}

function literalSchema(value: unknown, format: ExportFormat): JsonSchema {
  if (typeof value === "string") return { type: "string" };
  if (typeof value === "boolean") return { type: "boolean" };
  return typeof value === "number" ? { type: "number" } : integerSchema(format);
}

function objectSchema(fields: Record<string, ObjectFieldType>, format: ExportFormat): JsonSchema {
  const names = Object.keys(fields).sort();
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, typeSchema(fields[name]!.fieldType, format)])),
    additionalProperties: false,
    required: names.filter((name) => !fields[name]!.optional),
  };
}

/** One of these. Equal schemas, such as those of two literals, are one; what may be anything is anything. */
function anyOf(members: JsonSchema[]): JsonSchema {
  if (members.length === 0) return false;
  const distinct = [...new Map(members.map((member) => [JSON.stringify(member), member])).values()];
  const [only] = distinct;
  if (distinct.some((member) => member !== false && Object.keys(member).length === 0)) return {};
  return distinct.length === 1 ? only! : { anyOf: distinct };
}
