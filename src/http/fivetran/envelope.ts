import { sampleOf } from "../../core/rows/text.js";
import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import type { Change } from "../../core/rows/change.js";
import { isObject, type Json, type JsonObject } from "../../core/rows/values.js";
import { parseDateTime } from "../../core/rows/dates.js";
import { cleanFields } from "../../core/rows/identifiers.js";
import { FIVETRAN_FIELD } from "../../schema/fivetran.js";
import type { FivetranTable } from "../../schema/snippet.js";
import { badJson, parse, textOf, tooMany } from "../request.js";
import { DELETED, KEY_INDEX } from "./schema.js";

/** One operation of `apply_fivetran_operations`, checked. */
export interface Operation {
  /** As Fivetran names it: `<schema>_<table>`. */
  table: string;
  change: Change;
}

/** A change with names that Convex can store instead of those that it cannot. */
export function cleaned({ op, row }: Change): Change {
  return { op, row: cleanFields(row, "convex") };
}

const OPS: Record<string, Change["op"]> = { Upsert: "upsert", Update: "update", HardDelete: "delete" };

/**
 * An operation from its JSON. Soft deletes are updates with `fivetran.deleted`. Names are as the connector sends them:
 * Convex does not store them all.
 * @throws HttpError 400 BadJsonBody
 */
export async function readOperation(bytes: Uint8Array<ArrayBuffer>): Promise<Operation> {
  const json = parse(await textOf(bytes));
  if (!isObject(json) || typeof json.table !== "string" || !isObject(json.row)) {
    throw badJson('an operation is an object with a string "table" and an object "row"');
  }
  const { operation } = json;
  const op = typeof operation === "string" && Object.hasOwn(OPS, operation) ? OPS[operation]! : null;
  if (op === null) {
    throw badJson(`an operation is ${Object.keys(OPS).join(", ")}, not "${sampleOf(operation)}"`);
  }
  return { table: json.table, change: { op, row: json.row } };
}

/** The most operations of one request, twenty times what the connector sends: an answer should not take minutes. */
const MAX_OPERATIONS = 10_000;

/** Operations that are read, converted and applied together. */
const WINDOW = { operations: 2_000, bytes: 4 * 1024 * 1024 };

/**
 * The JSON of the operations of a body, in groups that are small enough to be read at once: the connector cuts its
 * requests by rows, so that one may have 50 MB, and read as one it would not fit into the memory of an action.
 * @throws HttpError 400 BadJsonBody when the body is no JSON array, 413 BodyTooLarge
 */
export function windowsOf(body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[][] {
  const windows: Uint8Array<ArrayBuffer>[][] = [];
  let bytes = Infinity;
  let operations = 0;
  for (const element of elementsOf(body)) {
    if (++operations > MAX_OPERATIONS) throw tooMany(null, MAX_OPERATIONS, "operations");
    const window = windows.at(-1);
    if (window === undefined || window.length >= WINDOW.operations || bytes >= WINDOW.bytes) {
      windows.push([element]);
      bytes = element.byteLength;
    } else {
      window.push(element);
      bytes += element.byteLength;
    }
  }
  return windows;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BLANKS = [0x20, 0x09, 0x0a, 0x0d];

/** The elements of a JSON array as they are written. Whether each is JSON itself is for its reader to find out. */
function* elementsOf(body: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  let at = afterBlanks(body, 0);
  if (body[at] !== OPEN_ARRAY) throw badJson("the body must be an array of operations");
  at = afterBlanks(body, at + 1);
  if (body[at] === CLOSE_ARRAY) at = afterBlanks(body, at + 1);
  else {
    for (;;) {
      const end = endOfValue(body, at);
      yield body.subarray(at, end);
      if (body[end] !== COMMA && body[end] !== CLOSE_ARRAY) throw badJson("its array has no end");
      at = afterBlanks(body, end + 1);
      if (body[end] === CLOSE_ARRAY) break;
    }
  }
  if (at !== body.byteLength) throw badJson("something follows its array");
}

function afterBlanks(body: Uint8Array, from: number): number {
  let at = from;
  while (BLANKS.includes(body[at]!)) at++;
  return at;
}

/** Where a value ends: at the comma or bracket after it, or at the end of a truncated body. */
function endOfValue(body: Uint8Array, from: number): number {
  let depth = 0;
  for (let at = from; at < body.byteLength; at++) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth++;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        if (depth === 0) return at;
        depth--;
        break;
      case COMMA:
        if (depth === 0) return at;
    }
  }
  return body.byteLength;
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(body: Uint8Array, start: number): number {
  for (let end = body.indexOf(QUOTE, start + 1); end !== -1; end = body.indexOf(QUOTE, end + 1)) {
    let backslashes = 0;
    while (body[end - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return body.byteLength;
}

/** The body of `fivetran_truncate_table`, checked. */
export interface Truncation {
  table: string;
  /** Only rows that were synced before, in whole milliseconds since 1970; null for all. */
  before: number | null;
  /** Mark the rows as deleted rather than delete them. */
  soft: boolean;
}

/** @throws HttpError 400 BadJsonBody */
export function readTruncation(body: JsonObject): Truncation {
  const { tableName: table, deleteType } = body;
  if (typeof table !== "string") throw badJson('"tableName" must be the name of a table');
  if (deleteType !== "SoftDelete" && deleteType !== "HardDelete") {
    throw badJson('"deleteType" must be "SoftDelete" or "HardDelete"');
  }
  return { table, before: readTime(body.deleteBefore ?? null), soft: deleteType === "SoftDelete" };
}

function readTime(json: Json): number | null {
  if (json === null) return null;
  const ms = typeof json === "string" ? parseDateTime(json) : null;
  if (ms === null) throw badJson('"deleteBefore" must be null or an ISO 8601 time');
  return Math.floor(ms);
}

/**
 * The body of `fivetran_create_table`, checked: a table in the words of Convex's own schema.
 * @throws HttpError 400 BadJsonBody
 */
export function readDefinition({
  tableDefinition: definition,
}: JsonObject): FivetranTable & { name: string; primaryKey: string[] } {
  if (!isObject(definition) || typeof definition.tableName !== "string") {
    throw badJson('"tableDefinition" must be an object with a string "tableName"');
  }
  const { indexes } = definition;
  const keyIndex = (Array.isArray(indexes) ? indexes : []).find(
    (index) => isObject(index) && index.indexDescriptor === KEY_INDEX,
  );
  const paths = isObject(keyIndex) && Array.isArray(keyIndex.fields) ? keyIndex.fields : [];
  if (!paths.every((path) => typeof path === "string")) {
    throw badJson(`the fields of the index ${KEY_INDEX} must be names`);
  }
  const fields = fieldsOf(definition.documentType);
  const own = fieldsOf(fields[FIVETRAN_FIELD]?.fieldType);
  return {
    name: definition.tableName,
    columns: typesIn(Object.fromEntries(Object.entries(fields).filter(([name]) => name !== FIVETRAN_FIELD))),
    softDelete: "deleted" in own,
    id: "id" in own,
    ownColumns: typesIn(fieldsOf(own.columns?.fieldType)),
    primaryKey: paths.filter((path) => path !== DELETED && path !== "_creationTime"),
  };
}

function typesIn(fields: Record<string, ObjectFieldType>): Record<string, ValidatorJSON> {
  return Object.fromEntries(Object.entries(fields).map(([name, { fieldType }]) => [name, fieldType]));
}

/** The fields of an object validator in Convex's own JSON; none when it is something else. */
function fieldsOf(json: Json | ValidatorJSON | undefined): Record<string, ObjectFieldType> {
  const validator = json as ValidatorJSON | undefined;
  return validator?.type === "object" ? validator.value : {};
}

/** What rows tell of the table that they are of. Its key they do not. */
export function tableOfRows(rows: readonly JsonObject[]): FivetranTable {
  const own = rows.map(ownColumnsOf);
  const id = own.some((part) => "id" in part);
  return {
    columns: typesOf(rows.map(({ [FIVETRAN_FIELD]: _, ...columns }) => cleanFields(columns, "convex"))),
    softDelete: own.some((part) => "deleted" in part),
    id,
    ownColumns: typesOf(own.map((part) => partOf(part, "columns"))),
    primaryKey: id ? [`${FIVETRAN_FIELD}.id`] : null,
  };
}

/** Fivetran's own columns of a row. */
export function ownColumnsOf(row: JsonObject): JsonObject {
  return partOf(row, FIVETRAN_FIELD);
}

function partOf(object: JsonObject, name: string): JsonObject {
  const part = object[name];
  return isObject(part) ? part : {};
}

function typesOf(rows: readonly JsonObject[]): Record<string, ValidatorJSON> {
  const types = new Map<string, Set<ValidatorJSON["type"]>>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      const found = types.get(name) ?? new Set();
      types.set(name, value === null ? found : found.add(typeOf(value)));
    }
  }
  return Object.fromEntries(
    [...types].map(([name, [only, another]]) => [
      name,
      { type: only === undefined || another !== undefined ? "any" : only } as ValidatorJSON,
    ]),
  );
}

function typeOf(value: Json): ValidatorJSON["type"] {
  if (typeof value === "string" || typeof value === "boolean") return typeof value as "string" | "boolean";
  if (!isObject(value)) return Array.isArray(value) ? "any" : "number";
  return "$integer" in value ? "bigint" : "$bytes" in value ? "bytes" : "$float" in value ? "number" : "any";
}
