import { CliError } from "../../terminal/exit.js";
import type { ObjectFieldType } from "convex/values";
import type { Json, JsonObject } from "../../../core/rows/values.js";
import { cleanFields } from "../../../core/rows/identifiers.js";
import { cleanPath } from "../../../core/rows/names.js";
import { fieldsOfJsonSchema, propertiesOf } from "../../../schema/jsonSchema.js";
import { isObject } from "../../../core/rows/values.js";
import { readJsonFile, textOf } from "./jsonFile.js";
import { ordersChanges, type SourceColumn, type SourceSchema, type SourceTable } from "../model.js";
import { admitsNull } from "../validators.js";

/** Airbyte's change-data-capture columns: they are not part of a row. */
const CDC_PREFIX = "_ab_cdc";

/**
 * The tables of an Airbyte catalog: a configured one (`ConfiguredAirbyteCatalog`), what `discover` prints
 * (`AirbyteCatalog`, also as a CATALOG message among other lines), or the `syncCatalog` of a connection from Airbyte's API.
 *
 * @throws CliError when the file is none of these
 */
export async function readAirbyteCatalog(file: string): Promise<SourceSchema> {
  const streams = streamsOf(await readJsonFile(file, isCatalogMessage));
  if (streams === null) {
    throw new CliError(
      "SourceUnreadable",
      `${file} is not an Airbyte catalog: it has no "streams". Save the output of the source's discover, the configured catalog, or the connection as Airbyte's API returns it.`,
    );
  }
  return {
    tables: streams.map((stream, i) => tableOf(stream, `${file}, stream ${String(i + 1)}`)),
    namespaces: [],
  };
}

/** `discover` may log on other lines. */
function isCatalogMessage(json: Json): boolean {
  return isObject(json) && json.type === "CATALOG";
}

function streamsOf(json: Json): Json[] | null {
  if (!isObject(json)) return null;
  if (Array.isArray(json.streams)) return json.streams;
  const inner = json.catalog ?? json.syncCatalog ?? json.configurations;
  return inner === undefined ? null : streamsOf(inner);
}

/** A stream, with its settings around it or without. */
function tableOf(json: Json, place: string): SourceTable {
  const configured = isObject(json) ? json : {};
  const stream = isObject(configured.stream) ? configured.stream : configured;
  // Airbyte's API writes the settings of a connection in an object of their own, and its names in camel case.
  const settings = isObject(configured.config) ? configured.config : configured;
  const name = textOf(stream.name);
  if (name === null) throw new CliError("SourceUnreadable", `${place} has no name.`);
  const schema = stream.json_schema ?? stream.jsonSchema ?? null;
  const chosen = pathsOf(settings.primary_key ?? settings.primaryKey);
  const defined = pathsOf(stream.source_defined_primary_key ?? stream.sourceDefinedPrimaryKey);
  const primaryKey = chosen.length > 0 ? chosen : defined;
  const keys = primaryKey.map(([head = "", ...rest]) => [head, ...cleanPath(rest)]);
  const clean = (part: Json) => (isObject(part) ? cleanFields(part) : null);
  const columns = fieldsOfJsonSchema(schema, keys, clean)
    .filter(([column]) => !column.startsWith(CDC_PREFIX))
    .map(([column, field]) => columnOf(column, field, propertiesOf(schema)[column]!));
  return {
    namespace: textOf(stream.namespace),
    name,
    comment: textOf(isObject(schema) ? schema.description : undefined),
    columns,
    primaryKey: primaryKey.length === 0 ? null : primaryKey,
    version: cursorOf(settings, stream, columns),
    notes: columns.length === 0 ? ["its schema has no columns"] : [],
  };
}

function columnOf(name: string, { fieldType, optional }: ObjectFieldType, part: Json): SourceColumn {
  const isMoment = isObject(part) && isMomentOf(part);
  return {
    name,
    validator: fieldType,
    nullable: fieldType.type !== "any" && admitsNull(fieldType),
    optional,
    comment: isObject(part) ? textOf(part.description) : null,
    alternatives: isMoment ? ["number"] : isNumeric(part) ? ["number", "bigint"] : [],
    isMoment,
  };
}

/** Whether texts are dates or date-times. */
function isMomentOf({ format, airbyte_type: type }: JsonObject): boolean {
  return format === "date" || format === "date-time" || (textOf(type ?? null) ?? "").startsWith("timestamp_");
}

/** Airbyte has one kind of integer, and many sources call numbers integers or the other way round. */
function isNumeric(schema: Json): boolean {
  const types = isObject(schema) ? [schema.type].flat() : [];
  return types.includes("integer") || (isObject(schema) && schema.airbyte_type === "integer");
}

/**
 * The cursor by which a stream is read incrementally orders the changes of its rows. One that the source keeps to itself
 * (change data capture) does not reach the mirror.
 */
function cursorOf(
  settings: JsonObject,
  stream: JsonObject,
  columns: readonly SourceColumn[],
): string[] | null {
  const mode = settings.sync_mode ?? settings.syncMode;
  const cursor = settings.cursor_field ?? settings.cursorField;
  if (mode !== "incremental" || !Array.isArray(cursor) || !cursor.every((part) => typeof part === "string"))
    return null;
  if ((stream.source_defined_cursor ?? stream.sourceDefinedCursor) === true || cursor.length !== 1)
    return null;
  const column = columns.find(({ name }) => name === cursor[0]);
  return column !== undefined && ordersChanges(column) ? cursor : null;
}

function pathsOf(value: Json | undefined): string[][] {
  if (!Array.isArray(value)) return [];
  return value
    .map((path) => (Array.isArray(path) ? path : [path]).filter((part) => typeof part === "string"))
    .filter((path) => path.length > 0);
}
