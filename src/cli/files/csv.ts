import { parse, type InfoField } from "csv-parse";
import { Readable } from "node:stream";
import { CliError } from "../terminal/exit.js";
import type { MirrorInfo } from "../../core/wire/v1.js";
import { columnWriters, type ColumnWriter } from "./columns.js";
import type { Mapping } from "./mapping.js";
import type { RawRow, Rows } from "./rows.js";

export interface CsvOptions {
  delimiter: string;
  /** Names of the columns, for files without a header line. */
  header: string[] | null;
  /** Unquoted texts that mean NULL; null when nobody has said. */
  nulls: string[] | null;
}

/** Rows that are turned into JSON at a time. */
const ROWS_AT_A_TIME = 500;

/** What Postgres and MySQL write for NULL in some of their formats. */
const BACKSLASH_N = "\\N";

/**
 * Rows of a CSV file, in the types of the mirror. An unquoted empty field is NULL, `""` is the empty text, and an
 * unquoted `\N` has to be explained first: a file in which it is NULL may well mean text by its empty fields.
 */
export async function* readCsv(
  input: AsyncIterable<Buffer>,
  options: CsvOptions,
  mirror: MirrorInfo,
  mapping: Mapping,
): Rows {
  const nulls = new Set(options.nulls ?? [""]);
  const parser = parse({
    bom: true,
    delimiter: options.delimiter,
    skip_empty_lines: true,
    relax_column_count: false,
    cast: (value: string, context: InfoField): string | null => {
      if (context.quoting || context.header) return value;
      if (nulls.has(value)) return null;
      if (value === BACKSLASH_N && options.nulls === null) throw explainBackslashN(context);
      return value;
    },
  });
  let writers: ColumnWriter[] | null =
    options.header === null ? null : columnWriters(options.header, mirror, mapping);
  let rows: RawRow[] = [];
  const source = Readable.from(input);
  source.on("error", (error) => parser.destroy(error));
  try {
    for await (const record of source.pipe(parser)) {
      const fields = record as (string | null)[];
      if (writers === null) {
        writers = columnWriters(
          fields.map((name) => name ?? ""),
          mirror,
          mapping,
        );
        continue;
      }
      if (fields.length !== writers.length) {
        throw new CliError(
          `Line ${String(parser.info.lines)} has ${String(fields.length)} fields, but there are ${String(writers.length)} columns.`,
        );
      }
      const bytes = Buffer.from(writeRow(writers, fields));
      rows.push({ bytes, start: 0, end: bytes.length });
      if (rows.length < ROWS_AT_A_TIME) continue;
      yield rows;
      rows = [];
    }
  } catch (error) {
    throw explain(error);
  }
  if (rows.length > 0) yield rows;
}

function writeRow(writers: readonly ColumnWriter[], fields: readonly (string | null)[]): string {
  let text = "{";
  for (let i = 0; i < writers.length; i++) {
    const writer = writers[i]!;
    if (writer.key === null) continue;
    const field = fields[i] ?? null;
    text += `${text.length > 1 ? "," : ""}${writer.key}:${field === null ? "null" : writer.write(field)}`;
  }
  return `${text}}`;
}

function explainBackslashN({ lines, column }: InfoField): CliError {
  return new CliError(
    `Line ${String(lines)}, column ${String(column)}: an unquoted \\N. Say what is NULL in this file: --null '\\N' (empty fields are empty text then), --null '' (\\N is text), or both.`,
  );
}

function explain(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CliError) return error;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && code.startsWith("CSV_")
    ? new CliError(`The file is no CSV: ${error.message}`)
    : error;
}
