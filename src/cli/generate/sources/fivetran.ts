import { CliError } from "../../terminal/exit.js";
import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import { cleanFieldName } from "../../../core/rows/names.js";
import type { Json, JsonObject } from "../../../core/rows/values.js";
import { readDefinition } from "../../../http/fivetran/envelope.js";
import { FIVETRAN_FIELD, FIVETRAN_TYPES } from "../../../schema/fivetran.js";
import { isObject } from "../../../core/rows/values.js";
import { readJsonFile, textOf } from "./jsonFile.js";
import type { FivetranColumns, SourceColumn, SourceSchema, SourceTable } from "../model.js";
import { ANY, admitsNull, BOOLEAN, INT64, leavesOf, NUMBER, STRING, union } from "../validators.js";

/** What a key can be, where nobody tells its type: Fivetran sends texts, small integers as doubles, large ones as int64. */
const UNKNOWN_KEY = union([STRING, NUMBER, INT64]);

/**
 * Types of columns in the values that Fivetran's Convex destination sends: small integers, floats and moments in UTC (in
 * milliseconds) as doubles, LONG as int64, decimals and other dates as text.
 */
const TYPES: Record<string, ValidatorJSON> = {
  ...FIVETRAN_TYPES,
  JSON: ANY,
  // Other names of theirs, in the REST API and the Connector SDK.
  INTEGER: NUMBER,
  BIGINT: INT64,
  BIGDECIMAL: STRING,
  LOCALDATE: STRING,
  LOCALDATETIME: STRING,
  DATE: STRING,
  INSTANT: NUMBER,
  TIMESTAMP: NUMBER,
};

/**
 * The tables of a Fivetran schema: what the REST API answers to `GET /v1/connections/{id}/schemas`, what `schema()` of a
 * Connector SDK connector returns, or the `get_schema` and `tableDefinition` of Fivetran's Convex destination.
 *
 * @throws CliError when the file is none of these
 */
export async function readFivetranSchema(file: string): Promise<SourceSchema> {
  const json = await readJsonFile(file);
  const body = isObject(json) && isObject(json.data) ? json.data : json;
  const tables =
    (isObject(body) && isObject(body.schemas) ? tablesOfApi(body.schemas) : null) ??
    definitionsOf(body)?.map(tableOfDefinition) ??
    (Array.isArray(body) ? tablesOfSdk(body, file) : null);
  if (tables !== null) return { tables, namespaces: [] };
  throw new CliError(
    "SourceUnreadable",
    `${file} is not a Fivetran schema. Save the answer of GET https://api.fivetran.com/v1/connections/{id}/schemas, or the schema() of a Connector SDK connector.`,
  );
}

/** The REST API: columns that nobody has touched are not listed, and few have a type. */
function tablesOfApi(schemas: JsonObject): SourceTable[] {
  return Object.entries(schemas).flatMap(([schemaKey, schema]) => {
    if (!isObject(schema) || schema.enabled === false || !isObject(schema.tables)) return [];
    const namespace = textOf(schema.name_in_destination) ?? schemaKey;
    return Object.entries(schema.tables).flatMap(([tableKey, table]) => {
      if (!isObject(table) || table.enabled === false) return [];
      return [tableOfApi(namespace, textOf(table.name_in_destination) ?? tableKey, table)];
    });
  });
}

function tableOfApi(namespace: string, name: string, { columns }: JsonObject): SourceTable {
  const enabled = Object.entries(isObject(columns) ? columns : {}).filter(
    (entry): entry is [string, JsonObject] => isObject(entry[1]) && entry[1].enabled !== false,
  );
  const isTyped = enabled.every(([, column]) => typeOf(column.type) !== null);
  return table(
    namespace,
    name,
    enabled.map(([key, column]) => ({
      name: textOf(column.name_in_destination) ?? key,
      // The hash of a value is text, whatever the value is.
      type: column.hashed === true ? STRING : typeOf(column.type),
      inKey: column.is_primary_key === true,
    })),
    enabled.length === 0
      ? [
          "Fivetran lists only configured columns; request all columns of this table (…/tables/{table}/columns)",
        ]
      : isTyped
        ? []
        : ["Fivetran's API has no types; narrow each v.any()"],
  );
}

/** The Connector SDK: `[{"table": "t", "primary_key": ["id"], "columns": {"id": "INT"}}]`. */
function tablesOfSdk(tables: readonly Json[], file: string): SourceTable[] {
  return tables.map((json, i) => {
    const name = isObject(json) ? textOf(json.table) : null;
    if (!isObject(json) || name === null)
      throw new CliError("SourceUnreadable", `${file}: table ${String(i + 1)} has no "table", its name.`);
    const key = Array.isArray(json.primary_key) ? json.primary_key : [];
    const columns = isObject(json.columns) ? json.columns : {};
    const names = [...new Set([...key.filter((each) => typeof each === "string"), ...Object.keys(columns)])];
    return table(
      textOf(json.schema),
      name,
      names.map((column) => ({ name: column, type: typeOf(columns[column]), inKey: key.includes(column) })),
      [],
    );
  });
}

/** A type is a name, or an object with a name: `{"type": "DECIMAL", "precision": 15, "scale": 2}`. */
function typeOf(json: Json | undefined): ValidatorJSON | null {
  const name = textOf(isObject(json) ? json.type : json)?.toUpperCase() ?? "";
  return Object.hasOwn(TYPES, name) ? TYPES[name]! : null;
}

interface ColumnOfTable {
  name: string;
  type: ValidatorJSON | null;
  inKey: boolean;
}

function table(
  namespace: string | null,
  name: string,
  all: readonly ColumnOfTable[],
  notes: readonly string[],
): SourceTable {
  // Fivetran's own columns come in an object of their own, and other names with an underscore inside of that.
  const columns = all.filter((column) => !column.name.startsWith("_"));
  const own = all.filter((column) => column.name.startsWith("_"));
  const key = all.filter(({ inKey }) => inKey).map((column) => pathOf(column.name));
  const fivetran: FivetranColumns = {
    // Fivetran keeps deleted rows unless it is set not to, and lists the column nowhere.
    softDelete: true,
    id: own.some((column) => column.name === "_fivetran_id"),
    ownColumns: Object.fromEntries(
      own
        .filter((column) => !column.name.startsWith("_fivetran_"))
        .map((column) => [column.name.slice(1), column.type ?? ANY]),
    ),
  };
  return {
    namespace,
    name,
    comment: null,
    columns: [
      ...columns.map(({ name: column, type, inKey }): SourceColumn => {
        const validator = type ?? (inKey ? UNKNOWN_KEY : ANY);
        return { name: column, validator, nullable: !inKey && validator.type !== "any" };
      }),
      ...(columns.length === 0 ? [] : [ownColumn(fivetran, key)]),
    ],
    primaryKey: key.length === 0 ? null : key,
    version: null,
    fivetran,
    notes: [
      ...notes,
      ...(columns.length === 0
        ? []
        : [
            "taken to keep deleted rows in Fivetran; if it does not, remove softDelete from its option fivetran",
          ]),
    ],
  };
}

function pathOf(column: string): string[] {
  if (!column.startsWith("_")) return [column];
  const own = /^_fivetran_(.+)$/.exec(column)?.[1];
  return own === undefined ? [FIVETRAN_FIELD, "columns", column.slice(1)] : [FIVETRAN_FIELD, own];
}

/** The field that the option `fivetran` declares. */
function ownColumn({ ownColumns }: FivetranColumns, key: readonly (readonly string[])[]): SourceColumn {
  const field = (fieldType: ValidatorJSON, path: string): ObjectFieldType => ({
    fieldType,
    optional: !key.some((part) => `${part.join(".")}.`.startsWith(`${path}.`)),
  });
  const columns: ValidatorJSON = {
    type: "object",
    value: Object.fromEntries(
      Object.entries(ownColumns).map(([name, type]) => [
        cleanFieldName(name),
        field(type, `${FIVETRAN_FIELD}.columns.${name}`),
      ]),
    ),
  };
  const value: Record<string, ObjectFieldType> = {
    synced: field(NUMBER, `${FIVETRAN_FIELD}.synced`),
    deleted: field(BOOLEAN, `${FIVETRAN_FIELD}.deleted`),
    id: field(STRING, `${FIVETRAN_FIELD}.id`),
    columns: field(columns, `${FIVETRAN_FIELD}.columns`),
  };
  return {
    name: FIVETRAN_FIELD,
    validator: { type: "object", value },
    nullable: false,
    optional: !key.some(([head]) => head === FIVETRAN_FIELD),
  };
}

/** The definitions of Fivetran's Convex destination: `get_schema`, or the body of `fivetran_create_table`. */
function definitionsOf(json: Json): JsonObject[] | null {
  if (!isObject(json)) return null;
  if (isObject(json.tableDefinition)) return [json.tableDefinition];
  if (textOf(json.tableName) !== null) return [json];
  const tables = Array.isArray(json.tables) ? json.tables : null;
  return tables !== null && tables.every((each) => isObject(each) && textOf(each.tableName) !== null)
    ? (tables as JsonObject[])
    : null;
}

function tableOfDefinition(definition: JsonObject): SourceTable {
  const { name, columns, primaryKey, ...fivetran } = readDefinition({ tableDefinition: definition });
  const path = primaryKey.map((each) => each.split("."));
  return {
    namespace: null,
    name,
    comment: null,
    columns: [
      ...Object.entries(columns).map(([column, validator]) =>
        columnOfDefinition(column, validator, primaryKey),
      ),
      ownColumn(fivetran, path),
    ],
    primaryKey: path.length === 0 ? null : path,
    version: null,
    fivetran,
    notes: [],
  };
}

/** The destination makes all columns optional; those of the key it always sends. */
function columnOfDefinition(name: string, validator: ValidatorJSON, key: readonly string[]): SourceColumn {
  const leaves = leavesOf(validator).filter(({ type }) => type !== "null");
  const isJson = leaves.some(({ type }) => type === "object");
  return {
    name,
    validator: isJson ? ANY : union(leaves),
    nullable: validator.type !== "any" && admitsNull(validator),
    optional: !key.includes(name),
  };
}
