import type { Value } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
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

describe("what waits in quarantine", () => {
  const at = (seconds: number) => new Date(seconds * 1_000).toISOString();

  /** Applies operations whose rows cannot be written now: they wait. */
  async function applyLater(app: App, table: string, ...operations: [Op, Row][]): Promise<void> {
    app.failWrites((write) => `s_${write.table}` === table);
    await apply(app, table, ...operations);
    app.failWrites(null);
  }

  async function replayed(app: App, table: "plain" | "ordered" | "unkeyed"): Promise<unknown[]> {
    await app.call("replayQuarantine", { mirror: table });
    await expectConserved(app, table);
    return (await app.rows(table)).map(({ id, fivetran }) => ({ id, ...(fivetran as object) }));
  }

  test.each(["SoftDelete", "HardDelete"] as const)(
    "FIVETRAN-19: a %s of rows that wait is of those that were synced before it, also of those not stored",
    async (how) => {
      const app = await App.start();
      await apply(app, "s_plain", row(1n, 1_000), row(2n, 1_000), row(3n, 9_000));
      await applyLater(
        app,
        "s_plain",
        ["Update", { id: 1n, more: 1, fivetran: { synced: 9_000 } }],
        ["Update", { id: 2n, more: 1 }],
        row(3n, 2_000),
        row(4n, 2_000),
        row(5n, 9_000),
        ["Update", { id: 5n, more: 1 }],
        row(6n, 2_000),
        ["Update", { id: 6n, fivetran: { synced: 9_000 } }],
        ["Upsert", { id: 7n }],
      );
      expect((await app.status("plain")).quarantined).toBe(9);
      await truncate(app, "s_plain", how, at(5));
      const { quarantined } = await app.status("plain");
      // A repeat has nothing left to do.
      await truncate(app, "s_plain", how, at(5));
      expect((await app.status("plain")).quarantined).toBe(quarantined);
      const rows = await replayed(app, "plain");
      const truncated = how === "HardDelete" ? [] : [{ synced: 1_000 }, { synced: 2_000 }, { synced: 2_000 }];
      expect(rows).toHaveLength(how === "HardDelete" ? 4 : 7);
      expect(rows).toEqual(
        expect.arrayContaining([
          { id: 1n, synced: 9_000 },
          { id: 5n, synced: 9_000 },
          { id: 6n, synced: 9_000 },
          { id: 7n },
          ...truncated.map((own, i) => ({ id: BigInt(i + 2), deleted: true, ...own })),
        ]),
      );
    },
  );

  test.each(["SoftDelete", "HardDelete"] as const)(
    "FIVETRAN-19: a %s without a time is of all",
    async (how) => {
      const app = await App.start();
      await apply(app, "s_plain", row(1n, 1_000));
      await applyLater(app, "s_plain", ["Update", { id: 1n, more: 1 }], row(2n, 9_000), [
        "Upsert",
        { id: 3n },
      ]);
      await truncate(app, "s_plain", how);
      expect(await replayed(app, "plain")).toEqual(
        how === "HardDelete"
          ? []
          : [
              { id: 1n, synced: 1_000, deleted: true },
              { id: 2n, synced: 9_000, deleted: true },
              { id: 3n, deleted: true },
            ],
      );
    },
  );

  test("FIVETRAN-19: where the mirror orders by the time of syncing, a row stays that is newer than what waits", async () => {
    const app = await App.start();
    await apply(app, "s_ordered", ["Upsert", { id: 1, fivetran: { synced: 9_000, deleted: false } }]);
    await applyLater(app, "s_ordered", ["Upsert", { id: 1, fivetran: { synced: 10_000, deleted: false } }]);
    await apply(app, "s_ordered", ["Upsert", { id: 2, fivetran: { synced: 9_000, deleted: false } }]);
    await applyLater(app, "s_ordered", ["Upsert", { id: 2, text: "old", fivetran: { synced: 1_000 } }]);
    await truncate(app, "s_ordered", "HardDelete", at(5));
    expect(await replayed(app, "ordered")).toEqual([
      { id: 1, synced: 10_000, deleted: false },
      { id: 2, synced: 9_000, deleted: false },
    ]);
  });

  test("FIVETRAN-19: rows whose key cannot be read are given up, or marked where they wait", async () => {
    const app = await App.start();
    const keyless = (synced: number): [Op, Row] => ["Upsert", { name: "n", fivetran: { synced } }];
    await apply(app, "s_plain", keyless(1_000), keyless(9_000));
    const payloads = async () =>
      (await app.ledger("quarantine")).map(({ payload }) => JSON.parse(payload) as { fivetran: object });
    await truncate(app, "s_plain", "SoftDelete", at(5));
    expect((await payloads()).map(({ fivetran }) => fivetran)).toEqual([
      { synced: 1_000, deleted: true },
      { synced: 9_000 },
    ]);
    await truncate(app, "s_plain", "HardDelete", at(5));
    expect((await payloads()).map(({ fivetran }) => fivetran)).toEqual([{ synced: 9_000 }]);
    await truncate(app, "s_plain", "HardDelete");
    expect(await payloads()).toEqual([]);
    expect((await app.status("plain")).quarantined).toBe(0);
  });
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
