/// <reference types="vite/client" />
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Answer } from "../harness.js";
import { readDeltas, readSchema, readSnapshot, readTest, type SourceRecord } from "./fivetranSource.js";
import { importTo, startReading, writeNotes, type Reading } from "./support.js";

/** Recordings of Convex's Fivetran source, version 2.0.2, unmodified: what it sends, and what it made of answers. */
const recordings = Object.fromEntries(
  Object.entries(
    import.meta.glob<string>("./recordings/fivetran-*.txt", {
      eager: true,
      query: "?raw",
      import: "default",
    }),
  ).map(([path, text]) => [/fivetran-(\w+)\.txt$/.exec(path)![1]!, text]),
) as Record<"schema" | "select" | "test" | "update", string>;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A request as it was sent, word for word. */
interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
}

/** The requests of a call of the connector. */
function sentIn(recording: string, title: string): Sent[] {
  const part = recording.split(/^=== /m).find((one) => one.startsWith(`${title}\n`))!;
  return part
    .split(/^ {4}(?=(?:GET|POST) )/m)
    .slice(1)
    .map((text) => {
      const [first = "", ...lines] = text.trimEnd().split(/\n {8}/);
      const [method = "", path = ""] = first.split(" ");
      const headers = lines.filter((line) => !line.startsWith("BODY"));
      return {
        method,
        path,
        headers: Object.fromEntries(headers.map((line) => line.split(/: (.*)/) as [string, string])),
        body: /^BODY (\d+) (.*)$/m.exec(lines.at(-1)!)?.[2] ?? null,
      };
    });
}

/** What the connector said of the call. */
function saidIn(recording: string, title: string): string {
  return recording.split(/^=== /m).find((one) => one.startsWith(`${title}\n`))!;
}

/** Sends a recorded request. `given` has what the recorded server gave out, with what ours has given instead. */
async function replay(
  reading: Reading,
  { method, path, headers, body }: Sent,
  given: [string, string][] = [],
): Promise<Answer> {
  if (body !== null) expect(Buffer.byteLength(body)).toBe(Number(headers["content-length"]));
  let sent = body;
  for (const [theirs, ours] of given) {
    expect(sent).toContain(theirs);
    sent = sent!.replace(theirs, () => ours);
  }
  return await reading.app.send(method, path, sent ?? undefined, {
    ...headers,
    "Content-Type": headers["content-type"] ?? null,
    Authorization: headers.authorization!.replace("prod:test|abc", reading.reader),
    "content-length": null,
    authorization: null,
  });
}

describe("the simulator agrees with the recordings", () => {
  const value = (fields: object, own: object = {}) => {
    const one = {
      _component: "",
      _table: "users",
      _ts: 1,
      _creationTime: 1755000000123.25,
      _id: "j57a",
      ...fields,
      ...own,
    };
    return JSON.stringify({ values: [one], snapshot: 5, cursor: null, hasMore: false });
  };
  const REFUSED =
    /task message: "(Failed to deserialize query result|Invalid Convex value|Unexpected _creationTime|Missing cursor)/;

  test.each<[string, string]>([
    ["value plain $float", value({ f: { $float: "AAAAAAAA8D8=" } })],
    ["value bad $integer", value({ f: { $integer: "AQ==" } })],
    ["value $integer number", value({ f: { $integer: 5 } })],
    ["value unknown $", value({ f: { $foo: 1 } })],
    ["value two keys $", value({ f: { $integer: "AQAAAAAAAAA=", a: 1 } })],
    ["value creation string", value({ _creationTime: "1" })],
    ["value creation int", value({ _creationTime: 1755000000123 })],
    ["value creation missing", value({ _creationTime: undefined })],
    ["value id missing", value({ _id: undefined })],
    ["value _ts float", value({ _ts: 1.5 })],
    ["value _ts string", value({ _ts: "5" })],
    ["value _ts missing", value({ _ts: undefined })],
    ["value _table missing", value({ _table: undefined })],
    ["value _component missing", value({ _component: undefined })],
    ["value _ts 2^63", value({ _ts: 0 }).replace('"_ts":0', '"_ts":9223372036854775808')],
    ["value _deleted in snapshot", value({ _deleted: true })],
    ["value field with space", value({ "a b": 1 })],
    ["value nested dollar", value({ o: { $x: 1 } })],
    ["snapshot response hasMore without cursor", '{"values":[],"snapshot":5,"hasMore":true}'],
    ["snapshot response no cursor key", '{"values":[],"snapshot":5,"hasMore":false}'],
    ["snapshot response no snapshot", '{"values":[],"cursor":null,"hasMore":false}'],
    ["snapshot response snapshot float", '{"values":[],"snapshot":5.0,"cursor":null,"hasMore":false}'],
    ["snapshot response snapshot 1e18", '{"values":[],"snapshot":1e18,"cursor":null,"hasMore":false}'],
    ["snapshot response extra", '{"values":[],"snapshot":5,"cursor":null,"hasMore":false,"x":1}'],
    ["snapshot response has_more", '{"values":[],"snapshot":5,"cursor":null,"has_more":false}'],
  ])("Update, %s", (title, text) => {
    const wasRefused = REFUSED.test(saidIn(recordings.update, title));
    if (wasRefused) expect(() => readSnapshot(200, text)).toThrow();
    else expect(readSnapshot(200, text)).toMatchObject({ hasMore: false });
  });

  test.each<[string, string]>([
    [
      "deltas response no _deleted",
      '{"values":[{"_component":"","_table":"t","_ts":1,"_id":"q"}],"cursor":5,"hasMore":false}',
    ],
    ["deltas response cursor null", '{"values":[],"cursor":null,"hasMore":false}'],
    ["deltas response cursor goes back", '{"values":[],"cursor":1,"hasMore":false}'],
  ])("Update, %s", (title, text) => {
    const wasRefused = REFUSED.test(saidIn(recordings.update, title));
    if (wasRefused) expect(() => readDeltas(200, text)).toThrow();
    else expect(readDeltas(200, text)).toMatchObject({ hasMore: false });
  });

  test.each<[string, number, string]>([
    ["Test null", 200, "null"],
    ["Test {}", 200, "{}"],
    ["Test empty", 200, ""],
    ["Test 204", 204, ""],
    ["Test 201 null", 201, "null"],
    ["Test true", 200, "true"],
    ['Test "ok"', 200, '"ok"'],
    ["Test 403", 403, "{}"],
    ["Test 500", 500, "x"],
  ])("%s", (title, status, text) => {
    const succeeded = saidIn(recordings.test, title).includes("-> success: true");
    if (succeeded) {
      readTest(status, text);
    } else
      expect(() => {
        readTest(status, text);
      }).toThrow();
  });

  test.each<[string, string]>([
    ["Schema component app", '{"byComponent":{"app":[]}}'],
    ["Schema empty", '{"byComponent":{}}'],
    ["Schema no root tables", '{"byComponent":{"":[]}}'],
    ["Schema no _id", '{"byComponent":{"":[{"name":"t","columns":["x"]}]}}'],
    ["Schema by_component", '{"by_component":{}}'],
    ["Schema array", "[]"],
    ["Schema missing columns", '{"byComponent":{"":[{"name":"t"}]}}'],
  ])("%s", (title, text) => {
    const wasRefused = saidIn(recordings.schema, title).includes("gRPC error");
    if (wasRefused) expect(() => readSchema(200, text)).toThrow();
    else expect(readSchema(200, text)).toBeTypeOf("object");
  });
});

test("EXPORT-10: its recorded requests get the answers that it requires, and bring the tables as they are", async () => {
  const reading = await startReading(["notes", "regions"]);
  const [first, second] = await writeNotes(reading, {
    insert: [{ text: "a", secret: "hidden" }, { text: "b" }],
  });
  await importTo(reading.app, "regions", [{ k: "x", v: 1.5 }], [["k"]]);

  const [asked] = sentIn(recordings.test, "Test null");
  const tested = await replay(reading, asked!);
  readTest(tested.status, tested.text);
  const [columns] = sentIn(recordings.schema, "Schema root+component");
  const described = await replay(reading, columns!);
  expect(readSchema(described.status, described.text)).toEqual({
    app: { regions: ["_creationTime", "_id", "k", "v"], notes: ["_creationTime", "_id", "text"] },
  });

  const copy = new Map<string, SourceRecord["row"]>();
  const apply = (records: SourceRecord[]) => {
    for (const { schema, table, op, row } of records) {
      const key = `${schema}.${table}.${String(row._id)}`;
      if (op === "DELETE") copy.delete(key);
      else copy.set(key, row);
    }
  };
  // The recorded copy had three pages; ours has two, one for each table.
  const [begin, resume] = sentIn(recordings.update, "initial sync 3 pages");
  const page = async (sent: Sent, given: [string, string][] = []) => {
    const { status, text } = await replay(reading, sent, given);
    const read = readSnapshot(status, text);
    apply(read.records);
    return read;
  };
  const one = await page(begin!);
  const two = await page(resume!, [
    ["1755000000999999999", String(one.snapshot)],
    [JSON.stringify('{"tablet":"x","id":"y"}'), JSON.stringify(one.cursor)],
  ]);
  expect([one.hasMore, two.hasMore, two.snapshot]).toEqual([true, false, one.snapshot]);

  await writeNotes(reading, { patch: [{ id: first!, text: "a2" }], remove: [second!] });
  const [changes, further] = sentIn(recordings.update, "deltas 2 pages");
  const deltas = async (sent: Sent, theirs: string, cursor: bigint) => {
    const { status, text } = await replay(reading, sent, [[theirs, String(cursor)]]);
    const read = readDeltas(status, text);
    apply(read.records);
    return read;
  };
  const delta = await deltas(changes!, "1755000000999999999", two.snapshot);
  expect(delta.records.map(({ op }) => op)).toEqual(["UPSERT", "DELETE"]);
  await importTo(reading.app, "regions", [{ k: "y", v: 2 }], [["k"]]);
  const last = await deltas(further!, "1755000001000000001", delta.cursor);
  expect(last.hasMore).toBe(false);
  expect([...copy.values()].map(({ _id, _creationTime, ...row }) => row)).toEqual([
    { text: "a2" },
    { k: "x", v: 1.5 },
    { k: "y", v: 2 },
  ]);
});

describe("its recorded selections", () => {
  /** Bodies are printed as a list of Python's. */
  const selections = recordings.select
    .split(/^=== /m)
    .slice(1)
    .flatMap((part) =>
      [...part.matchAll(/^ {3}BODY \['(.*)'\]$/gm)].map(([, body]) => ({
        title: part.split("\n", 1)[0]!.trim(),
        body: body!,
      })),
    );
  /** Selections of the recording are of tables that there are not: the tables that each opens here, or the refusal. */
  const OPENED: Record<string, string[] | string> = {
    "selection with_schema app users partial": ["notes", "regions"],
    "selection _id deselected": "InvalidDataSyncSelection",
    "selection columns but not _id, no new": [],
    "selection table named _other": [],
    "selection empty selection msg": ["notes", "regions"],
    "selection nested component": [],
    "selection in deltas": ["notes", "regions"],
    default: ["notes", "regions"],
  };

  test.each(selections)("$title", async ({ title, body }) => {
    const reading = await startReading(["notes", "regions"]);
    const { text: start } = await reading.get("/api/list_snapshot");
    const { snapshot } = readSnapshot(200, start);
    await writeNotes(reading, { insert: [{ text: "a" }] });
    await importTo(reading.app, "regions", [{ k: "x", v: 1 }], [["k"]]);
    const isDeltas = body.startsWith('{"cursor":4');
    const path = isDeltas ? "/api/document_deltas" : "/api/list_snapshot";
    const expected = OPENED[title]!;
    const tables = new Set<string>();
    for (let sent = body.replace('"cursor":4', `"cursor":${String(snapshot)}`); ;) {
      const { status, text } = await replay(reading, {
        method: "POST",
        path,
        headers: {
          "convex-client": "fivetran-export-2.0.2",
          authorization: "Convex prod:test|abc",
          "content-type": "application/json",
          "content-length": String(Buffer.byteLength(sent)),
        },
        body: sent,
      });
      if (typeof expected === "string") {
        expect([status, (JSON.parse(text) as { code: string }).code]).toEqual([400, expected]);
        return;
      }
      const page = isDeltas ? readDeltas(status, text) : readSnapshot(status, text);
      for (const { table } of page.records) tables.add(table);
      if (!page.hasMore) break;
      sent = sent.replace(/"cursor":(null|"(\\.|[^"])*")/, () => `"cursor":${JSON.stringify(page.cursor)}`);
    }
    expect([...tables].sort()).toEqual(expected);
  });
});
