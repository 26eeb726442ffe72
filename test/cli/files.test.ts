// @vitest-environment node
import { Readable } from "node:stream";
import { dsvFormat } from "d3-dsv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { copyRecords } from "../../src/cli/files/copyText.js";
import { readCsv } from "../../src/cli/files/csv.js";
import { asUtf8 } from "../../src/cli/files/encoding.js";
import { Mapping } from "../../src/cli/files/mapping.js";
import { openSource } from "../../src/cli/files/source.js";
import { CliError } from "../../src/cli/terminal/exit.js";
import { nearest } from "../../src/core/suggest.js";
import { keyForPeople } from "../../src/cli/terminal/output.js";

/** A text in chunks of so many bytes. */
function inChunks(bytes: Buffer, size: number): AsyncIterable<Buffer> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return Readable.from(chunks, { objectMode: true });
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

async function read(bytes: Buffer, size: number, encoding?: string): Promise<string> {
  return Buffer.concat(await all(asUtf8(inChunks(bytes, size), encoding))).toString("utf8");
}

describe("encodings", () => {
  test("a text of UTF-8 comes as it is, however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary", maxLength: 60 }).filter((text) => Buffer.from(text).toString() === text),
        fc.integer({ min: 1, max: 9 }),
        async (text, size) => {
          expect(await read(Buffer.from(text), size)).toBe(text);
        },
      ),
    );
  });

  test.each([
    [Buffer.from("id,name\n1,a\n2,caf\u00e9\n", "latin1"), 3],
    [Buffer.concat([Buffer.from("a\n"), Buffer.from([0xc3])]), 2],
    [Buffer.from([0xed, 0xa0, 0x80]), 1],
    [Buffer.from([0xff]), 1],
  ])("bytes that are not UTF-8 are refused with their line, however they are cut", async (bytes, line) => {
    for (const size of [1, 2, 5, 100])
      await expect(read(bytes, size)).rejects.toThrow(`Line ${String(line)} is not UTF-8`);
  });

  test("a named encoding is read", async () => {
    const text = "id;name\n1;Café “Müller” €\n";
    const windows = Buffer.from(text, "latin1");
    windows[text.indexOf("“")] = 0x93;
    windows[text.indexOf("”")] = 0x94;
    windows[text.indexOf("€")] = 0x80;
    for (const size of [1, 3, 100]) {
      expect(await read(windows, size, "windows-1252")).toBe(text);
      expect(await read(Buffer.from(`\uFEFF${text}`, "utf16le"), size, "utf-16le")).toBe(text);
    }
    await expect(read(Buffer.from([0x81, 0xff]), 9, "shift_jis")).rejects.toThrow("not shift_jis");
    await expect(read(windows, 9, "klingon")).rejects.toThrow('"klingon" is not known');
  });
});

describe("the backslash format", () => {
  const escaped = (text: string) =>
    text.replace(
      /[\\\t\n\r\v\f\b]/g,
      (character) =>
        `\\${{ "\\": "\\", "\t": "t", "\n": "n", "\r": "r", "\v": "v", "\f": "f", "\b": "b" }[character]!}`,
    );
  const records = async (text: string, size = 100, delimiter = "\t") =>
    await all(copyRecords(inChunks(Buffer.from(text), size), delimiter));

  test("what Postgres and MySQL write is read", async () => {
    expect(await records("1\t\\N\ta\\tb\\\\\n2\t\tN\n\\.\nbehind the end\n")).toEqual([
      ["1", null, "a\tb\\"],
      ["2", "", "N"],
    ]);
    expect(await records("1\ttwo\\\nlines\t\\\\N\n")).toEqual([["1", "two\nlines", "\\N"]]);
    expect(await records("1,a\\,b\r\n2,c", 1, ",")).toEqual([
      ["1", "a,b"],
      ["2", "c"],
    ]);
  });

  test("any fields come back as they were", async () => {
    const field = fc.option(
      fc.string({ maxLength: 8 }).filter((text) => Buffer.from(text).toString() === text),
      { nil: null },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(field, { minLength: 2, maxLength: 2 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 7 }),
        async (rows, size) => {
          const text = rows.map(
            (row) => `${row.map((value) => (value === null ? "\\N" : escaped(value))).join("\t")}\n`,
          );
          expect(await records(text.join(""), size)).toEqual(rows);
        },
      ),
    );
  });
});

describe("files of another library", () => {
  /** What another library writes, in an encoding; null where that has not all characters. */
  const ENCODINGS: Record<string, (text: string) => Buffer | null> = {
    "utf-8": (text) => Buffer.from(text),
    "utf-8 with a mark": (text) => Buffer.from(`\uFEFF${text}`),
    "utf-16le": (text) => Buffer.from(`\uFEFF${text}`, "utf16le"),
    "utf-16be": (text) => Buffer.from(`\uFEFF${text}`, "utf16le").swap16(),
    "windows-1252": (text) => (/^[\0-\x7f\xa0-\xff]*$/.test(text) ? Buffer.from(text, "latin1") : null),
  };
  const text = fc
    .oneof(
      fc.string({ unit: "binary", maxLength: 6 }),
      fc.string({ unit: fc.constantFrom(...',;\t|" \r\n\\Né€a0') }),
    )
    .filter((each) => Buffer.from(each).toString() === each);
  const file = fc.integer({ min: 1, max: 3 }).chain((width) =>
    fc.record({
      rows: fc.array(fc.array(text, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      delimiter: fc.constantFrom(",", ";", "\t", "|"),
      lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
      encoding: fc.constantFrom(...Object.keys(ENCODINGS)),
      chunk: fc.integer({ min: 1, max: 50 }),
    }),
  );

  test("DATA-8: of any dialect and encoding are read as they are, or refused with a reason", async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(file, async ({ rows, delimiter, lineEnd, encoding, chunk }) => {
        const { formatRow } = dsvFormat(delimiter);
        const names = rows[0]!.map((_, i) => `column ${String(i)}`);
        const bytes = ENCODINGS[encoding]!([names, ...rows].map((row) => formatRow(row) + lineEnd).join(""));
        if (bytes === null) return;
        const stdin = inChunks(bytes, chunk) as Readable;
        const named = encoding.startsWith("utf-8") ? undefined : encoding;
        try {
          const source = await openSource({ stdin, cwd: "." }, "-", { format: "csv", encoding: named });
          const csv = { delimiter: source.delimiter, header: null, nulls: null };
          const info = { name: "", source: null, primaryKey: null, version: null };
          const found = (await all(readCsv(source.bytes, csv, info, new Mapping([], [], [])))).flat();
          const values = found.map(({ bytes: json, start, end }) =>
            Object.values(JSON.parse(json.toString("utf8", start, end)) as object),
          );
          // The writer makes no difference between NULL and the empty text.
          expect(values).toEqual(rows.map((row) => row.map((value) => (value === "" ? null : value))));
          read++;
        } catch (error) {
          expect(error).toBeInstanceOf(CliError);
          expect(lineEnd === "\r" || names.length === 1 || rows.flat().includes("\\N")).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
    expect(read).toBeGreaterThan(100);
  });
});

test.each([
  ["Name", ["id", "name"], "name"],
  ["e-mail", ["email", "id"], "email"],
  ["adress", ["address"], "address"],
  ["x", ["y"], null],
  ["created", ["deleted"], null],
])("%s is most likely %j", (name, candidates, expected) => {
  expect(nearest(name, candidates)).toBe(expected);
});

test.each([
  ['[{"$integer":"QA0DAAAAAAA="}]', ["id"], "id 200000"],
  ['["ORD","2001-01-01"]', ["origin", "date"], "origin ORD, date 2001-01-01"],
  [[1, null], ["a", "b"], "a 1, b null"],
  ["not JSON", ["id"], "not JSON"],
  [null, ["id"], "–"],
])("the key %j is shown as people write it", (key, fields, shown) => {
  expect(keyForPeople(key, fields)).toBe(shown);
});
