/// <reference types="vite/client" />
import { defineSchema } from "convex/server";
import { jsonToConvex, v, type JSONValue, type Value } from "convex/values";
import { describe, expect, test } from "vitest";
import { AppMirrors } from "../../src/client/mirrors.js";
import { tableOf, type FivetranMirror } from "../../src/http/fivetran/schema.js";
import { mirrorTable } from "../../src/schema/index.js";
import { App, type TestRow } from "../harness.js";
import { createTable, describeTable, readSchema, type Column } from "./connector.js";
import { fivetranMirrors } from "./mirrors.js";
import { APPLY, CREATE, expectDone, HEADERS, TRUNCATE } from "./support.js";

/** Recordings of the unmodified connector, version 0.0.1: what it sends, byte for byte, and what it makes of answers. */
const recordings = Object.fromEntries(
  Object.entries(
    import.meta.glob<string>("./recordings/*.txt", { eager: true, query: "?raw", import: "default" }),
  ).map(([path, text]) => [/([^/]+)\.txt$/.exec(path)![1]!, text]),
) as Record<"alter" | "create" | "describe" | "test" | "truncate" | "write", string>;

/** One call of the connector. */
interface Recorded {
  title: string;
  /** What it said of the call. */
  result: string;
  /** The bodies that it posted. */
  bodies: string[];
}

function read(text: string): Recorded[] {
  return text
    .split(/^=== /m)
    .slice(1)
    .map((part) => ({
      title: part.split("\n", 1)[0]!.trim(),
      result: /^ {3}-> (.*)$/m.exec(part)?.[1] ?? "",
      bodies: [...part.matchAll(/^ +BODY (?:\d+ )?([[{].*)$/gm)].map(([, body]) => body!),
    }));
}

/** Rows, or whole operations, that a recording prints as a list of Python's. */
function rowsOf(text: string): { title: string; json: JSONValue }[] {
  return text
    .split(/^=== /m)
    .slice(1)
    .flatMap((part) =>
      [...part.matchAll(/^ {3}ROW \['(.*)'\]$/gm)].map(([, json]) => ({
        title: part.split("\n", 1)[0]!.trim(),
        json: JSON.parse(json!.replaceAll("\\\\", "\\")) as JSONValue,
      })),
    );
}

describe("what the connector writes", () => {
  const written = read(recordings.write).filter(({ bodies }) => bodies.length > 0);

  test("FIVETRAN-14: its recorded requests make the recorded table", async () => {
    expect(written.map(({ title }) => title)).toEqual([
      "Write upsert all types",
      "Write upsert all null",
      "Write update unmodified",
      "Write delete",
      "Write delete with only pk columns",
      "Write extra column not in schema but null",
    ]);
    const app = await App.start();
    const allTypes = {
      id: 1n,
      bi: new Uint8Array([0x00, 0xff, 0x68, 0x69]).buffer,
      bo: true,
      dec: "3.1415926535897932384626433832",
      dou: -2.2250738585072014e-308,
      fivetran: { columns: { file: "f.csv" }, deleted: false, synced: 1704773419156.0576 },
      fl: 3.402823609495512e24,
      i: 2147483647,
      js: { a: 1, big: 9007199254740992, nested: { k: "v" } },
      lo: -9223372036854775808n,
      nd: "2007-12-03",
      ndt: "2007-12-03 10:15:30.123456",
      nt: "19:41:30.500",
      sh: -32768,
      st: 'he said "hi",\nC:\\',
      utc: 1196676930123.4568,
      xm: "<a/>",
    };
    const allNull = {
      id: 2n,
      fivetran: { columns: { file: null }, deleted: null, synced: 1704773419156 },
      ...Object.fromEntries(
        Object.keys(allTypes)
          .filter((name) => !["id", "fivetran"].includes(name))
          .map((name) => [name, null]),
      ),
    };
    const after: TestRow[][] = [[allTypes], [allTypes, allNull], [allTypes, allNull], [allNull], [allNull]];
    after.push([allNull, { id: 1n, fivetran: {} }]);
    for (const [i, { bodies }] of written.entries()) {
      await expectDone(app.send("POST", APPLY, bodies[0], HEADERS));
      expect(await app.rows("books"), written[i]!.title).toEqual(after[i]);
    }
    const { received, ignored, quarantined } = (await app.status("books")).total;
    // The recorded update is of a row that is not there, as is the second deletion.
    expect({ received, ignored, quarantined }).toEqual({ received: 6, ignored: 2, quarantined: 0 });
  });

  test.each(rowsOf(recordings.write))("FIVETRAN-14: $title", async ({ json }) => {
    const app = await App.start();
    const whole = json as { table: string; operation: string; row: JSONValue } | Record<string, JSONValue>;
    const row = ("operation" in whole ? whole.row : whole) as JSONValue;
    await expectDone(app.send("POST", APPLY, [{ table: "s_books", operation: "Upsert", row }], HEADERS));
    expect(await app.rows("books")).toEqual([
      declaredIn("books", jsonToConvex(row) as Record<string, Value>),
    ]);
  });

  /** Convex's own reading of a row, less the columns that the mirror does not declare. */
  function declaredIn(mirror: keyof typeof fivetranMirrors, row: Record<string, Value>) {
    const { fields } = fivetranMirrors[mirror].validator as unknown as { fields: Record<string, unknown> };
    const { fivetran, ...others } = row as Record<string, Value> & {
      fivetran: { columns?: Record<string, Value> };
    };
    const { columns, ...own } = fivetran;
    const known = Object.fromEntries(Object.entries(others).filter(([name]) => name in fields));
    const file = columns !== undefined && "file" in columns ? { file: columns.file } : {};
    return { ...known, fivetran: columns === undefined ? own : { ...own, columns: file } };
  }
});

test("FIVETRAN-14: the recorded truncations truncate", async () => {
  const truncations = read(recordings.truncate).flatMap(({ bodies }) => bodies);
  expect(new Set(truncations).size).toBe(8);
  const at = Date.parse("2024-01-09T04:10:19.000Z");
  for (const body of new Set(truncations)) {
    const app = await App.start();
    const rows = [at - 1, at, at + 155, at + 156, at + 157].map((synced, i) => ({
      table: "s_books",
      operation: "Upsert",
      row: {
        id: { $integer: btoa(`${String.fromCharCode(i)}\0\0\0\0\0\0\0`) },
        fivetran: { synced, deleted: false },
      },
    }));
    await expectDone(app.send("POST", APPLY, rows, HEADERS));
    await expectDone(app.send("POST", TRUNCATE, body, HEADERS));
    const left = (await app.rows("books")) as { fivetran: { deleted: boolean } }[];
    const { deleteBefore, deleteType } = JSON.parse(body) as Record<string, string | null>;
    const gone =
      deleteBefore === null
        ? 5
        : ({ "19.156057706Z": 3, "19Z": 1, "19.156Z": 3, "19.000001Z": 1 }[deleteBefore!.slice(17)] ?? 0);
    const marked = left.filter(({ fivetran }) => fivetran.deleted).length;
    expect([left.length, marked], body).toEqual(deleteType === "SoftDelete" ? [5, gone] : [5 - gone, 0]);
  }
});

describe("what the connector creates", () => {
  const bodies = [...read(recordings.create), ...read(recordings.alter)].flatMap((call) => call.bodies);

  test("FIVETRAN-15: a table that has no mirror is refused, with the declaration to paste", async () => {
    expect(bodies.length).toBe(6);
    for (const body of bodies) {
      const app = await App.start();
      const unknown = body.replace('"s_books"', '"s_nope"');
      const answer = await app.send("POST", CREATE, unknown, HEADERS);
      expect([answer.status, answer.json().code]).toEqual([400, "MissingStream"]);
      const [seen] = (await app.call("unknownStreams")) as { stream: string; snippet: string }[];
      expect(seen!.stream).toBe("s_nope");
      expect(answer.json().message).toContain(seen!.snippet);
      expect(declared(seen!.snippet, body)).toBe(true);
    }
  });

  test("FIVETRAN-15: what is declared so is the table that the connector wants", async () => {
    const app = await App.start();
    await app.send("POST", CREATE, bodies[0]!.replace("s_books", "s_nope"), HEADERS);
    const [seen] = (await app.call("unknownStreams")) as { snippet: string }[];
    expect(seen!.snippet).toBe(`s_nope: mirrorTable(
  {
    bi: v.union(v.bytes(), v.null()),
    bo: v.union(v.boolean(), v.null()),
    dou: v.union(v.number(), v.null()),
    id: v.int64(),
    js: v.any(),
    lo: v.union(v.int64(), v.null()),
    st: v.union(v.string(), v.null()),
  },
  { primaryKey: ["id"], fivetran: { softDelete: true } },
),`);
  });

  test("FIVETRAN-15: of a table that has a mirror, its key is compared", async () => {
    const app = await App.start();
    const answers = [];
    for (const body of bodies) answers.push(await app.send("POST", CREATE, body, HEADERS));
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 400, 400, 200]);
    expect(answers[1]!.json()).toMatchObject({
      code: "PrimaryKeyMismatch",
      message: expect.stringMatching(/is fivetran\.id, fivetran\.columns\.line, the one of its mirror id\./),
    });
  });

  /** Whether a declaration makes a table that the connector takes for the one of the body. */
  function declared(snippet: string, body: string): boolean {
    const { documentType, indexes } = (JSON.parse(body) as { tableDefinition: Definition }).tableDefinition;
    const [key] = indexes;
    if (key!.fields.length === 0) return true;
    const code = snippet.replace(/^s_nope: |,$/g, "");
    const table = new Function("mirrorTable", "v", `return ${code};`)(mirrorTable, v) as never;
    const { all } = new AppMirrors(defineSchema({ s_nope: table }) as never);
    const tables = readSchema(200, JSON.stringify({ tables: [tableOf(all[0] as FivetranMirror)] }));
    const told = describeTable(tables, "s_nope")!.map(({ name }) => name);
    const { fivetran, ...plain } = documentType.value;
    const inner = fivetran!.fieldType.value;
    const wanted = [
      ...Object.keys(plain),
      ...Object.keys(inner).flatMap((name) => (name === "columns" ? [] : [`_fivetran_${name}`])),
      ...Object.keys(inner.columns!.fieldType.value).map((name) => `_${name}`),
      // The connector describes it wherever there is a field "fivetran".
      ...("synced" in inner ? [] : ["_fivetran_synced"]),
    ];
    expect(told.sort()).toEqual(wanted.sort());
    return true;
  }
});

interface Field {
  fieldType: { value: Record<string, Field> };
}
interface Definition {
  documentType: { value: Record<string, Field> };
  indexes: { fields: string[] }[];
}

/** The simulator of the connector against the recordings of it: the tests of the schema stand on it. */
describe("the simulator says what the connector was recorded to say", () => {
  const columns = (...more: Column[]): Column[] => [
    { name: "_fivetran_deleted", type: "BOOLEAN" },
    { name: "_fivetran_synced", type: "UTC_DATETIME" },
    { name: "id", type: "LONG", pk: true },
    ...more,
  ];
  const title: Column = { name: "title", type: "STRING" };
  const nullable = (type: string) => ({
    fieldType: { type: "union", value: [{ type }, { type: "null" }] },
    optional: false,
  });
  const field = (type: string) => ({ fieldType: { type }, optional: false });
  const KEY = { indexDescriptor: "_fivetran_by_primary_key", fields: ["fivetran.deleted", "id"] };
  const BY_SYNCED = {
    indexDescriptor: "by_synced",
    fields: ["fivetran.deleted", "fivetran.synced", "_creationTime"],
  };
  const books = (...indexes: object[]) => ({
    tableName: "s_books",
    indexes: indexes.length === 0 ? [KEY, BY_SYNCED] : indexes,
    documentType: {
      type: "object",
      value: {
        id: nullable("bigint"),
        title: nullable("string"),
        fivetran: {
          fieldType: { type: "object", value: { deleted: field("boolean"), synced: field("number") } },
          optional: false,
        },
      },
    },
  });
  const odd = [
    { tableName: "s_anyt", indexes: [], documentType: { type: "any" } },
    { tableName: "s_nodoc", indexes: [] },
    { tableName: "s_uni", indexes: [], documentType: { type: "union", value: [] } },
  ];
  const calls = read(recordings.create);
  const said = (name: string) => calls.find((call) => call.title === `Create with schema${name}`)!.result;

  test.each<[name: string, table: string, columns: Column[], indexes?: object[]]>([
    [", match", "s_books", columns(title)],
    [", table missing", "s_nope", columns(title)],
    [", extra col in convex", "s_books", columns()],
    [", missing col", "s_books", columns(title, { name: "x", type: "DOUBLE" })],
    [", type mismatch", "s_books", columns({ ...title, type: "LONG" })],
    [", no soft delete in source", "s_books", columns(title).slice(1)],
    [
      ", pk differs",
      "s_books",
      columns({ ...title, pk: true }).map((each) => (each.name === "id" ? { ...each, pk: false } : each)),
    ],
    [" anyt", "s_anyt", columns()],
    [" nodoc", "s_nodoc", columns()],
    [" uni", "s_uni", columns()],
    [
      ", pk index with trailing _creationTime (as schema.ts push stores it)",
      "s_books",
      columns(title),
      [{ ...KEY, fields: [...KEY.fields, "_creationTime"] }, BY_SYNCED],
    ],
    [
      ", synced index without _creationTime",
      "s_books",
      columns(title),
      [KEY, { ...BY_SYNCED, fields: BY_SYNCED.fields.slice(0, -1) }],
    ],
    [
      ", pk index named by_primary_key",
      "s_books",
      columns(title),
      [{ ...KEY, indexDescriptor: "by_primary_key" }, BY_SYNCED],
    ],
  ])("Create with schema%s", (name, table, wanted, indexes = []) => {
    const tables = readSchema(200, JSON.stringify({ tables: [books(...indexes), ...odd] }));
    const answer = createTable(tables, table, wanted);
    if (answer === null) expect(said(name)).toBe("success: true");
    else expect(said(name).replaceAll('\\"', '"')).toContain(answer);
  });

  const CREATE_TYPES = calls.filter(({ title: name }) => /^Create all types/.test(name));

  test("all types were recorded to pass, nullable or not, optional or not", () => {
    expect(CREATE_TYPES.map(({ result }) => result)).toEqual(Array(4).fill("success: true"));
  });

  test.each([
    ["null", 200, "null"],
    ["201 null", 201, "null"],
    ["tables []", 200, '{"tables":[]}'],
    ["empty body", 200, ""],
    ["204", 204, ""],
    ["html 200", 200, "<html>"],
    ["{}", 200, "{}"],
    ["true", 200, "true"],
    ["missing indexes", 200, '{"tables":[{"tableName":"a"}]}'],
    ["empty idx", 200, '{"tables":[{"tableName":"a","indexes":[{"indexDescriptor":"x","fields":[]}]}]}'],
    ["system table", 200, '{"tables":[{"tableName":"_a","indexes":[]}]}'],
    ["_by index", 200, '{"tables":[{"tableName":"a","indexes":[{"indexDescriptor":"_by","fields":["a"]}]}]}'],
    [
      "_fivetran idx",
      200,
      '{"tables":[{"tableName":"a","indexes":[{"indexDescriptor":"_fivetran","fields":["a"]}]}]}',
    ],
    ["500 text", 500, "boom"],
  ])("Test with get_schema -> %s", (name, status, text) => {
    const call = read(recordings.test).find((each) => each.title === `Test with get_schema -> ${name}`)!;
    let answer = "success: true";
    try {
      readSchema(status, text);
    } catch (error) {
      answer = (error as Error).message;
    }
    expect(call.result).toContain(answer);
  });
});
