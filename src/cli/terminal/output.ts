import { stripVTControlCharacters } from "node:util";
import type { Io } from "./io.js";
import { isColoured, style, STYLE_CODES } from "./style.js";
import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";

/** What text is written to: a stream of the process, or of a test. */
export interface Written {
  write: (text: string) => unknown;
}

/** Prints a result: JSON for machines, else text for people. */
export function print(io: Io, json: boolean | undefined, value: unknown, text: () => string): void {
  say(io.stdout, json === true ? jsonOf(value) : text());
}

/** Writes a line, or several, for people. No text of a row, a sender, a server or a file steers the terminal. */
export function say(out: Written, text: string): void {
  out.write(`${visible(text)}\n`);
}

/** JSON on one line, which can be shown on a terminal: what could steer it is written as escapes of JSON. */
export function jsonOf(value: unknown): string {
  return visible(JSON.stringify(value, withoutBigInts));
}

const CODES = STYLE_CODES.join("|");

/**
 * Characters that steer a terminal: controls but line feed and tab, and those that turn the direction of writing. A
 * style of ours is matched first.
 */
const STEERING = new RegExp(
  String.raw`\u001B\[(?:${CODES})m|[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u206F]`,
  "g",
);

/** Text for people, in which what rows, keys and senders say cannot steer the terminal: it is shown as "\u001b". */
export function visible(text: string): string {
  return text.replace(STEERING, (match) => {
    if (match.length > 1 && isColoured) return match;
    return `\\u${match.charCodeAt(0).toString(16).padStart(4, "0")}${match.slice(1)}`;
  });
}

function withoutBigInts(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/**
 * A table for people; numbers stand right.
 * @param columns Those of the terminal, if it is one. Where a table is wider, its last column comes in lines of its own
 * below each row, and the longest cells are cut, but never those of the first column, by which rows are named.
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
  columns?: number,
): string {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === "number" ? cell.toLocaleString("en") : visibleCell(cell ?? "–"))),
  );
  const widths = header.map((name, i) => Math.max(name.length, ...cells.map((row) => width(row[i] ?? ""))));
  const excess = () => widths.reduce((sum, each) => sum + each + 2, -2) - (columns ?? Infinity);
  const below = excess() > 0 ? cells.map((row) => wrapped(row.at(-1)!, columns! - 2)) : [];
  if (below.length > 0) widths.pop();
  while (excess() > 0) {
    const longest = Math.max(...widths.slice(1));
    if (!(longest > MIN_COLUMN)) break;
    widths[widths.lastIndexOf(longest)] = Math.max(MIN_COLUMN, longest - excess());
  }
  const isNumber = header.map(
    (_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number" || row[i] === null),
  );
  const line = (row: readonly string[]) =>
    row
      .slice(0, widths.length)
      .map((whole, i) => {
        const cell = whole.length > widths[i]! && width(whole) > widths[i]! ? cut(whole, widths[i]!) : whole;
        const space = " ".repeat(widths[i]! - width(cell));
        return isNumber[i] === true ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  return [
    style.dim(line(header)),
    ...cells.flatMap((row, i) => [line(row), ...(below[i] ?? []).map((text) => `  ${text}`)]),
  ].join("\n");
}

/** A column is not made narrower than this. */
const MIN_COLUMN = 8;

function cut(text: string, columns: number): string {
  return `${stripVTControlCharacters(text).slice(0, columns - 1)}…`;
}

/** A text in lines of so many columns, cut between words; none where there is nothing to say. */
function wrapped(text: string, columns: number): string[] {
  if (text === "–") return [];
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last === "") lines[lines.length - 1] = word;
    else if (width(last) + 1 + width(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A cell is a line. */
function visibleCell(text: string): string {
  return visible(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

/** Columns of a terminal that a text takes, without its colours. */
function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** A duration as people say it: "3 s", "12 min", "5 h", "2 d". */
export function since(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${String(seconds)} s`;
  if (seconds < 3_600) return `${String(Math.round(seconds / 60))} min`;
  if (seconds < 172_800) return `${String(Math.round(seconds / 3_600))} h`;
  return `${String(Math.round(seconds / 86_400))} d`;
}

/** A moment as "3 s ago". */
export function ago(time: string | null, now = Date.now()): string {
  return time === null ? "never" : `${since(now - Date.parse(time))} ago`;
}

/**
 * A key as people write it: `id 200002`; `origin ORD, date 2001-01-01` where there are more fields.
 * @param key JSON as the component keeps keys, an array of values; null where it is not known
 * @param fields The fields of the primary key, as far as they are known
 */
export function keyForPeople(key: unknown, fields: readonly string[]): string {
  const json: unknown = typeof key === "string" ? parsed(key) : key;
  if (!Array.isArray(json)) return key === null ? "–" : typeof key === "string" ? key : JSON.stringify(key);
  const values = json.map((value) => valueForPeople(jsonToConvex(value as JSONValue)));
  return values.map((value, i) => (fields[i] === undefined ? value : `${fields[i]} ${value}`)).join(", ");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function valueForPeople(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  return typeof value === "object" ? JSON.stringify(convexToJson(value)) : String(value);
}
