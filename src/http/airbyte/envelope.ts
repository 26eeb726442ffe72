import { shorten } from "../../core/rows/text.js";
import type { Change } from "../../core/rows/change.js";
import { isObject, type Json, type JsonObject } from "../../core/rows/values.js";
import { cleanFields } from "../../core/rows/identifiers.js";
import { cleanFieldName } from "../../core/rows/names.js";
import { HttpError } from "../errors.js";
import type { Mirror } from "../importer.js";
import { badJson, tooMany } from "../request.js";

/** The most records of one request, ten times what the connector sends: an answer should not take minutes. */
const MAX_RECORDS = 10_000;

/** The body of `import_airbyte_records`, checked. */
export interface AirbyteBatch {
  tables: Map<string, AirbyteTable>;
  /** Records in the order of the source, streams interleaved. */
  messages: AirbyteMessage[];
}

type AirbyteMessage = JsonObject & { tableName: string; data: JsonObject };

export interface AirbyteTable {
  /** Paths of the key's columns, cleaned and dotted; null in the sync modes append and overwrite. */
  primaryKey: string[] | null;
  jsonSchema: Json;
}

/** @throws HttpError 400 BadJsonBody, MissingStream, EmptyPrimaryKey, 413 BodyTooLarge */
export function readBatch(body: JsonObject): AirbyteBatch {
  if (!isObject(body.tables)) throw badJson('"tables" must be an object that describes each stream');
  if (!Array.isArray(body.messages)) throw badJson('"messages" must be an array of records');
  const tables = new Map(
    Object.entries(body.tables).map(([name, table]) => [name, readTable(name, table)] as const),
  );
  if (body.messages.length > MAX_RECORDS) throw tooMany(body.messages.length, MAX_RECORDS, "records");
  body.messages.forEach((message, i) => {
    if (!isMessage(message)) {
      throw badJson(
        `messages[${String(i)}] must be an object with a string "tableName" and an object "data"`,
      );
    }
    if (!tables.has(message.tableName)) {
      throw new HttpError(
        400,
        "MissingStream",
        `messages[${String(i)}] is for the stream "${shorten(message.tableName)}", which "tables" does not describe.`,
      );
    }
  });
  return { tables, messages: body.messages as AirbyteMessage[] };
}

function isMessage(message: Json): message is AirbyteMessage {
  return isObject(message) && typeof message.tableName === "string" && isObject(message.data);
}

function readTable(name: string, table: Json): AirbyteTable {
  if (!isObject(table) || !("jsonSchema" in table)) {
    throw badJson(`tables["${shorten(name)}"] must be an object with a "jsonSchema"`);
  }
  const key = table.primaryKey ?? null;
  if (key === null) return { primaryKey: null, jsonSchema: table.jsonSchema ?? null };
  return { primaryKey: readPrimaryKey(name, key), jsonSchema: table.jsonSchema ?? null };
}

/** Paths of a primary key, cleaned as the fields of records are. @throws HttpError 400 */
export function readPrimaryKey(name: string, key: Json): string[] {
  if (!Array.isArray(key) || !key.every(isPath)) {
    throw badJson(
      `the primary key of "${shorten(name)}" must be an array of paths, each an array of field names`,
    );
  }
  if (key.length === 0 || key.some((path) => path.length === 0)) {
    throw new HttpError(
      400,
      "EmptyPrimaryKey",
      `The primary key of "${shorten(name)}" is empty. Choose its columns in the connection, or the sync mode "append".`,
    );
  }
  return key.map((path) => path.map(cleanFieldName).join("."));
}

function isPath(path: Json): path is string[] {
  return Array.isArray(path) && path.every((part) => typeof part === "string");
}

/** Airbyte's change-data-capture columns, after cleaning. They steer the import and are not part of the row. */
const CDC_PREFIX = "source_ab_cdc";
const CDC_DELETED_AT = "source_ab_cdc_deleted_at";

/** The CDC columns that feed a field of a mirror, after cleaning. */
export function declaredCdcColumns({ fields, contract: { columns } }: Mirror): ReadonlySet<string> {
  const names = Object.keys(fields).map((field) =>
    cleanFieldName(Object.hasOwn(columns, field) ? columns[field]! : field),
  );
  return new Set(names.filter((name) => name.startsWith(CDC_PREFIX)));
}

/**
 * A record as a change. Names are cleaned; CDC columns are taken out, but for those that feed a field; a record whose `_ab_cdc_deleted_at` is set
 * deletes its row. In a mirror without a primary key such a record is a row like any other, as on the backend.
 */
export function toChange(
  data: JsonObject,
  keyed: boolean,
  declared: ReadonlySet<string> = new Set(),
): Change {
  const cleaned = cleanFields(data);
  if (!hasCdcColumns(cleaned)) return { op: "upsert", row: cleaned };
  const deleted = (cleaned[CDC_DELETED_AT] ?? null) !== null;
  const row = Object.fromEntries(
    Object.entries(cleaned).filter(([name]) => !name.startsWith(CDC_PREFIX) || declared.has(name)),
  );
  return { op: deleted && keyed ? "delete" : "upsert", row };
}

function hasCdcColumns(row: JsonObject): boolean {
  for (const name in row) if (name.startsWith(CDC_PREFIX)) return true;
  return false;
}
