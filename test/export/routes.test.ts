import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { importTo, pageOf, replicate, startReading, writeNotes } from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a snapshot", () => {
  test("EXPORT-5: has each row once, without excluded fields; the changes since its beginning complete it", async () => {
    const reading = await startReading();
    const [first, second] = await writeNotes(reading, {
      insert: [{ text: "a", secret: "hidden" }, { text: "b" }],
    });
    const answer = await reading.get("/api/list_snapshot?tableName=notes&format=json");
    const page = pageOf(answer);
    expect(page).toMatchObject({ cursor: null, hasMore: false });
    expect(page.values.map(({ _id, text }) => [_id, text])).toEqual([
      [first, "a"],
      [second, "b"],
    ]);
    expect(answer.text).not.toContain("hidden");
    expect(answer.text).toMatch(
      new RegExp(
        String.raw`^\{"values":\[\{"_component":"","_table":"notes","_ts":${String(page.snapshot)},"_creationTime":[\d.]+,"_id":"${first!}","text":"a"\},`,
      ),
    );

    await writeNotes(reading, { patch: [{ id: first!, text: "a2" }], remove: [second!] });
    const deltas = pageOf(
      await reading.get(`/api/document_deltas?tableName=notes&cursor=${String(page.snapshot)}`),
    );
    expect(deltas.values.map(({ _id, _deleted, text }) => [_id, _deleted, text])).toEqual([
      [first, false, "a2"],
      [second, true, undefined],
    ]);
    expect(deltas.hasMore).toBe(false);
  });

  test("walks all tables that the token opens, and goes on at its cursor", async () => {
    const reading = await startReading(["notes", "regions"]);
    await writeNotes(reading, { insert: [{ text: "a" }] });
    await importTo(reading.app, "regions", [{ k: "x", v: 1 }], [["k"]]);
    const first = pageOf(
      await reading.post("/api/list_snapshot", {
        snapshot: null,
        cursor: null,
        selection: { _other: "included" },
        format: "convex_encoded_json",
      }),
    );
    expect(first).toMatchObject({ hasMore: true });
    expect(first.values.map(({ _table }) => _table)).toEqual(["notes"]);
    const second = pageOf(
      await reading.post("/api/list_snapshot", {
        snapshot: first.snapshot,
        cursor: first.cursor,
        selection: { _other: "included" },
        format: "convex_encoded_json",
      }),
    );
    expect(second.values.map(({ _table, k }) => [_table, k])).toEqual([["regions", "x"]]);
    expect(second.snapshot).toBe(first.snapshot);
    expect(second).toMatchObject({ hasMore: false, cursor: null });
  });
});

test("EXPORT-6: what the importer writes is in the feed: one document per chunk, none for unchanged rows", async () => {
  const reading = await startReading();
  const { app } = reading;
  await importTo(
    app,
    "regions",
    [
      { k: "x", v: 1 },
      { k: "y", v: 2 },
    ],
    [["k"]],
  );
  expect(await app.ledger("changes")).toHaveLength(1);
  await importTo(app, "regions", [{ k: "x", v: 1 }], [["k"]]);
  expect(await app.ledger("changes")).toHaveLength(1);
  const { copy, cursor } = await replicate(reading, "tableName=regions&format=json");
  await importTo(app, "regions", [{ k: "x", _ab_cdc_deleted_at: "2026-01-01", _ab_cdc_lsn: 1 }], [["k"]]);
  await replicate(reading, "tableName=regions&format=json", copy, { cursor });
  expect([...copy.values()].map(({ k, v }) => [k, v])).toEqual([["y", 2]]);
});

describe("refusals", () => {
  test.each([
    ["/api/document_deltas?format=json", "DocumentDeltasCursorRequired"],
    ["/api/document_deltas?cursor=x", "BadQueryArgs"],
    ["/api/document_deltas?cursor=1", "InvalidWindowToReadDocuments"],
    ["/api/document_deltas?cursor=-1", "InvalidWindowToReadDocuments"],
    ["/api/document_deltas?cursor=9000000000000000000", "InvalidWindowToReadDocuments"],
    ["/api/list_snapshot?snapshot=abc", "BadQueryArgs"],
    ["/api/list_snapshot?snapshot=5", "SnapshotTooOld"],
    ["/api/list_snapshot?snapshot=9000000000000000000", "SnapshotTooNew"],
    ["/api/list_snapshot?cursor=zzz", "InvalidListSnapshotCursor"],
    ["/api/list_snapshot?format=xml", "BadFormat"],
    ["/api/list_snapshot?tableName=users", "UnknownTable"],
    ["/api/list_snapshot?tableName=nonesuch", "UnknownTable"],
    ["/api/json_schemas?deltaSchema=1", "BadQueryArgs"],
  ])("GET %s: 400 %s", async (path, code) => {
    const { get } = await startReading(["notes"]);
    const answer = await get(path);
    expect([answer.status, answer.json().code]).toEqual([400, code]);
    expect(answer.json().message).toMatch(/\w/);
  });

  test.each([
    [{ selection: {} }, "BadJsonBody"],
    [{ selection: "all" }, "BadJsonBody"],
    [{ selection: null }, "BadJsonBody"],
    [{ selection: { _other: "x" } }, "BadJsonBody"],
    [{ selection: { _other: "excluded", "": { notes: "excluded" } } }, "BadJsonBody"],
    [{ tableName: 5 }, "BadJsonBody"],
    [{ selection: { _other: "included", "bad comp!": { _other: "included" } } }, "InvalidDataSyncSelection"],
    [
      { selection: { _other: "included", "": { _other: "included", "bad name": "excluded" } } },
      "InvalidDataSyncSelection",
    ],
    [
      {
        selection: {
          _other: "included",
          "": { _other: "included", notes: { _other: "included", _id: "excluded" } },
        },
      },
      "InvalidDataSyncSelection",
    ],
  ])("POST list_snapshot %j: 400 %s", async (body, code) => {
    const { post } = await startReading();
    const answer = await post("/api/list_snapshot", body);
    expect([answer.status, answer.json().code]).toEqual([400, code]);
  });

  test("EXPORT-5: tokens open the import or the export, and no table that they do not name", async () => {
    const reading = await startReading(["regions"]);
    await writeNotes(reading, { insert: [{ text: "private" }] });
    const imports = await reading.get("/api/json_schemas", reading.app.token);
    expect([imports.status, imports.json().code]).toEqual([400, "OperationNotPermitted"]);
    for (const [method, path] of [
      ["GET", "/v1/status"],
      ["GET", "/version"],
      ["POST", "/v1/runs"],
    ] as const) {
      const answer = await reading.app.send(method, path, {}, { Authorization: `Convex ${reading.reader}` });
      expect(answer.status).toBe(403);
    }
    expect(Object.keys(JSON.parse((await reading.get("/api/json_schemas")).text) as object)).toEqual([
      "regions",
    ]);
    const all = await replicate(reading, "format=json");
    expect(all.copy.size).toBe(0);
  });
});

test("schemas and columns come from the validators", async () => {
  const { get } = await startReading(["notes", "regions"]);
  const schemas = JSON.parse((await get("/api/json_schemas?deltaSchema=true&format=json")).text) as object;
  expect(JSON.stringify(schemas)).toBe(
    '{"regions":{"type":"object","properties":{"_creationTime":{"type":"number"},"_id":{"$description":"Id(regions)","type":"string"},"k":{"anyOf":[{"type":"string"},{"type":"null"}]},"v":{"type":"number"},"_table":{"type":"string"},"_component":{"type":"string"},"_ts":{"type":"integer"},"_deleted":{"type":"boolean"}},"additionalProperties":false,"required":["_creationTime","_id","k","v"],"$schema":"http://json-schema.org/draft-07/schema#"},"notes":{"type":"object","properties":{"_creationTime":{"type":"number"},"_id":{"$description":"Id(notes)","type":"string"},"text":{"type":"string"},"_table":{"type":"string"},"_component":{"type":"string"},"_ts":{"type":"integer"},"_deleted":{"type":"boolean"}},"additionalProperties":false,"required":["_creationTime","_id","text"],"$schema":"http://json-schema.org/draft-07/schema#"}}',
  );
  expect((await get("/api/get_table_column_names")).text).toBe(
    '{"byComponent":{"":[{"name":"regions","columns":["_creationTime","_id","k","v"]},{"name":"notes","columns":["_creationTime","_id","text"]}]}}',
  );
  expect((await get("/airbyte/api/test_streaming_export_connection")).text).toBe("null");
});
