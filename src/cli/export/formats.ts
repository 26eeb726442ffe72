import type { Value } from "convex/values";
import { stringify } from "lossless-json";
import type { ExportedRow } from "./client.js";
import { cellOf, DELETED, EXTRA, extraOf, TS, type Column, type ColumnType } from "./columns.js";

export const FORMATS = ["jsonl", "csv", "parquet"] as const;
export type Format = (typeof FORMATS)[number];

/** Rows of one table as the content of one file. */
export async function encode(
  format: Format,
  rows: readonly ExportedRow[],
  columns: readonly Column[],
): Promise<Uint8Array> {
  if (format === "jsonl") return Buffer.from(rows.map((row) => `${jsonLine(row)}\n`).join(""));
  const table = tableOf(rows, columns);
  return format === "csv" ? Buffer.from(csv(table)) : await parquet(table);
}

/** A row as one line of JSON; `table` says whose, where several are mixed. */
export function jsonLine({ ts, deleted, fields }: ExportedRow, table?: string): string {
  return jsonText({ ...(table !== undefined && { _table: table }), ...fields, [TS]: ts, [DELETED]: deleted });
}

interface FileColumn extends Column {
  values: (Value | undefined)[];
}

/** Rows as columns, with what a reader adds. */
function tableOf(rows: readonly ExportedRow[], columns: readonly Column[]): FileColumn[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const extra = rows.map((row) => extraOf(row, byName));
  return [
    ...columns.map((column) => ({ ...column, values: rows.map((row) => cellOf(row, column)) })),
    ...(extra.some((values) => values !== null)
      ? [{ name: EXTRA, type: "json" as const, values: extra }]
      : []),
    { name: TS, type: "int64", values: rows.map(({ ts }) => ts) },
    { name: DELETED, type: "boolean", values: rows.map(({ deleted }) => deleted) },
  ];
}

function csv(columns: readonly FileColumn[]): string {
  const count = columns[0]?.values.length ?? 0;
  const lines = [columns.map(({ name }) => quoted(name)).join(",")];
  for (let row = 0; row < count; row++) {
    lines.push(columns.map(({ values, type }) => cell(values[row] ?? null, type)).join(","));
  }
  return `${lines.join("\n")}\n`;
}

/** NULL is an empty cell, the empty text is `""`. */
function cell(value: Value, type: ColumnType): string {
  if (value === null) return "";
  if (value instanceof ArrayBuffer && type !== "json") return base64(value);
  return quoted(type === "json" || typeof value === "object" ? jsonText(value) : String(value));
}

function quoted(text: string): string {
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const PARQUET = {
  string: "STRING",
  number: "DOUBLE",
  int64: "INT64",
  boolean: "BOOLEAN",
  bytes: "BYTE_ARRAY",
  json: "STRING",
} as const;

async function parquet(columns: readonly FileColumn[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columnData = columns.map(({ name, type, values }) => ({
    name,
    type: PARQUET[type],
    data: values.map((value) => {
      if (value === null || value === undefined) return null;
      if (type === "json") return jsonText(value);
      return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
    }),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: "convex-streaming-import" }));
}

/** A value as JSON: an int64 is an exact integer, bytes are base64, NaN and the infinities are text. */
function jsonText(value: Value | ExportedRow["fields"]): string {
  return stringify(plain(value)) ?? "null";
}

function plain(value: Value | ExportedRow["fields"] | undefined): unknown {
  if (value instanceof ArrayBuffer) return base64(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, plain(inner as Value | undefined)]),
  );
}

function base64(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString("base64");
}
