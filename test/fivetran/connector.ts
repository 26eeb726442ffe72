/**
 * A simulator of what Convex's own Fivetran destination makes of the schema that it gets: the checks of its calls Test,
 * DescribeTable and CreateTable, which is AlterTable too, in their order. `recordings.test.ts` compares what it says with
 * recordings of the connector itself.
 */
import type { ObjectFieldType, ValidatorJSON } from "convex/values";

/** A column as Fivetran describes it to its destination. */
export interface Column {
  name: string;
  type: string;
  pk?: boolean;
}

export interface Table {
  tableName: string;
  indexes: { indexDescriptor: string; fields: string[] }[];
  documentType?: ValidatorJSON;
}

/** The values that the connector sends for each of Fivetran's types. */
const TYPES: Record<string, ValidatorJSON> = {
  BOOLEAN: { type: "boolean" },
  SHORT: { type: "number" },
  INT: { type: "number" },
  LONG: { type: "bigint" },
  FLOAT: { type: "number" },
  DOUBLE: { type: "number" },
  DECIMAL: { type: "string" },
  NAIVE_DATE: { type: "string" },
  NAIVE_TIME: { type: "string" },
  NAIVE_DATETIME: { type: "string" },
  UTC_DATETIME: { type: "number" },
  BINARY: { type: "bytes" },
  XML: { type: "string" },
  STRING: { type: "string" },
  JSON: { type: "object", value: {} },
  UNSPECIFIED: { type: "any" },
};

/** Fivetran's sixteen types. */
export const FIVETRAN_TYPES = Object.keys(TYPES);

/** What the connector tells of a schema that it cannot read: then no table works, and no test of the connection. */
const UNREADABLE = "Can’t deserialize the retrived schema";

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** `Test`: reads an answer of `get_schema`. Null is a deployment without a schema. @throws Error with the connector's words */
export function readSchema(status: number, text: string): Table[] | null {
  if (status < 200 || status > 299) throw new Error(`unsuccessful response (${String(status)}): ${text}`);
  let json: { tables?: Table[] } | null;
  try {
    json = JSON.parse(text) as typeof json;
  } catch {
    throw new Error("Failed to deserialize query result");
  }
  if (json === null) return null;
  if (!Array.isArray(json.tables)) throw new Error(UNREADABLE);
  for (const { tableName, indexes } of json.tables) {
    if (!NAME.test(tableName) || tableName.startsWith("_") || !Array.isArray(indexes)) {
      throw new Error(UNREADABLE);
    }
    for (const { indexDescriptor, fields } of indexes) {
      const isReserved = indexDescriptor.startsWith("_") && !indexDescriptor.startsWith("_fivetran");
      const areNames = fields.every((path) => path.split(".").every((part) => NAME.test(part)));
      if (isReserved || fields.length === 0 || !areNames) throw new Error(UNREADABLE);
    }
  }
  return json.tables;
}

/** `DescribeTable`: the columns that Fivetran is told; null when there is no such table. */
export function describeTable(tables: Table[] | null, name: string): Column[] | null {
  const table = tables?.find(({ tableName }) => tableName === name);
  if (table === undefined) return null;
  const { [OWN]: own, ...fields } = documentOf(table);
  const key = table.indexes.find(({ indexDescriptor }) => indexDescriptor === KEY_INDEX)?.fields ?? [];
  const ownFields = own === undefined ? {} : membersOf(own);
  const columns: Column[] = [];
  const add = (column: string, type: string, path: string, pk = key.includes(path)) =>
    columns.push({ name: column, type, ...(pk && { pk }) });
  if ("deleted" in ownFields) add("_fivetran_deleted", "BOOLEAN", "fivetran.deleted", false);
  if ("id" in ownFields) add("_fivetran_id", "STRING", "fivetran.id", true);
  if (own !== undefined) add("_fivetran_synced", "UTC_DATETIME", "fivetran.synced");
  for (const [column, field] of sorted(ownFields.columns === undefined ? {} : membersOf(ownFields.columns)))
    add(`_${column}`, typeOf(field.fieldType), `fivetran.columns.${column}`);
  for (const [column, field] of sorted(fields)) add(column, typeOf(field.fieldType), column);
  return columns;
}

/** `CreateTable` and `AlterTable`: null when the connector is content; otherwise the beginning of what it says. */
export function createTable(tables: Table[] | null, name: string, columns: readonly Column[]): string | null {
  if (tables === null) throw new Error("Without a schema the connector posts the table.");
  const table = tables.find(({ tableName }) => tableName === name);
  if (table?.documentType === undefined)
    return `The table \`${name}\` from your data source is missing in the schema`;
  try {
    checkTable(table, columns);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

const OWN = "fivetran";
const KEY_INDEX = "_fivetran_by_primary_key";

function checkTable(table: Table, columns: readonly Column[]): void {
  const { [OWN]: own, ...fields } = documentOf(table);
  const plain = columns.filter(({ name }) => !name.startsWith("_"));
  const extra = Object.keys(fields).find((name) => !plain.some((column) => column.name === name));
  if (extra !== undefined)
    throw new Error(`The table in Convex has a \`${extra}\` field that is missing in your data source`);
  for (const { name, type } of plain) checkField(fields[name], name, type);
  if (own?.fieldType.type !== "object") throw new Error("fivetran field is missing");
  const ownFields = own.fieldType.value;
  const has = (name: string) => columns.some((column) => column.name === name);
  checkOwn("synced", { type: "number" }, has("_fivetran_synced"));
  checkOwn("id", { type: "string" }, has("_fivetran_id"));
  checkOwn("deleted", { type: "boolean" }, has("_fivetran_deleted"));
  const inner = ownFields.columns === undefined ? {} : membersOf(ownFields.columns);
  const others = columns.filter(({ name }) => name.startsWith("_") && !name.startsWith("_fivetran_"));
  const extraInner = Object.keys(inner).find((field) => !others.some(({ name }) => name === `_${field}`));
  if (extraInner !== undefined) throw new Error(`fivetran.columns has ${extraInner}`);
  for (const { name, type } of others) checkField(inner[name.slice(1)], name, type);
  const deleted = has("_fivetran_deleted") ? ["fivetran.deleted"] : [];
  const synced = [...deleted, "fivetran.synced", "_creationTime"];
  if (!table.indexes.some(({ fields: paths }) => paths.join() === synced.join()))
    throw new Error(
      `The table in Convex needs an index on (${synced
        .slice(0, -1)
        .map((path) => `\`${path}\``)
        .join(", ")})`,
    );
  const key = table.indexes.find(({ indexDescriptor }) => indexDescriptor === KEY_INDEX)?.fields;
  if (key === undefined) throw new Error("The table in Convex is missing a `by_primary_key` index");
  const wanted = [...deleted, ...columns.filter(({ pk }) => pk).map(({ name }) => pathOf(name))];
  const isSame = key.length === wanted.length && wanted.every((path) => key.includes(path));
  if (!isSame || (deleted.length > 0 && key[0] !== deleted[0]))
    throw new Error(
      "The `by_primary_key` index on the Convex table doesn’t match the fields of the primary key",
    );

  function checkOwn(name: string, type: ValidatorJSON, wanted: boolean): void {
    const field = ownFields[name];
    const fits = wanted ? field?.optional === false && isType(field.fieldType, type) : field === undefined;
    if (!fits) throw new Error(`Invalid validator for _fivetran_${name}`);
  }
}

function checkField(field: ObjectFieldType | undefined, name: string, type: string): void {
  if (field === undefined) throw new Error(`The field \`${name}\` is missing from your Convex schema`);
  const members = field.fieldType.type === "union" ? field.fieldType.value : [field.fieldType];
  const others = members.filter((member) => member.type !== "null");
  const fits = members.length <= 2 && others.length === 1 && isType(others[0]!, TYPES[type]!);
  if (!fits) throw new Error(`The field \`${name}\` has a type in Convex (`);
}

function isType(validator: ValidatorJSON, type: ValidatorJSON): boolean {
  return JSON.stringify(validator) === JSON.stringify(type);
}

function documentOf({ documentType: document }: Table): Record<string, ObjectFieldType> {
  if (document?.type === "object") return document.value;
  throw new Error(
    document?.type === "union"
      ? "The table in the Convex destination stores multiple different types of documents"
      : "The table in the Convex destination stores arbitrary documents",
  );
}

function membersOf({ fieldType }: ObjectFieldType): Record<string, ObjectFieldType> {
  return fieldType.type === "object" ? fieldType.value : {};
}

function sorted(fields: Record<string, ObjectFieldType>): [string, ObjectFieldType][] {
  return Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
}

function pathOf(column: string): string {
  if (column.startsWith("_fivetran_")) return `fivetran.${column.slice("_fivetran_".length)}`;
  return column.startsWith("_") ? `fivetran.columns.${column.slice(1)}` : column;
}

/** Fivetran's type of a validator. What Convex cannot tell apart comes back as the widest. */
function typeOf(validator: ValidatorJSON): string {
  const members = validator.type === "union" ? validator.value : [validator];
  const others = members.filter(({ type }) => type !== "null");
  const [only] = others;
  if (only === undefined || others.length > 1) return "UNSPECIFIED";
  const names: Partial<Record<string, string>> = {
    number: "DOUBLE",
    bigint: "LONG",
    boolean: "BOOLEAN",
    string: "STRING",
    bytes: "BINARY",
    object: "JSON",
    array: "JSON",
  };
  return names[only.type] ?? "UNSPECIFIED";
}
