import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PAGE } from "../../src/client/exporting/limits.js";
import { parseSelection } from "../../src/http/export/selection.js";
import type { Json } from "../../src/core/rows/values.js";
import { importTo, pageOf, replicate, startReading, writeNotes, type Page, type Reading } from "./support.js";

/**
 * The cases of the Convex backend's own tests of its streaming export, one by one, with its answers or ours where the
 * specification says that they differ. E12 is in src/http/export/jsonSchema.test.ts and golden.test.ts.
 */

const usualRows = PAGE.rows;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  PAGE.rows = usualRows;
});

const KEY = [["k"]];

async function deltas({ get }: Reading, cursor: bigint, query = ""): Promise<Page & { cursor: bigint }> {
  return pageOf(await get(`/api/document_deltas?cursor=${String(cursor)}${query}`));
}

async function nowOf({ get }: Reading): Promise<bigint> {
  return pageOf(await get("/api/list_snapshot")).snapshot;
}

test("E1: a snapshot of nothing is one empty page", async () => {
  const { get } = await startReading(["notes"]);
  const { snapshot, ...page } = pageOf(await get("/api/list_snapshot"));
  expect(page).toEqual({ values: [], cursor: null, hasMore: false });
  expect(snapshot).toBeGreaterThan(0n);
});

test("E2: a snapshot of one row", async () => {
  const reading = await startReading(["notes"]);
  const [id] = await writeNotes(reading, { insert: [{ text: "title" }] });
  const { values, snapshot, cursor, hasMore } = pageOf(await reading.get("/api/list_snapshot"));
  expect(values).toEqual([
    {
      _component: "",
      _table: "notes",
      _ts: snapshot,
      _creationTime: expect.any(Number) as number,
      _id: id,
      text: "title",
    },
  ]);
  expect([cursor, hasMore]).toEqual([null, false]);
});

test("E3: a row that came and went on one page comes as deleted, once", async () => {
  const reading = await startReading(["notes"]);
  const before = await nowOf(reading);
  const [id] = await writeNotes(reading, { insert: [{ text: "a" }] });
  await writeNotes(reading, { remove: [id!] });
  const { values, cursor, hasMore } = await deltas(reading, before);
  expect(values).toEqual([
    { _component: "", _table: "notes", _ts: expect.any(BigInt) as bigint, _deleted: true, _id: id },
  ]);
  expect(cursor >= values[0]!._ts).toBe(true);
  expect(hasMore).toBe(false);
});

test("E4: changes need a cursor", async () => {
  const { get } = await startReading();
  const answer = await get("/api/document_deltas");
  expect([answer.status, answer.json().code]).toEqual([400, "DocumentDeltasCursorRequired"]);
});

test.each(["/api/document_deltas?cursor=5", "/api/list_snapshot"])(
  "E5: %s of an app that exports nothing",
  async (path) => {
    const { app, get } = await startReading();
    await app.inLedger(async ({ db }) => {
      for (const { _id } of await db.query("feed").collect()) await db.delete("feed", _id);
    });
    const answer = await get(path);
    // Not 403: Airbyte's source would skip the stream without an error.
    expect([answer.status, answer.json().code]).toEqual([400, "StreamingExportNotEnabled"]);
  },
);

test.each(["/api/document_deltas?cursor=5", "/api/list_snapshot", "/api/json_schemas"])(
  "E5: %s without a token",
  async (path) => {
    const { app } = await startReading();
    const answer = await app.send("GET", path, undefined, { Authorization: null });
    expect([answer.status, answer.json().code]).toEqual([403, "BadDeployKey"]);
  },
);

test("E6: a token that only reads the export sees the schemas, and changes nothing", async () => {
  const { app, get, reader } = await startReading(["regions"]);
  expect((await get("/api/json_schemas")).status).toBe(200);
  const answer = await app.send(
    "PUT",
    "/api/streaming_import/clear_tables",
    { tableNames: ["regions"] },
    {
      Authorization: `Convex ${reader}`,
    },
  );
  expect([answer.status, answer.json().code]).toEqual([403, "OperationNotPermitted"]);
});

test("E7: changes after a cursor; of one table; a page does not split a commit", async () => {
  const reading = await startReading(["notes", "regions"]);
  const before = await nowOf(reading);
  await writeNotes(reading, { insert: [{ text: "a" }, { text: "b" }] });
  await importTo(reading.app, "regions", [{ k: "x", v: 1 }], KEY);
  const all = await deltas(reading, before);
  expect(all.values.map(({ text, k }) => text ?? k)).toEqual(["a", "b", "x"]);
  const [first, second, third] = all.values.map(({ _ts }) => _ts);
  expect(first).toBe(second);
  expect(second! < third!).toBe(true);
  expect((await deltas(reading, second!)).values.map(({ k }) => k)).toEqual(["x"]);
  const one = await deltas(reading, before, "&tableName=regions");
  expect(one.values.map(({ k }) => k)).toEqual(["x"]);
  PAGE.rows = 1;
  const page = await deltas(reading, before);
  expect(page.values.map(({ text }) => text)).toEqual(["a", "b"]);
  expect(page).toMatchObject({ cursor: second, hasMore: true });
});

test("E8: a table that is no longer exported leaves the changes; those of others stay", async () => {
  const reading = await startReading(["notes", "regions"]);
  const before = await nowOf(reading);
  await writeNotes(reading, { insert: [{ text: "a" }] });
  await importTo(reading.app, "regions", [{ k: "x", v: 1 }], KEY);
  // A token sees what the schema exports, so one that names fewer stands for a schema that has fewer.
  const token = (await reading.app.call("createToken", {
    name: "few",
    mirrors: ["regions"],
    access: "export",
  })) as string;
  const page = pageOf(await reading.get(`/api/document_deltas?cursor=${String(before)}`, token));
  expect(page.values.map(({ k }) => k)).toEqual(["x"]);
  expect((page.cursor as bigint) >= page.values[0]!._ts).toBe(true);
});

test("E9: a walk in pages of one row, filtered by table, that begins before later changes", async () => {
  const reading = await startReading(["notes", "regions"]);
  const [a] = await writeNotes(reading, { insert: [{ text: "a" }, { text: "b" }] });
  await importTo(reading.app, "regions", [{ k: "x", v: 1 }], KEY);
  PAGE.rows = 1;
  const first = pageOf(await reading.get("/api/list_snapshot?tableName=notes"));
  expect(first.values.map(({ text }) => text)).toEqual(["a"]);
  expect(first.hasMore).toBe(true);
  await writeNotes(reading, { patch: [{ id: a!, text: "a2" }] });
  const texts: unknown[] = [];
  for (let cursor: string | null = first.cursor; cursor !== null;) {
    const at = `&snapshot=${String(first.snapshot)}&cursor=${encodeURIComponent(cursor)}`;
    const page = pageOf(await reading.get(`/api/list_snapshot?tableName=notes${at}`));
    expect(page.snapshot).toBe(first.snapshot);
    texts.push(...page.values.map(({ text }) => text));
    cursor = page.cursor;
  }
  expect(texts).toEqual(["b"]);
  // Rows are as they are when their page is read; what changed since the walk began follows.
  const changes = await deltas(reading, first.snapshot, "&tableName=notes");
  expect(changes.values.map(({ text }) => text)).toEqual(["a2"]);
  const again = pageOf(
    await reading.get(`/api/list_snapshot?tableName=notes&snapshot=${String(first.snapshot)}`),
  );
  expect(again.values.map(({ text }) => text)).toEqual(["a2"]);
});

test("E10: a selection of columns holds for the snapshot and the changes, and leaves other tables out", async () => {
  const reading = await startReading(["notes", "regions"]);
  await importTo(reading.app, "regions", [{ k: "x", v: 1 }], KEY);
  await writeNotes(reading, { insert: [{ text: "a" }] });
  const before = await nowOf(reading);
  const selection = {
    _other: "excluded",
    "": { _other: "excluded", regions: { _other: "included", v: "excluded", _creationTime: "excluded" } },
  };
  const columnsOf = (page: Page) =>
    page.values.map((value) =>
      Object.keys(value).filter((name) => !/^_(component|table|ts|deleted)$/.test(name)),
    );
  const snapshot = pageOf(await reading.post("/api/list_snapshot", { selection }));
  expect([columnsOf(snapshot), snapshot.hasMore]).toEqual([[["_id", "k"]], false]);
  await importTo(reading.app, "regions", [{ k: "x", v: 2 }], KEY);
  await writeNotes(reading, { insert: [{ text: "b" }] });
  expect(
    columnsOf(pageOf(await reading.post("/api/document_deltas", { cursor: before, selection }))),
  ).toEqual([["_id", "k"]]);
});

test("E11: the tables of components are not exported, and one that is named is refused", async () => {
  const reading = await startReading(["notes"]);
  await writeNotes(reading, { insert: [{ text: "a" }] });
  for (const query of ["component=streamingImport", "component=streamingImport&tableName=tokens"]) {
    const answer = await reading.get(`/api/list_snapshot?${query}`);
    expect([answer.status, answer.json().code]).toEqual([400, "UnknownTable"]);
  }
  expect((await replicate(reading, "component=")).copy.size).toBe(1);
});

test.each<[string, string, object, number]>([
  ["GET", "", {}, 2],
  ["GET", "?tableName=notes", {}, 1],
  ["GET", "?table_name=notes", {}, 1],
  ["GET", "?tableName=notes&component=", {}, 1],
  ["GET", "?component=", {}, 2],
  ["POST", "", {}, 2],
  ["POST", "", { tableName: "notes" }, 1],
  ["POST", "", { table_name: "notes", component: "" }, 1],
  ["POST", "", { selection: { _other: "incl" } }, 2],
  ["POST", "", { selection: { _other: "included" } }, 2],
  ["POST", "", { selection: { _other: "excl" } }, 0],
  ["POST", "", { selection: { _other: "incl", waitlist: "excl" } }, 2],
  ["POST", "", { selection: { _other: "incl", "": { _other: "excl", notes: "incl" } } }, 1],
])("E13: %s list_snapshot%s %j is a selection of %i tables", async (method, query, body, count) => {
  const reading = await startReading(["notes", "regions"]);
  await writeNotes(reading, { insert: [{ text: "a" }] });
  await importTo(reading.app, "regions", [{ k: "x", v: 1 }], KEY);
  const tables = new Set<string>();
  for (let cursor: string | null = null; ;) {
    const at = cursor === null ? "" : `cursor=${encodeURIComponent(cursor)}`;
    const page = pageOf(
      method === "GET"
        ? await reading.get(`/api/list_snapshot?${query.slice(1)}&${at}`)
        : await reading.post("/api/list_snapshot", { ...body, cursor }),
    );
    for (const { _table } of page.values) tables.add(_table);
    cursor = page.cursor;
    if (!page.hasMore) break;
  }
  expect(tables.size).toBe(count);
});

test.each<[string, Json, string, string, boolean]>([
  [
    "a table that is listed wins",
    { _other: "excluded", "": { _other: "excluded", t: "included" } },
    "t",
    "c",
    true,
  ],
  [
    "a table that is not listed is as _other says",
    { _other: "excluded", "": { _other: "included", t: "excluded" } },
    "u",
    "c",
    true,
  ],
  ["a component that is excluded hides its tables", { _other: "included", "": "excluded" }, "t", "c", false],
  ["a component that is included has all its tables", { _other: "excluded", "": "included" }, "t", "c", true],
  [
    "a component that is not listed is as _other says",
    { _other: "excluded", a: "included" },
    "t",
    "c",
    false,
  ],
  [
    "a column that is listed wins",
    { _other: "included", "": { _other: "excluded", t: { _other: "excluded", c: "included" } } },
    "t",
    "c",
    true,
  ],
  [
    "a column that is not listed is as _other says",
    { _other: "included", "": { _other: "included", t: { _other: "excluded" } } },
    "t",
    "c",
    false,
  ],
  [
    "_id is always there",
    { _other: "included", "": { _other: "included", t: { _other: "excluded" } } },
    "t",
    "_id",
    true,
  ],
])("E14: %s", (_, selection, table, column, expected) => {
  expect(parseSelection(selection).columns(table)?.(column) ?? false).toBe(expected);
});

test("E14: _id cannot be excluded", () => {
  const selection = {
    _other: "included",
    "": { _other: "included", t: { _other: "included", _id: "excluded" } },
  };
  expect(() => parseSelection(selection)).toThrow("`_id` must be included in the column selection");
});
