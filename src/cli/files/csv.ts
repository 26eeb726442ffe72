import { parse, type InfoField } from "csv-parse";
import { Readable } from "node:stream";
import { CliError } from "../terminal/exit.js";
import { count } from "../../core/words.js";
import type { MirrorInfo } from "../../core/wire/v1.js";
import { columnWriters, type ColumnWriter } from "./columns.js";
import type { Mapping } from "./mapping.js";
import type { RawRow, Rows } from "./rows.js";
import { copyRecords } from "./copyText.js";

export interface CsvOptions {
  delimiter: string;
  /** Names of the columns, for files without a header line. */
  header: string[] | null;
  /** Unquoted texts that mean NULL; null when nobody has said. */
  nulls: string[] | null;
  /** Called once with the names of the columns, before the first row. */
  onColumns?: (names: readonly string[]) => void;
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
  const { head, isClassicMac, source } = await peekHead(input);
  const strayLineEnd = isClassicMac ? "\n" : "\r";
  const parser = parse({
    bom: true,
    delimiter: options.delimiter,
    from_line: options.header === null ? head.before + 1 : 1,
    // The parser would take the end of the first line for that of all.
    record_delimiter: isClassicMac ? ["\r"] : ["\r\n", "\n"],
    // Where there is one column, an empty line is a row whose field is empty.
    skip_empty_lines: (options.header?.length ?? head.line.split(options.delimiter).length) > 1,
    cast: (value: string, context: InfoField): string | null => {
      if (context.quoting) return value;
      if (value.includes(strayLineEnd)) throw strayEnd(context);
      if (options.header === null && context.records === 0) return value;
      if (nulls.has(value)) return null;
      if (value === BACKSLASH_N && options.nulls === null) throw explainBackslashN(context);
      return value;
    },
  });
  const begin = (names: readonly string[]) => {
    const columns = namesOf(names);
    options.onColumns?.(columns);
    return columnWriters(columns, mirror, mapping);
  };
  let writers: ColumnWriter[] | null = options.header === null ? null : begin(options.header);
  let rows: RawRow[] = [];
  source.on("error", (error) => parser.destroy(error));
  try {
    for await (const record of source.pipe(parser)) {
      const fields = record as (string | null)[];
      if (writers === null) {
        writers = begin(fields.map((name) => name ?? ""));
        continue;
      }
      if (fields.length !== writers.length) throw ragged(parser.info.lines, fields.length, writers.length);
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

/** Rows in the backslash format of Postgres' COPY and MySQL's OUTFILE: see copyText.ts. */
export async function* readCopy(
  input: AsyncIterable<Buffer>,
  options: Omit<CsvOptions, "nulls">,
  mirror: MirrorInfo,
  mapping: Mapping,
): Rows {
  let writers: ColumnWriter[] | null = null;
  let rows: RawRow[] = [];
  let line = 0;
  const begin = (names: readonly string[]) => {
    const columns = namesOf(names);
    options.onColumns?.(columns);
    return columnWriters(columns, mirror, mapping);
  };
  if (options.header !== null) writers = begin(options.header);
  for await (const fields of copyRecords(input, options.delimiter)) {
    line++;
    if (writers === null) {
      writers = begin(fields.map((name) => name ?? ""));
      continue;
    }
    if (fields.length !== writers.length) throw ragged(line, fields.length, writers.length);
    const bytes = Buffer.from(writeRow(writers, fields));
    rows.push({ bytes, start: 0, end: bytes.length });
    if (rows.length < ROWS_AT_A_TIME) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

/** Names without blanks around them; a column without a name, as pandas and R write their index, gets one. */
function namesOf(names: readonly string[]): string[] {
  return names.map((name, i) => (name.trim() === "" ? `column_${String(i + 1)}` : name.trim()));
}

/** The line of a CSV file that names its columns. */
export interface Head {
  /** Each text in quotes is one quote, so that delimiters can be counted. */
  line: string;
  /** The lines before it: empty ones, and the `sep=;` of Excel. */
  before: number;
  /** What Excel's line says. */
  delimiter: string | null;
}

/** @param text The first lines of the file. */
export function headOf(text: string): Head {
  const lines = text.replace(/"(?:[^"]|"")*"/g, '"').split(/\r\n|\n|\r/);
  const delimiter = /^sep=(.)$/i.exec(lines[0]!)?.[1] ?? null;
  let before = delimiter === null ? 0 : 1;
  while (before < lines.length - 1 && lines[before] === "") before++;
  return { line: lines[before]!, before, delimiter };
}

/** What the parser has to know before it begins, and the input from its beginning. */
async function peekHead(input: AsyncIterable<Buffer>) {
  const iterator = input[Symbol.asyncIterator]();
  const next = await iterator.next();
  const bytes: Buffer = next.done === true ? Buffer.alloc(0) : next.value;
  const start = bytes.subarray(0, 64 * 1024).toString("utf8");
  async function* all(): AsyncGenerator<Buffer> {
    yield bytes;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return {
    head: headOf(start),
    isClassicMac: !start.includes("\n") && start.includes("\r"),
    source: Readable.from(all()),
  };
}

function ragged(line: number, fields: number, columns: number): CliError {
  return new CliError(
    "FileUnreadable",
    `Line ${String(line)} has ${count(fields, "field")}, but there ${columns === 1 ? "is" : "are"} ${count(columns, "column")}.`,
  );
}

function strayEnd({ lines, column }: InfoField): CliError {
  return new CliError(
    "FileUnreadable",
    `Line ${String(lines)}, column ${String(column)}: a line break of another sort than those of the file, in a field without quotes. End all lines alike.`,
  );
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
    "FileUnreadable",
    `Line ${String(lines)}, column ${String(column)}: an unquoted \\N. Say what means NULL in this file: --null '\\N' (empty fields are then empty text), --null '' (\\N is then text), or both. If the file has the backslash format of COPY or OUTFILE, use --format copy.`,
  );
}

function explain(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CliError) return error;
  const { code, lines } = error as { code?: unknown; lines?: unknown };
  const line = String(lines);
  switch (code) {
    case "INVALID_OPENING_QUOTE":
      return new CliError(
        "FileUnreadable",
        `Line ${line}: a quote inside a field without quotes. Put such a field in quotes, without a blank before them, and double the quotes inside. If quotes mean nothing in this file, use --format copy.`,
      );
    case "CSV_INVALID_CLOSING_QUOTE":
      return new CliError(
        "FileUnreadable",
        `Line ${line}: text after the closing quote of a field. Double the quotes inside a field ("").`,
      );
    case "CSV_QUOTE_NOT_CLOSED":
      return new CliError("FileUnreadable", "The file ends inside a field in quotes. Is it complete?");
  }
  const counts = /expect (\d+), got (\d+) on line (\d+)/.exec(error.message);
  if (counts !== null) return ragged(Number(counts[3]), Number(counts[2]), Number(counts[1]));
  return typeof code === "string" && code.startsWith("CSV_")
    ? new CliError("FileUnreadable", `The file is not CSV: ${error.message}`)
    : error;
}
