import { isObject, type Json, type JsonObject } from "../../core/rows/values.js";
import { HttpError } from "../errors.js";
import type { ExportedChange, ExportedRow } from "../exporter.js";
import { badJson, jsonObjectOf } from "../request.js";
import {
  everything,
  onlyComponent,
  onlyTable,
  parseSelection,
  type Selection,
  SelectionError,
} from "./selection.js";
import { type ExportFormat, formatOf, writeFields, writeValue } from "./values.js";

/** The forms of the streaming export: what its requests say, and how its answers are written. */

/** The largest timestamp: the backend's are signed integers of 64 bits. */
const MAX_TIMESTAMP = 2n ** 63n - 1n;

/** Where arguments come from. Values are checked as they are taken. */
export interface Args {
  integer: (name: string) => bigint | null;
  text: (name: string) => string | null;
  /** The selection, which only a body can hold. */
  selection: () => Json | undefined;
  refuse: (message: string) => HttpError;
}

/** @throws HttpError 400 BadQueryArgs */
export function queryArgs(request: Request): Args {
  const { searchParams } = new URL(request.url);
  const refuse = (message: string) =>
    new HttpError(400, "BadQueryArgs", `The query string cannot be used: ${message}.`);
  return {
    integer: (name) => {
      const text = searchParams.get(name);
      if (text === null) return null;
      const integer = /^[+-]?\d{1,20}$/.test(text) ? BigInt(text) : null;
      if (integer === null || integer > MAX_TIMESTAMP || integer < -MAX_TIMESTAMP - 1n)
        throw refuse(`${name} must be an integer of 64 bits, not "${text.slice(0, 50)}"`);
      return integer;
    },
    text: (name) => searchParams.get(name),
    selection: () => undefined,
    refuse,
  };
}

/** @throws HttpError 400 BadJsonBody */
export async function bodyArgs(request: Request, body: Uint8Array<ArrayBuffer>): Promise<Args> {
  const object: JsonObject = await jsonObjectOf(request, body);
  return {
    integer: (name) => {
      const value = object[name] ?? null;
      if (value === null) return null;
      if (typeof value !== "bigint" && !(typeof value === "number" && Number.isInteger(value)))
        throw badJson(`"${name}" must be an integer`);
      const integer = BigInt(value);
      if (integer > MAX_TIMESTAMP || integer < -MAX_TIMESTAMP - 1n)
        throw badJson(`"${name}" must be an integer of 64 bits`);
      return integer;
    },
    text: (name) => {
      const value = object[name] ?? null;
      if (value !== null && typeof value !== "string") throw badJson(`"${name}" must be a string`);
      return value;
    },
    selection: () => object.selection,
    refuse: badJson,
  };
}

/**
 * What is asked for: a `selection`, a table (of a component), the tables of a component, or everything. A selection that
 * cannot be understood is refused; the backend would export everything.
 * @throws HttpError 400
 */
export function readSelection(args: Args): Selection {
  const table = args.text("tableName") ?? args.text("table_name");
  const component = args.text("component");
  const selection = args.selection();
  if (selection !== undefined) {
    if (table !== null || component !== null) throw args.refuse('"selection" stands alone');
    return parsed(selection, args.refuse);
  }
  if (table !== null) return onlyTable(table, component ?? undefined);
  return component === null ? everything : onlyComponent(component);
}

/** @throws HttpError 400 BadJsonBody, or InvalidDataSyncSelection for names that cannot be */
export function parsed(selection: Json, refuse: (message: string) => HttpError): Selection {
  try {
    return parseSelection(selection);
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    if (error.shape === "malformed") throw refuse(error.message);
    throw new HttpError(400, "InvalidDataSyncSelection", `Invalid selection: ${error.message}`);
  }
}

/** @throws HttpError 400 BadFormat */
export function readFormat(args: Args): ExportFormat {
  const name = args.text("format");
  const format = name === null ? "json" : formatOf(name);
  if (format !== null) return format;
  throw new HttpError(
    400,
    "BadFormat",
    `The format must be one of json, convex_encoded_json and export_json, not "${name!.slice(0, 50)}".`,
  );
}

/** @throws HttpError 400 BadQueryArgs */
export function readFlag(args: Args, name: string): boolean {
  const text = args.text(name);
  if (text === null || text === "false") return false;
  if (text === "true") return true;
  throw args.refuse(`${name} must be true or false, not "${text.slice(0, 50)}"`);
}

/** A row of a snapshot, as JSON text. */
export function writeSnapshotRow(
  table: string,
  row: ExportedRow,
  { ts, format, selection }: { ts: bigint; format: ExportFormat; selection: Selection },
): string {
  return `{${head(table, ts)},${writeFields(chosen(row, table, selection), format)}}`;
}

/** A change, as JSON text: the row as it is, or the id of one that is gone. */
export function writeChange(
  { table, at, id, row }: ExportedChange,
  { format, selection }: { format: ExportFormat; selection: Selection },
): string {
  const fields = row === null ? { _id: id } : chosen(row, table, selection);
  return `{${head(table, at)},"_deleted":${String(row === null)},${writeFields(fields, format)}}`;
}

function head(table: string, ts: bigint): string {
  return `"_component":"","_table":${JSON.stringify(table)},"_ts":${String(ts)}`;
}

/** A value of `data/sync`, as JSON text. */
export function writeSyncValue({ table, at, id, row }: ExportedChange, selection: Selection): string {
  const value = row === null ? { _id: id } : chosen(row, table, selection);
  const text = writeValue(value, "export_json");
  return `{"component":"","table":${JSON.stringify(table)},"ts":${String(at)},"deleted":${String(row === null)},"value":${text}}`;
}

/** The columns of a row that are asked for. */
function chosen(row: ExportedRow, table: string, selection: Selection): ExportedRow {
  const columns = selection.columns(table);
  return Object.fromEntries(Object.entries(row).filter(([field]) => columns?.(field) === true));
}

/** Where a walk over several tables stands. */
export interface SnapshotCursor {
  table: string;
  position: string | null;
  snapshot: bigint;
}

export function writeSnapshotCursor({ table, position, snapshot }: SnapshotCursor): string {
  return JSON.stringify({ table, snapshot: String(snapshot), position });
}

/** @throws HttpError 400 InvalidListSnapshotCursor */
export function readSnapshotCursor(text: string): SnapshotCursor {
  const cursor = parseOr(text, null);
  if (isObject(cursor)) {
    const { table, snapshot, position } = cursor;
    if (
      typeof table === "string" &&
      typeof snapshot === "string" &&
      /^\d{1,19}$/.test(snapshot) &&
      (position === null || typeof position === "string")
    ) {
      return { table, position, snapshot: BigInt(snapshot) };
    }
  }
  throw new HttpError(
    400,
    "InvalidListSnapshotCursor",
    "The cursor is none that list_snapshot has returned, or the table has changed since. Begin the snapshot again without one, and treat cursors as opaque.",
  );
}

export function parseOr<Otherwise>(text: string, otherwise: Otherwise): Json | Otherwise {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return otherwise;
  }
}

/** An answer from JSON text, which holds integers that JavaScript would round. */
export function jsonResponse(text: string): Response {
  return new Response(text, { status: 200, headers: { "Content-Type": "application/json" } });
}
