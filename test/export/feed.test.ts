import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FEED_IDS } from "../../convex/feedRetention.js";
import { CLEAR, QUIET_MS } from "../airbyte/support.js";
import { importTo, pageOf, replicate, startReading, writeNotes } from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const DAY_MS = 24 * 60 * 60 * 1000;
const KEY = [["k"]];

test("EXPORT-2: changes come in the order of the commits, each row once on a page, at its last change", async () => {
  const reading = await startReading(["notes", "regions"]);
  const { snapshot } = pageOf(await reading.get("/api/list_snapshot"));
  const [a, b] = await writeNotes(reading, { insert: [{ text: "a" }, { text: "b" }] });
  await importTo(reading.app, "regions", [{ k: "x", v: 1 }], KEY);
  await writeNotes(reading, { patch: [{ id: a!, text: "a2" }] });
  await writeNotes(reading, { insert: [{ text: "gone" }] });
  const gone = (await reading.app.t.run(async (ctx) => await ctx.db.query("notes").order("desc").first()))!;
  await writeNotes(reading, { remove: [gone._id] });
  const page = pageOf(await reading.get(`/api/document_deltas?cursor=${String(snapshot)}`));
  expect(page.values.map(({ _id, _deleted, text, k }) => [_deleted ? _id : (text ?? k), _deleted])).toEqual([
    ["b", false],
    ["x", false],
    ["a2", false],
    [gone._id, true],
  ]);
  const times = page.values.map(({ _ts }) => _ts);
  expect(times).toEqual([...times].sort((x, y) => Number(x - y)));
  expect(new Set(times).size).toBe(4);
  expect(b).toBe(page.values[0]!._id);
});

test("EXPORT-6: sweeps, clearing and rows without a key are in the feed", async () => {
  const reading = await startReading(["regions", "events"]);
  const { app } = reading;
  await importTo(
    app,
    "regions",
    [
      { k: "x", v: 1 },
      { k: "y", v: 2 },
    ],
    KEY,
  );
  await importTo(app, "events", [{ kind: "a" }, { kind: "a" }, { kind: "b" }]);
  const { copy, cursor } = await replicate(reading, "format=json");
  expect(copy.size).toBe(5);
  // A full refresh without y, whose sweep deletes it; a mirror without a key is emptied.
  const cleared = await app.send("PUT", CLEAR, { tableNames: ["regions", "events"] });
  expect(cleared.status).toBe(200);
  await importTo(app, "regions", [{ k: "x", v: 1 }], KEY);
  await importTo(app, "events", [{ kind: "c" }]);
  await app.passTime(QUIET_MS + 60_000);
  expect(await app.rows("regions")).toHaveLength(1);
  await replicate(reading, "format=json", copy, { cursor });
  expect([...copy.values()].map(({ k, kind }) => k ?? kind).sort()).toEqual(["c", "x"]);
});

test("EXPORT-6: a chunk that fails leaves nothing in the feed", async () => {
  const { app } = await startReading();
  app.failWrites(({ table }) => table === "deltas");
  const answer = await app.send("POST", "/api/streaming_import/import_airbyte_records", {
    tables: { regions: { primaryKey: KEY, jsonSchema: {} } },
    messages: [{ tableName: "regions", data: { k: "x", v: 1 } }],
  });
  app.failWrites(null);
  expect(answer.status).toBe(500);
  expect(await app.ledger("changes")).toEqual([]);
});

test("EXPORT-7: after 14 days a change leaves the feed, and a cursor below is refused, never answered in part", async () => {
  const reading = await startReading(["notes"]);
  const { app } = reading;
  const { snapshot } = pageOf(await reading.get("/api/list_snapshot"));
  await writeNotes(reading, { insert: [{ text: "old" }] });
  const middle = pageOf(await reading.get(`/api/document_deltas?cursor=${String(snapshot)}`))
    .cursor as bigint;
  vi.advanceTimersByTime(10 * DAY_MS);
  await writeNotes(reading, { insert: [{ text: "new" }] });
  await app.component("maintenance:prune");
  expect(await app.ledger("changes")).toHaveLength(2);
  vi.advanceTimersByTime(5 * DAY_MS);
  await app.component("maintenance:prune");
  expect((await app.ledger("changes")).map(({ written }) => written.length)).toEqual([1]);

  const refused = await reading.get(`/api/document_deltas?cursor=${String(snapshot)}`);
  expect([refused.status, refused.json().code]).toEqual([400, "InvalidWindowToReadDocuments"]);
  const walk = await reading.get(`/api/list_snapshot?snapshot=${String(snapshot)}`);
  expect([walk.status, walk.json().code]).toEqual([400, "SnapshotTooOld"]);
  const rest = pageOf(await reading.get(`/api/document_deltas?cursor=${String(middle)}`));
  expect(rest.values.map(({ text }) => text)).toEqual(["new"]);
});

test("EXPORT-8: people see who reads, how far behind, and who is about to fall out of the retention", async () => {
  const reading = await startReading(["notes"]);
  const { app } = reading;
  await writeNotes(reading, { insert: [{ text: "a" }] });
  const { cursor } = await replicate(reading, "tableName=notes");
  const list = async () => (await app.component("readers:list")) as object[];
  expect(await list()).toMatchObject([
    {
      token: "warehouse",
      tables: "notes",
      client: "airbyte-export-0.4.0",
      state: "upToDate",
      unreadSince: null,
      retention: "kept",
    },
  ]);
  const written = Date.now();
  await writeNotes(reading, { insert: [{ text: "b" }] });
  vi.advanceTimersByTime(11 * DAY_MS);
  const [behind] = (await list()) as { unreadSince: string }[];
  expect(behind).toMatchObject({ retention: "kept" });
  expect(Date.parse(behind!.unreadSince) - written).toBeLessThan(1_000);
  vi.advanceTimersByTime(2 * DAY_MS);
  expect(await list()).toMatchObject([{ retention: "ending" }]);
  vi.advanceTimersByTime(2 * DAY_MS);
  await app.component("maintenance:prune");
  expect(await list()).toMatchObject([{ retention: "lost" }]);
  expect((await reading.get(`/api/document_deltas?tableName=notes&cursor=${String(cursor)}`)).status).toBe(
    400,
  );
});

test("EXPORT-8: a reader that a full feed is about to overtake is shown, however young its changes are", async () => {
  const reading = await startReading(["notes"]);
  const { app } = reading;
  const list = async () => (await app.component("readers:list")) as object[];
  // Once an hour one note; the reader stops after the first 20.
  for (let hour = 0; hour < 24; hour++) {
    if (hour === 20) await replicate(reading, "tableName=notes");
    await writeNotes(reading, { insert: [{ text: String(hour) }] });
    vi.advanceTimersByTime(60 * 60 * 1000);
  }
  const fill = async (ids: number) => {
    await app.inLedger(async ({ db }) => {
      await db.patch("feed", (await db.query("feed").first())!._id, { ids });
    });
  };
  await fill(FEED_IDS / 4);
  expect(await list()).toMatchObject([{ retention: "kept" }]);
  await fill(FEED_IDS);
  expect(await list()).toMatchObject([{ retention: "kept" }]);
  // Four hours old, in a feed that keeps less than a day: now it has to hurry.
  vi.advanceTimersByTime(20 * 60 * 60 * 1000);
  await fill(2 * FEED_IDS);
  expect(await list()).toMatchObject([{ retention: "ending" }]);
});
