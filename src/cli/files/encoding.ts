import { isUtf8 } from "node:buffer";
import { CliError, usageError } from "../terminal/exit.js";

const LINE_END = 0x0a;

/**
 * The bytes of a text as UTF-8: read by its encoding, or checked where none is named, for a byte that is wrong would
 * become U+FFFD at the mirror.
 * @throws CliError with the line that is wrong
 */
export async function* asUtf8(
  bytes: AsyncIterable<Buffer>,
  encoding: string | undefined,
): AsyncGenerator<Buffer> {
  if (encoding === undefined || nameOfEncoding(encoding) === "utf-8") {
    yield* checked(bytes);
    return;
  }
  const decoder = decoderOf(encoding);
  let line = 1;
  const decode = (chunk?: Buffer) => {
    try {
      return Buffer.from(decoder.decode(chunk, { stream: chunk !== undefined }));
    } catch (error) {
      throw new CliError(
        "FileUnreadable",
        `The file is not ${encoding}: a byte near line ${String(line)} is wrong.`,
        { cause: error },
      );
    }
  };
  for await (const chunk of bytes) {
    const text = decode(chunk);
    line += linesIn(text, text.length);
    if (text.length > 0) yield text;
  }
  const rest = decode();
  if (rest.length > 0) yield rest;
}

/** The encoding that the first bytes of a file show by their mark, or by the zeros of UTF-16 and UTF-32. */
export function encodingOf(first: Buffer): { encoding: string; isMarked: boolean } | null {
  const hex = first.subarray(0, 4).toString("hex");
  if (hex.startsWith("efbbbf")) return { encoding: "utf-8", isMarked: true };
  if (hex === "fffe0000" || hex === "0000feff") return { encoding: "utf-32", isMarked: true };
  if (hex.startsWith("fffe")) return { encoding: "utf-16le", isMarked: true };
  if (hex.startsWith("feff")) return { encoding: "utf-16be", isMarked: true };
  const zeros = [...first.subarray(0, 4)].map((byte) => (byte === 0 ? "0" : "x")).join("");
  const encoding = { x0x0: "utf-16le", "0x0x": "utf-16be", x000: "utf-32", "000x": "utf-32" }[zeros];
  return encoding === undefined ? null : { encoding, isMarked: false };
}

/** The name that the web gives an encoding: "latin1" is windows-1252 there. @throws CliError */
export function nameOfEncoding(encoding: string): string {
  return decoderOf(encoding).encoding;
}

function decoderOf(encoding: string): TextDecoder {
  // The web reads ASCII as windows-1252. A file that is ASCII is UTF-8, too.
  if (/^(?:us-?)?ascii$/i.test(encoding)) return new TextDecoder("utf-8", { fatal: true });
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw usageError(
      `The encoding "${encoding}" is not known. Use a name of the web: windows-1252, iso-8859-15, utf-16le, shift_jis.`,
    );
  }
}

async function* checked(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  for await (const chunk of bytes) {
    const joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = lastWholeCharacter(joined);
    const part = joined.subarray(0, end);
    if (!isUtf8(part)) throw notUtf8(part, line);
    line += linesIn(part, part.length);
    rest = joined.subarray(end);
    if (part.length > 0) yield part;
  }
  if (rest.length > 0) throw notUtf8(rest, line);
}

/** Where a character begins that the chunk cuts; else its end. */
function lastWholeCharacter(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function notUtf8(part: Buffer, line: number): CliError {
  // The last position up to which everything is right.
  let [good, bad] = [0, part.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    const end = lastWholeCharacter(part.subarray(0, middle));
    if (isUtf8(part.subarray(0, end))) good = middle;
    else bad = middle;
  }
  const wrong = line + linesIn(part, good);
  return new CliError(
    "FileUnreadable",
    `Line ${String(wrong)} is not UTF-8. Name its encoding, for example --encoding windows-1252, or save it as UTF-8.`,
  );
}

function linesIn(bytes: Uint8Array, end: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_END); at !== -1 && at < end; at = bytes.indexOf(LINE_END, at + 1)) lines++;
  return lines;
}
