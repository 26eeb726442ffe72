import { describe, expect, test } from "vitest";
import {
  expectRefused,
  happened,
  remove,
  rowsBy,
  Run,
  setUp,
  start,
  statusOf,
  update,
  upsert,
} from "./support.js";

setUp();

const A = { id: "a", text: "first" };

describe("changes of one row", () => {
  test("apply in the order in which they stand, in one delivery and over several", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([
      upsert(A),
      remove({ id: "a" }),
      upsert({ id: "a", text: "second" }),
      update({ id: "a", n: 1 }),
    ]);
    expect(await app.rows("conformance_plain")).toEqual([{ id: "a", text: "second", n: 1 }]);
    await run.deliver([update({ id: "a", text: null })]);
    await run.deliver([update({ id: "a", n: 2 })]);
    expect(await app.rows("conformance_plain")).toEqual([{ id: "a", n: 2 }]);
    await run.deliver([upsert({ id: "a" })]);
    expect(await app.rows("conformance_plain")).toEqual([{ id: "a" }]);
  });

  test("apply in the order of their version where the mirror has one", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_versioned");
    await run.deliver([upsert({ id: "a", text: "5", version: 5 })]);
    const late = await run.deliver([
      upsert({ id: "a", text: "4", version: 4 }),
      remove({ id: "a", version: 4 }),
      update({ id: "a", text: "4", version: 4 }),
    ]);
    expect(happened(late.counts)).toEqual({ stale: 3 });
    expect(await app.rows("conformance_versioned")).toEqual([{ id: "a", text: "5", version: 5 }]);
    await run.deliver([remove({ id: "a", version: 6 })]);
    expect(happened((await run.deliver([upsert({ id: "a", text: "5", version: 5 })])).counts)).toEqual({
      stale: 1,
    });
    expect(await app.rows("conformance_versioned")).toEqual([]);
    expect(happened((await run.deliver([upsert({ id: "a", text: "7", version: 7 })])).counts)).toEqual({
      inserted: 1,
    });
  });

  test("may tell their version beside the row", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_versioned");
    await run.deliver([upsert({ id: "a", text: "x" }, { version: 5 })]);
    expect(await app.rows("conformance_versioned")).toEqual([{ id: "a", text: "x", version: 5 }]);
    expect(happened((await run.deliver([remove({ id: "a" }, { version: 4 })])).counts)).toEqual({ stale: 1 });
    // The row's own word counts.
    await run.deliver([upsert({ id: "a", text: "y", version: 6 }, { version: 1 })]);
    expect(await app.rows("conformance_versioned")).toEqual([{ id: "a", text: "y", version: 6 }]);
    expect(happened((await run.deliver([remove({ id: "a" }, { version: 7 })])).counts)).toEqual({
      deleted: 1,
    });
    expect(happened((await run.deliver([upsert({ id: "a" }, { version: 6 })])).counts)).toEqual({ stale: 1 });
  });

  test("may tell a version to a mirror that has none: it does not matter", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert(A, { version: 5 }), upsert({ id: "a", text: "older" }, { version: 4 })]);
    expect(await app.rows("conformance_plain")).toEqual([{ id: "a", text: "older" }]);
  });
});

describe("a new key", () => {
  test("moves the row: the old one goes, the new one comes", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_versioned");
    await run.deliver([upsert({ id: "a", text: "x", version: 1 })]);
    const moved = await run.deliver([
      upsert({ id: "b", text: "x" }, { version: 2, previousKey: { id: "a" } }),
    ]);
    expect(happened(moved.counts)).toEqual({ deleted: 1, inserted: 1 });
    expect(await app.rows("conformance_versioned")).toEqual([{ id: "b", text: "x", version: 2 }]);
    // Late news under the old key do not bring the row back; it may move back later.
    expect(happened((await run.deliver([upsert({ id: "a", text: "x", version: 1 })])).counts)).toEqual({
      stale: 1,
    });
    await run.deliver([upsert({ id: "a", text: "x" }, { version: 3, previousKey: { id: "b" } })]);
    expect(await app.rows("conformance_versioned")).toEqual([{ id: "a", text: "x", version: 3 }]);
  });

  test("of a composite key may differ in one part", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_composite");
    const account = { id: 9007199254740993n };
    const key = (region: string | null) => ({ account: { id: { $integer: "AQAAAAAAIAA=" } }, region });
    await run.deliver([upsert({ ...key("EU"), text: "x" })]);
    await run.deliver([upsert({ ...key(null), text: "x" }, { previousKey: key("EU") })]);
    expect(await app.rows("conformance_composite")).toEqual([{ account, region: null, text: "x" }]);
  });

  test("that is the old one is no new key", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_versioned");
    await run.deliver([upsert({ id: "a", text: "x", version: 1 })]);
    const same = await run.deliver([
      upsert({ id: "a", text: "y" }, { version: 2, previousKey: { id: "a" } }),
    ]);
    expect(happened(same.counts)).toEqual({ updated: 1 });
    expect(await app.rows("conformance_versioned")).toEqual([{ id: "a", text: "y", version: 2 }]);
  });

  test("that is the old one in other words is no new key either", async () => {
    const app = await start();
    const run = await Run.begin(app, "ledger");
    const row = (id: unknown, version: number) => ({ account: { id }, entry: "e", amount: null, version });
    await run.deliver([upsert(row(7, 1))]);
    const same = await run.deliver([
      upsert(row("7", 2), {
        previousKey: { account: { id: { $integer: "BwAAAAAAAAA=" } }, entry: "e" },
        version: 2,
      }),
    ]);
    expect(same.counts).toMatchObject({ received: 1, updated: 1 });
    expect(await app.rows("ledger")).toEqual([row(7n, 2)]);
  });

  test.each([
    [
      "an update",
      "conformance_plain",
      { op: "update", row: A, previousKey: { id: "b" } },
      /only in an "upsert" of the whole row/,
    ],
    [
      "a delete",
      "conformance_plain",
      { op: "delete", row: A, previousKey: { id: "b" } },
      /only in an "upsert" of the whole row/,
    ],
    [
      "a mirror without a key",
      "conformance_keyless",
      { op: "upsert", row: { text: "a" }, previousKey: { text: "b" } },
      /no primary key.*delete of the full old row/,
    ],
    [
      "what is no object",
      "conformance_plain",
      { op: "upsert", row: A, previousKey: "b" },
      /changes\[0\].previousKey must be an object/,
    ],
  ] as const)("does not go with %s", async (_, mirror, change, message) => {
    const app = await start();
    const run = await Run.begin(app, mirror, { syncMode: "append" });
    expectRefused(await run.send([change]), 400, "BadJsonBody", message);
    expect(await app.rows(mirror)).toEqual([]);
  });
});

describe("a mirror without a key", () => {
  test("appends rows, deletes whole ones, and puts partial ones aside", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_keyless", { syncMode: "append" });
    const delivered = await run.deliver([
      upsert({ text: "a" }),
      upsert({ text: "a" }),
      upsert({ text: "b", n: 1 }),
      update({ text: "b", n: 2 }),
    ]);
    expect(happened(delivered.counts)).toEqual({ inserted: 3, quarantined: 1 });
    expect(await rowsBy(app, "conformance_keyless", "text")).toEqual([
      { text: "a" },
      { text: "a" },
      { text: "b", n: 1 },
    ]);
  });
});

describe("a row that cannot be stored", () => {
  test("waits in quarantine, whole, and its 499 neighbours are applied", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const changes = Array.from({ length: 500 }, (_, i) =>
      upsert({ id: `r${String(i)}`, n: i === 250 ? "many" : i }),
    );
    const delivered = await run.deliver(changes);
    expect(happened(delivered.counts)).toEqual({ inserted: 499, quarantined: 1 });
    expect(delivered.quarantinedKeys).toEqual([["r250"]]);
    const waiting = (await app.call("listQuarantine", { mirror: "conformance_plain" })) as object[];
    expect(waiting).toMatchObject([{ key: '["r250"]', payload: '{"id":"r250","n":"many"}', whole: true }]);
  });

  test("is superseded by later news of the same row, and named no more", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert({ id: "a", n: "many" })]);
    expect(await statusOf(app, "conformance_plain")).toMatchObject({ quarantined: 1 });
    await run.deliver([upsert({ id: "a", n: 5 })]);
    expect(await statusOf(app, "conformance_plain")).toMatchObject({ quarantined: 0, rows: 1 });
  });

  test("names its key in Convex's encoded JSON, and at most twenty keys are named", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_composite");
    const bad = (i: number) => upsert({ account: { id: i }, region: null });
    const delivered = await run.deliver(Array.from({ length: 25 }, (_, i) => bad(i)));
    expect(delivered.counts.quarantined).toBe(25);
    expect(delivered.quarantinedKeys).toHaveLength(20);
    expect(delivered.quarantinedKeys[1]).toEqual([{ $integer: "AQAAAAAAAAA=" }, null]);
  });
});

test.each([
  ["is no object", 7, /changes\[1\] must be an object/],
  ["has no operation", { row: A }, /changes\[1\].op must be "upsert", "update" or "delete"/],
  ["has another operation", { op: "insert", row: A }, /changes\[1\].op/],
  ["has no row", { op: "upsert" }, /changes\[1\].row must be an object/],
  ["has a row that is none", { op: "upsert", row: [A] }, /changes\[1\].row/],
  [
    "has a misspelt property",
    { op: "upsert", row: A, previouskey: {} },
    /changes\[1\] has no property "previouskey".*previousKey/,
  ],
])("nothing of a delivery is applied when one of its changes %s", async (_, change, message) => {
  const app = await start();
  const run = await Run.begin(app, "conformance_plain");
  expectRefused(await run.send([upsert(A), change]), 400, "BadJsonBody", message);
  expect(await app.rows("conformance_plain")).toEqual([]);
  expect(await statusOf(app, "conformance_plain")).toMatchObject({ lastError: null });
  await run.deliver([upsert(A)]);
});
