import type { Value } from "convex/values";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { expectConserved } from "../airbyte/support.js";
import { App } from "../harness.js";
import { apply, expectDone, HEADERS, onlyRow, TRUNCATE, truncate, type Op } from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Row = Record<string, Value>;

function row(id: bigint, synced: number, more: Row = {}): [Op, Row] {
  return ["Upsert", { id, fivetran: { synced, ...more } }];
}

test("F10: FIVETRAN-6: truncating a table that does not exist does nothing", async () => {
  const app = await App.start();
  await truncate(app, "s_nothing", "SoftDelete");
  await truncate(app, "s_nothing", "HardDelete", "2024-01-09T04:10:19Z");
  expect(await app.rows("plain")).toEqual([]);
});

test("F11: FIVETRAN-13: a soft truncation marks every row, and leaves the rest of it", async () => {
  const app = await App.start();
  await apply(app, "s_plain", row(1n, 0, { deleted: false }));
  await truncate(app, "s_plain", "SoftDelete");
  expect(await onlyRow(app, "plain")).toEqual({ id: 1n, fivetran: { deleted: true, synced: 0 } });
  // Rows that are marked already are not written.
  app.writesTo("plain");
  await truncate(app, "s_plain", "SoftDelete");
  expect(app.writesTo("plain")).toEqual([]);
  await expectConserved(app, "plain");
});

test("F12: FIVETRAN-13: a hard truncation before a time deletes the rows that were synced before it", async () => {
  const app = await App.start();
  await apply(app, "s_plain", ...Array.from({ length: 10 }, (_, i) => row(BigInt(i), i * 1_000)));
  await truncate(app, "s_plain", "HardDelete", "1970-01-01T00:00:03Z");
  expect((await app.rows("plain")).map(({ id }) => id)).toEqual([3n, 4n, 5n, 6n, 7n, 8n, 9n]);
  await expectConserved(app, "plain");
});

test("F13: FIVETRAN-13: a soft truncation before a time marks the rows that were synced before it", async () => {
  const app = await App.start();
  await apply(app, "s_plain", row(1n, 0, { deleted: false }), row(2n, 10_000, { deleted: false }));
  await truncate(app, "s_plain", "SoftDelete", "1970-01-01T00:00:02Z");
  expect(await app.rows("plain")).toEqual([
    { id: 1n, fivetran: { synced: 0, deleted: true } },
    { id: 2n, fivetran: { synced: 10_000, deleted: false } },
  ]);
});

test("F16: FIVETRAN-13: a soft truncation marks a row that has no fivetran; one before a time leaves it", async () => {
  const app = await App.start();
  await apply(app, "s_plain", ["Upsert", { id: 1n, name: "n" }]);
  await truncate(app, "s_plain", "SoftDelete", "2100-01-01T00:00:00Z");
  await truncate(app, "s_plain", "HardDelete", "2100-01-01T00:00:00Z");
  expect(await app.rows("plain")).toEqual([{ id: 1n, name: "n" }]);
  await truncate(app, "s_plain", "SoftDelete");
  expect(await app.rows("plain")).toEqual([{ id: 1n, name: "n", fivetran: { deleted: true } }]);
});

const TIMES: [deleteBefore: string, left: number][] = [
  ["1970-01-01T00:00:03.0009Z", 1],
  ["1970-01-01T00:00:03.000Z", 1],
  ["1970-01-01T00:00:03.001Z", 0],
  ["1970-01-01T00:00:03.001000000Z", 0],
  ["1970-01-01T02:00:03.001+02:00", 0],
  ["1969-12-31T23:59:59Z", 1],
];

test.each(TIMES)(
  "FIVETRAN-13: a time is compared in whole milliseconds: of a row synced at 3000.5, %s leaves %d",
  async (before, left) => {
    const app = await App.start();
    await apply(app, "s_plain", row(1n, 3_000.5));
    await truncate(app, "s_plain", "HardDelete", before);
    expect((await app.rows("plain")).length).toBe(left);
  },
);

test("FIVETRAN-13: rows are found whose key is null, or in a column of Fivetran's own", async () => {
  const app = await App.start();
  await apply(app, "s_books", ["Upsert", { id: null, fivetran: { synced: 1 } }]);
  await apply(app, "s_unkeyed", ["Upsert", { fivetran: { id: "a", synced: 1, columns: { line: 1n } } }]);
  await truncate(app, "s_books", "SoftDelete", "1970-01-01T00:00:01Z");
  await truncate(app, "s_unkeyed", "SoftDelete", "1970-01-01T00:00:01Z");
  expect(await app.rows("books")).toEqual([{ id: null, fivetran: { synced: 1, deleted: true } }]);
  expect(await app.rows("unkeyed")).toEqual([
    { fivetran: { id: "a", synced: 1, deleted: true, columns: { line: 1n } } },
  ]);
  await truncate(app, "s_books", "HardDelete");
  await truncate(app, "s_unkeyed", "HardDelete");
  expect([await app.rows("books"), await app.rows("unkeyed")]).toEqual([[], []]);
});

test("a truncation whose body makes no sense is refused, and truncates nothing", async () => {
  const app = await App.start();
  await apply(app, "s_plain", row(1n, 0));
  for (const body of [
    {},
    { tableName: "s_plain" },
    { tableName: "s_plain", deleteType: "Delete" },
    { tableName: "s_plain", deleteType: "HardDelete", deleteBefore: "yesterday" },
    { tableName: "s_plain", deleteType: "HardDelete", deleteBefore: 5 },
  ]) {
    expect((await app.send("POST", TRUNCATE, body, HEADERS)).json().code).toBe("BadJsonBody");
  }
  const users = await app.send(
    "POST",
    TRUNCATE,
    { tableName: "public_users", deleteType: "HardDelete" },
    HEADERS,
  );
  expect(users.json()).toMatchObject({ code: "MissingStream" });
  expect((await app.rows("plain")).length).toBe(1);
  await expectDone(app.send("POST", TRUNCATE, { tableName: "s_plain", deleteType: "HardDelete" }, HEADERS));
  expect((await app.rows("plain")).length).toBe(0);
});
