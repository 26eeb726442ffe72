import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { CliError, messageOf } from "../terminal/exit.js";
import type { Io } from "../terminal/io.js";
import { basename, dirname, resolve } from "node:path";
import { didYouMean } from "../../core/suggest.js";
import { asUtf8, encodingOf, nameOfEncoding } from "./encoding.js";
import { headOf } from "./csv.js";

type Format = "csv" | "copy" | "json" | "ndjson";

/** A file, or stdin, on its way in. */
export interface Source {
  /** Its bytes, decompressed, as UTF-8 without a byte order mark. */
  bytes: AsyncIterable<Buffer>;
  format: Format;
  /** What separates fields: by the name of the file, else by its first line. */
  delimiter: string;
  /** How far reading has come, from 0 to 1; null when nobody knows how much there is. */
  progress: () => number | null;
}

const FORMATS: Record<string, Format> = {
  csv: "csv",
  copy: "copy",
  tsv: "csv",
  json: "json",
  jsonl: "ndjson",
  ndjson: "ndjson",
};

/** Whether a file can be read a second time: stdin and named pipes, as `<(psql …)` makes them, cannot. */
export async function isRereadable({ cwd }: Pick<Io, "cwd">, file: string): Promise<boolean> {
  if (file === "-") return false;
  return await stat(resolve(cwd, file)).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** @param file A path, or "-" for stdin. @throws CliError */
export async function openSource(
  { stdin, cwd }: Pick<Io, "stdin" | "cwd">,
  file: string,
  { format: wanted, encoding }: { format?: string | undefined; encoding?: string | undefined },
): Promise<Source> {
  const format = wanted === undefined ? undefined : FORMATS[wanted];
  if (wanted !== undefined && format === undefined)
    throw new CliError("FileUnreadable", `The format "${wanted}" is not one of csv, tsv, copy, json, jsonl.`);
  const path = resolve(cwd, file);
  const size = file === "-" ? null : await sizeOf(path);
  const raw: Readable = file === "-" ? stdin : createReadStream(path, { highWaterMark: 256 * 1024 });
  let read = 0;
  const [begin, more] = await peek(withoutGzip(counted(raw, file, (bytes) => (read += bytes))), hasMagic);
  const bytes = joined(checkedBegin(begin, encoding), more);
  const [first, rest] = await peek(asUtf8(bytes, encoding), hasLine);
  const extension = /\.(\w+?)(?:\.gz)?$/i.exec(file)?.[1]?.toLowerCase() ?? "";
  const found = format ?? FORMATS[extension] ?? guess(first);
  return {
    bytes: joined(first, rest),
    format: found,
    delimiter: found === "copy" || (wanted ?? extension) === "tsv" ? "\t" : delimiterOf(first),
    progress: () => (size === null || size === 0 ? null : Math.min(1, read / size)),
  };
}

/** The text of a file of UTF-8, without its mark. @throws CliError */
export async function readText(path: string): Promise<string> {
  await sizeOf(path);
  const parts: Buffer[] = [];
  const whole = await readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const bytes = checkedBegin(whole, undefined);
  for await (const part of asUtf8(Readable.from([bytes]), undefined)) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (!found.isDirectory()) return found.size;
  } catch (error) {
    // ENOTDIR: what the path takes for a folder is a file.
    if (!["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
      throw unreadable(file, error);
    const others = await readdir(dirname(file)).catch(() => []);
    throw new CliError("FileNotFound", `There is no file ${file}.${didYouMean(basename(file), others)}`);
  }
  throw new CliError("FileNotFound", `${file} is a folder. Name one of its files.`);
}

/** A file that is there, and that this user may not read, or that breaks off. */
function unreadable(file: string, cause: unknown): CliError {
  return new CliError(
    "FileUnreadable",
    `${file} cannot be read: ${messageOf(cause)}. Check its permissions, or name another file.`,
    { cause },
  );
}

async function* counted(raw: Readable, file: string, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of raw) {
      count((chunk as Buffer).length);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Compressed or not is seen in the bytes, whatever the file is called. */
async function* withoutGzip(raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const [first, rest] = await peek(raw, hasMagic);
  if (first.length < 2 || first[0] !== 0x1f || first[1] !== 0x8b) {
    yield first;
    yield* rest;
    return;
  }
  const gunzip = createGunzip();
  const feed = async () => {
    for await (const chunk of joined(first, rest)) {
      if (!gunzip.write(chunk)) await new Promise((resolve) => gunzip.once("drain", resolve));
    }
    gunzip.end();
  };
  feed().catch((error: unknown) => gunzip.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (error) {
    throw new CliError("FileUnreadable", `The gzip file is incomplete or damaged: ${messageOf(error)}.`);
  }
}

/** Enough to see a byte order mark or that it is gzip. */
function hasMagic(bytes: Buffer): boolean {
  return bytes.length >= 4;
}

/** Enough to see a header, or as much as a header may be. */
function hasLine(bytes: Buffer): boolean {
  return bytes.length >= 64 * 1024 || (bytes.length >= 4 && bytes.includes(0x0a));
}

/** The first bytes, where there are so many, and the rest. */
async function peek(
  input: AsyncIterable<Buffer>,
  isEnough: (bytes: Buffer) => boolean,
): Promise<[Buffer, AsyncIterable<Buffer>]> {
  const iterator = input[Symbol.asyncIterator]();
  let first = Buffer.alloc(0);
  while (!isEnough(first)) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  return [first, { [Symbol.asyncIterator]: () => iterator }];
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* rest;
}

/**
 * The first bytes, without the byte order mark of UTF-8.
 * @throws CliError when they show an encoding that is not the named one
 */
function checkedBegin(first: Buffer, wanted: string | undefined): Buffer {
  const found = encodingOf(first);
  if (found === null || (wanted !== undefined && nameOfEncoding(wanted) === found.encoding))
    return found?.encoding === "utf-8" ? first.subarray(3) : first;
  const reason = `Line 1: the file ${found.isMarked ? "begins with the mark of" : "looks like"} ${found.encoding.toUpperCase()}`;
  if (found.encoding === "utf-8") {
    if (wanted === undefined) return first.subarray(3);
    throw new CliError("FileUnreadable", `${reason}, not ${wanted}. Leave out --encoding.`);
  }
  throw new CliError(
    "FileUnreadable",
    `${reason}, not ${wanted ?? "UTF-8"}. ${found.encoding === "utf-32" ? "Save it as UTF-8." : `Use --encoding ${found.encoding}.`}`,
  );
}

/** What begins with a bracket is an array, with a brace rows of JSON; all else is CSV. */
function guess(first: Buffer): Format {
  const character = first.toString("latin1").trimStart()[0];
  return character === "[" ? "json" : character === "{" ? "ndjson" : "csv";
}

const DELIMITERS = [",", ";", "\t", "|"];

/** What separates the fields of a CSV file: what Excel's line says, else what the names of the columns have most often. */
function delimiterOf(first: Buffer): string {
  const { line, delimiter } = headOf(first.toString("utf8"));
  const count = (each: string) => line.split(each).length - 1;
  return delimiter ?? DELIMITERS.reduce((best, next) => (count(next) > count(best) ? next : best));
}
