import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { importTo, pageOf, parsePage, startReading, writeNotes, type Reading } from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface SyncPage {
  status: { type: string; snapshotTs?: bigint };
  truncates: { component: string; table: string }[];
  values: {
    component: string;
    table: string;
    ts: bigint;
    deleted: boolean;
    value: Record<string, unknown>;
  }[];
  syncId: string;
  pagination: { hasMore: boolean; nextCursor: string };
}

async function next(reading: Reading, cursor?: string, selection?: unknown): Promise<SyncPage> {
  const answer = await reading.post("/api/v1/data/sync", {
    ...(cursor !== undefined && { cursor }),
    ...(selection !== undefined && { selection }),
  });
  expect(answer.text === "" ? {} : { status: answer.status, text: answer.text }).toMatchObject({
    status: 200,
  });
  return parsePage(answer.text) as SyncPage;
}

/** Reads until all is up to date, as a client does: truncates first, then values. */
async function sync(reading: Reading, copy: Map<string, string>, cursor?: string, selection?: unknown) {
  for (let at = cursor; ;) {
    const page = await next(reading, at, selection);
    for (const { table } of page.truncates)
      for (const key of [...copy.keys()]) if (key.startsWith(`${table}/`)) copy.delete(key);
    for (const { table, value, deleted } of page.values) {
      const key = `${table}/${String(value._id)}`;
      if (deleted) copy.delete(key);
      else copy.set(key, JSON.stringify([value.text, value.k]));
    }
    at = page.pagination.nextCursor;
    if (page.status.type === "upToDate") return page;
  }
}

test("one cursor leads through the snapshots of all tables and the changes since", async () => {
  const reading = await startReading(["notes", "regions"]);
  const [first] = await writeNotes(reading, { insert: [{ text: "a", secret: "hidden" }, { text: "b" }] });
  await importTo(reading.app, "regions", [{ k: "x", v: 1 }], [["k"]]);
  const copy = new Map<string, string>();
  const done = await sync(reading, copy);
  expect(done.syncId).toMatch(/^airbyte-[0-9a-f-]{36}$/);
  expect([...copy.values()].sort()).toEqual(['["a",null]', '["b",null]', '[null,"x"]']);
  await writeNotes(reading, { patch: [{ id: first!, text: "a2" }] });
  await importTo(reading.app, "regions", [{ k: "x", _ab_cdc_deleted_at: "2026", _ab_cdc_lsn: 1 }], [["k"]]);
  const later = await sync(reading, copy, done.pagination.nextCursor);
  expect([...copy.values()].sort()).toEqual(['["a2",null]', '["b",null]']);

  // A table that is deselected is left, and emptied when it comes back.
  const without = { _other: "included", "": { _other: "included", notes: "excluded" } };
  const narrow = await sync(reading, copy, later.pagination.nextCursor, without);
  const wide = await next(reading, narrow.pagination.nextCursor);
  expect(wide.truncates).toEqual([{ component: "", table: "notes" }]);
  expect(wide.values).toHaveLength(2);

  const active = JSON.parse((await reading.get("/api/v1/data/list_active_syncs?limit=1")).text) as {
    syncs: { syncId: string; status: object }[];
  };
  expect(active.syncs.map(({ syncId }) => syncId)).toEqual([done.syncId]);
});

test("a reader of document_deltas goes on with data/sync where it is", async () => {
  const reading = await startReading(["notes"]);
  await writeNotes(reading, { insert: [{ text: "a" }] });
  const { snapshot } = pageOf(await reading.get("/api/list_snapshot?tableName=notes"));
  const answer = await reading.post("/api/data_sync_cursor_from_deltas", { cursor: snapshot });
  const { cursor } = JSON.parse(answer.text) as { cursor: string };
  await writeNotes(reading, { insert: [{ text: "b" }] });
  const page = await next(reading, cursor);
  expect(page).toMatchObject({ status: { type: "upToDate" }, truncates: [] });
  expect(page.values.map(({ value }) => value.text)).toEqual(["b"]);
});

test.each([
  ["/api/v1/data/sync", { cursor: "zz" }, "InvalidDataSyncCursor"],
  ["/api/v1/data/sync", { cursor: 5 }, "BadJsonBody"],
  ["/api/v1/data/sync", { selection: {} }, "BadJsonBody"],
  [
    "/api/v1/data/sync",
    { selection: { _other: "included", "": { _other: "included", "bad name": "excluded" } } },
    "InvalidDataSyncSelection",
  ],
  ["/api/data_sync_cursor_from_deltas", {}, "BadJsonBody"],
  ["/api/data_sync_cursor_from_deltas", { cursor: -1 }, "InvalidDataSyncCursor"],
  ["/api/data_sync_cursor_from_deltas", { cursor: 9e18 }, "InvalidDataSyncCursor"],
  ["/api/data_sync_cursor_from_deltas", { cursor: 0 }, "DataSyncCursorExpired"],
])("POST %s %j: 400 %s", async (path, body, code) => {
  const { post } = await startReading();
  const answer = await post(path, body);
  expect([answer.status, answer.json().code]).toEqual([400, code]);
});

test.each([
  ["limit=0", "LimitOutOfRange"],
  ["limit=101", "LimitOutOfRange"],
  ["limit=x", "BadQueryArgs"],
  ["cursor=zz", "InvalidCursor"],
])("GET list_active_syncs?%s: 400 %s", async (query, code) => {
  const { get } = await startReading();
  const answer = await get(`/api/v1/data/list_active_syncs?${query}`);
  expect([answer.status, answer.json().code]).toEqual([400, code]);
});
