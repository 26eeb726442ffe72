import { skipSpace } from "./jsonSpan.js";
import { LineSplitter } from "./lines.js";
import { CliError } from "../terminal/exit.js";

/** A row as JSON text: a part of a larger buffer. */
export interface RawRow {
  bytes: Buffer;
  start: number;
  end: number;
}

/** Rows as they come, some at a time. */
export type Rows = AsyncGenerator<RawRow[], void>;

/** Rows of a file with a JSON object on each line. */
export async function* readNdjson(input: AsyncIterable<Buffer>): Rows {
  let rows: RawRow[] = [];
  let line = 0;
  const splitter = new LineSplitter((bytes, start, end) => {
    line++;
    const row = trimmed(bytes, start, end);
    if (row === null) return;
    checkRow(row, `Line ${String(line)}`);
    rows.push(row);
  });
  for await (const chunk of input) {
    splitter.push(chunk);
    if (rows.length > 0) yield rows;
    rows = [];
  }
  if (splitter.end() && rows.length > 0) yield rows;
}

function trimmed(bytes: Buffer, start: number, end: number): RawRow | null {
  while (start < end && isSpace(bytes[start]!)) start++;
  while (end > start && isSpace(bytes[end - 1]!)) end--;
  return start === end ? null : { bytes, start, end };
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a;
}

/** Rows of a JSON file: an array of objects, or objects one after another, over as many lines as they like. */
export async function* readJson(input: AsyncIterable<Buffer>): Rows {
  const splitter = new ObjectSplitter();
  for await (const chunk of input) {
    const rows = splitter.push(chunk);
    if (rows.length > 0) yield rows;
  }
  splitter.end();
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Cuts the text of a JSON file into its rows, without having more than one of them in memory. */
class ObjectSplitter {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Whether the file is an array, and whether that has ended. */
  #array: "open" | "closed" | null = null;
  #comma = false;
  #parts: Buffer[] = [];
  #count = 0;

  push(chunk: Buffer): RawRow[] {
    const rows: RawRow[] = [];
    let start = this.#depth > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (this.#depth === 0) {
        if (this.#between(byte)) start = at;
      } else if (byte === QUOTE) {
        this.#inString = true;
      } else if (byte === 0x7b || byte === 0x5b) {
        this.#depth++;
      } else if ((byte === 0x7d || byte === 0x5d) && --this.#depth === 0) {
        rows.push(this.#row(chunk, start, at + 1));
        start = -1;
      }
    }
    if (this.#depth > 0) this.#parts.push(Buffer.from(chunk.subarray(Math.max(start, 0))));
    return rows;
  }

  end(): void {
    if (this.#depth > 0 || this.#array === "open")
      throw new CliError("FileUnreadable", "The file ends in the middle of its JSON.");
  }

  /** A byte between two rows. Returns whether a row begins. */
  #between(byte: number): boolean {
    if (isSpace(byte)) return false;
    const place = this.#count === 0 ? "before the first row" : `after row ${String(this.#count)}`;
    if (this.#array === "closed")
      throw new CliError("FileUnreadable", `There is text after the end of the array, ${place}.`);
    if (byte === 0x5b && this.#array === null && this.#count === 0) {
      this.#array = "open";
    } else if (byte === 0x5d && this.#array === "open" && !this.#comma) {
      this.#array = "closed";
    } else if (byte === 0x2c && this.#array === "open" && this.#count > 0 && !this.#comma) {
      this.#comma = true;
    } else if (byte === 0x7b && (this.#array === null || this.#comma || this.#count === 0)) {
      this.#comma = false;
      this.#depth = 1;
      return true;
    } else {
      throw new CliError(
        "FileUnreadable",
        `The file is not an array of JSON objects: ${JSON.stringify(String.fromCharCode(byte))} ${place}.`,
      );
    }
    return false;
  }

  #row(chunk: Buffer, start: number, end: number): RawRow {
    this.#count++;
    let row: RawRow = { bytes: chunk, start, end };
    if (this.#parts.length > 0) {
      const whole = Buffer.concat([...this.#parts, chunk.subarray(0, end)]);
      this.#parts = [];
      row = { bytes: whole, start: 0, end: whole.length };
    }
    checkRow(row, `Row ${String(this.#count)}`);
    return row;
  }
}

/** @throws CliError when the text is no JSON object. */
function checkRow({ bytes, start, end }: RawRow, place: string): void {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8", start, end));
  } catch (error) {
    // The parser's message quotes the row; where it is, is enough.
    const at = /position (\d+)/.exec(String(error))?.[1];
    throw new CliError(
      "FileUnreadable",
      `${place} is not JSON${at === undefined ? "" : `, at character ${at}`}.`,
    );
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  const found = bytes.toString("utf8", skipSpace(bytes, start), start + 1);
  throw new CliError(
    "FileUnreadable",
    `${place} is not a JSON object; it begins with ${JSON.stringify(found)}. Every row must be an object with a field for each column. Use --format json for an array of rows.`,
  );
}
