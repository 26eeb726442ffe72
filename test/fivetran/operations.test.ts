import type { Value } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { expectConserved } from "../airbyte/support.js";
import { App } from "../harness.js";
import { describeTable } from "./connector.js";
import { apply, onlyRow, tablesOf } from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Row = Record<string, Value>;

/** Convex's own cases of its endpoint, in order: each begins with a table, and ends with another. */
describe("operations", () => {
  test("F1: FIVETRAN-2: an upsert of a new row stores it", async () => {
    const app = await App.start();
    const row = { id: 42n, fivetran: { synced: 0 } };
    await apply(app, "s_plain", ["Upsert", row]);
    expect(await app.rows("plain")).toEqual([row]);
    await expectConserved(app, "plain");
  });

  const before: Row = {
    name: "before",
    otherField: "kept",
    objectField: { a: 1, b: 2 },
    fivetran: { id: "42", deleted: false, synced: 1_000 },
  };

  test("F2: FIVETRAN-3: an update replaces the fields that it names, objects whole, and merges fivetran", async () => {
    const app = await App.start();
    await apply(app, "s_unkeyed", ["Upsert", before]);
    const [id] = await app.ids("unkeyed");
    await apply(app, "s_unkeyed", [
      "Update",
      { name: "after", objectField: { a: 1, z: 26 }, fivetran: { id: "42", synced: 2_000 } },
    ]);
    expect(await onlyRow(app, "unkeyed")).toEqual({
      name: "after",
      otherField: "kept",
      objectField: { a: 1, z: 26 },
      fivetran: { id: "42", deleted: false, synced: 2_000 },
    });
    expect(await app.ids("unkeyed")).toEqual([id]);
  });

  test("F3: FIVETRAN-4: a soft delete keeps the row and what it does not say, and marks it", async () => {
    const app = await App.start();
    await apply(app, "s_unkeyed", ["Upsert", before]);
    await apply(app, "s_unkeyed", ["Update", { fivetran: { id: "42", deleted: true } }]);
    expect(await onlyRow(app, "unkeyed")).toEqual({
      ...before,
      fivetran: { id: "42", deleted: true, synced: 1_000 },
    });
    // A second one of the same key, which stops the sync on the real backend, is nothing new.
    await apply(app, "s_unkeyed", ["Update", { fivetran: { id: "42", deleted: true } }]);
    expect((await app.status("unkeyed")).total).toMatchObject({ updated: 1, unchanged: 1 });
  });

  test("F4: FIVETRAN-6: an update and a deletion of a row that is not there do nothing", async () => {
    const app = await App.start();
    await apply(app, "s_unkeyed", ["Update", { name: "n", fivetran: { id: "42" } }]);
    await apply(app, "s_unkeyed", ["HardDelete", { fivetran: { id: "42" } }]);
    expect(await app.rows("unkeyed")).toEqual([]);
    expect((await app.status("unkeyed")).total).toMatchObject({ received: 2, ignored: 2 });
  });

  test("F5: FIVETRAN-2: an upsert of a row that is there replaces all of it, in the same document", async () => {
    const app = await App.start();
    await apply(app, "s_plain", ["Upsert", { id: 42n, name: "n", more: 1, fivetran: { synced: 0 } }]);
    const ids = await app.ids("plain");
    await apply(app, "s_plain", ["Upsert", { id: 42n, more: 2, fivetran: { synced: 1 } }]);
    expect(await app.rows("plain")).toEqual([{ id: 42n, more: 2, fivetran: { synced: 1 } }]);
    expect(await app.ids("plain")).toEqual(ids);
  });

  test("F6: FIVETRAN-5: a hard delete deletes the row, with all columns or the key's alone", async () => {
    const app = await App.start();
    await apply(app, "s_plain", ["Upsert", { id: 1n }], ["Upsert", { id: 2n, name: "n" }]);
    await apply(app, "s_plain", ["HardDelete", { id: 1n }]);
    await apply(app, "s_plain", ["HardDelete", { id: 2n, name: null, more: null, fivetran: {} }]);
    expect(await app.rows("plain")).toEqual([]);
    await expectConserved(app, "plain");
  });

  test("F7: FIVETRAN-2: rows that differ in the time of syncing are two where the key has it", async () => {
    const app = await App.start();
    const row = (synced: number, deleted: boolean): Row => ({
      id: 42,
      fivetran: { synced, deleted, columns: { line: 1n } },
    });
    await apply(app, "s_each_sync", ["Upsert", row(1, true)]);
    await apply(app, "s_each_sync", ["Upsert", row(2, false)]);
    expect(await app.rows("each_sync")).toEqual([row(1, true), row(2, false)]);
  });

  test("FIVETRAN-4: an upsert of a row that is soft-deleted is the same document, live again", async () => {
    const app = await App.start();
    await apply(app, "s_unkeyed", ["Upsert", before], ["Update", { fivetran: { id: "42", deleted: true } }]);
    const ids = await app.ids("unkeyed");
    await apply(app, "s_unkeyed", ["Upsert", before]);
    expect(await app.rows("unkeyed")).toEqual([before]);
    expect(await app.ids("unkeyed")).toEqual(ids);
    await apply(app, "s_unkeyed", ["HardDelete", { fivetran: { id: "42", deleted: true } }]);
    expect(await app.rows("unkeyed")).toEqual([]);
  });

  const MERGES: [what: string, before: Row, update: Row, after: Row | undefined][] = [
    ["nothing on either side", {}, {}, undefined],
    ["nothing before", {}, { synced: 1 }, { synced: 1 }],
    ["nothing in the update", { synced: 1 }, {}, { synced: 1 }],
    ["both", { synced: 1, deleted: false }, { deleted: true }, { synced: 1, deleted: true }],
    [
      "columns on both sides",
      { columns: { file: "f" } },
      { columns: { line: 1n } },
      { columns: { file: "f", line: 1n } },
    ],
    [
      "columns before",
      { columns: { file: "f" } },
      { deleted: null },
      { columns: { file: "f" }, deleted: null },
    ],
    [
      "a column that may not be null",
      { columns: { file: "f", line: 1n } },
      { columns: { file: null } },
      { columns: { line: 1n } },
    ],
    [
      "a column that may be null",
      { columns: { line: 1n } },
      { columns: { line: null } },
      { columns: { line: null } },
    ],
  ];

  test.each(MERGES)(
    "F9: FIVETRAN-3: fivetran is merged by its fields: %s",
    async (_, stored, update, after) => {
      const app = await App.start();
      await apply(app, "s_unkeyed", ["Upsert", { fivetran: { id: "a", ...stored } }]);
      await apply(app, "s_unkeyed", ["Update", { fivetran: { id: "a", ...update } }]);
      expect(await app.rows("unkeyed")).toEqual([{ fivetran: { id: "a", ...after } }]);
    },
  );

  test("F9: FIVETRAN-3: of a row that has no fivetran, an update's is its own", async () => {
    const app = await App.start();
    await apply(app, "s_plain", ["Upsert", { id: 1n, name: "n" }]);
    await apply(app, "s_plain", ["Update", { id: 1n, more: 1 }]);
    expect(await app.rows("plain")).toEqual([{ id: 1n, name: "n", more: 1 }]);
    await apply(app, "s_plain", ["Update", { id: 1n, fivetran: { synced: 1 } }]);
    expect(await app.rows("plain")).toEqual([{ id: 1n, name: "n", more: 1, fivetran: { synced: 1 } }]);
    await apply(app, "s_plain", ["Update", { id: 1n, fivetran: {} }]);
    expect(await app.rows("plain")).toEqual([{ id: 1n, name: "n", more: 1, fivetran: { synced: 1 } }]);
  });

  test("FIVETRAN-7: a column that begins with two underscores is stored in the field that it is declared by", async () => {
    const app = await App.start();
    await apply(app, "s_unkeyed", ["Upsert", { fivetran: { id: "a", columns: { _x: "v", file: "f" } } }]);
    await apply(app, "s_unkeyed", ["Update", { fivetran: { id: "a", columns: { _x: "w" } } }]);
    expect(await app.rows("unkeyed")).toEqual([
      { fivetran: { id: "a", columns: { source_x: "w", file: "f" } } },
    ]);
    expect(await app.ledger("drift")).toEqual([]);
    expect(describeTable(await tablesOf(app), "s_unkeyed")).toContainEqual({ name: "__x", type: "STRING" });
  });

  test("FIVETRAN-1: operations apply in the order of the array, of several tables too", async () => {
    const app = await App.start();
    await apply(
      app,
      "s_plain",
      ["Upsert", { id: 1n, name: "a" }],
      ["HardDelete", { id: 1n }],
      ["Upsert", { id: 1n, name: "b" }],
      ["Update", { id: 1n, more: 1 }],
      ["Upsert", { id: 2n, name: "c" }],
      ["Update", { id: 2n, name: "d" }],
      ["HardDelete", { id: 2n }],
      ["Update", { id: 2n, name: "e" }],
    );
    expect(await app.rows("plain")).toEqual([{ id: 1n, name: "b", more: 1 }]);
    await expectConserved(app, "plain");
  });
});
