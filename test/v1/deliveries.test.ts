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

describe("a delivery", () => {
  test("is answered with what happened to each of its changes", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_versioned");
    await run.deliver([
      upsert({ id: "a", version: 5 }),
      upsert({ id: "b", version: 5 }),
      upsert({ id: "c", version: 5 }),
    ]);
    const delivered = await run.deliver([
      upsert({ id: "n", version: 1 }),
      upsert({ id: "a", version: 6, text: "new" }),
      upsert({ id: "b", version: 5 }),
      upsert({ id: "b", version: 4, text: "old" }),
      remove({ id: "c", version: 7 }),
      update({ id: "nobody", text: "x", version: 1 }),
      remove({ id: "nobody" }),
      upsert({ id: "bad", version: "x" }),
      upsert({ version: 1 }),
    ]);
    expect(delivered).toEqual({
      delivery: "d2",
      sequence: 2,
      replayed: false,
      counts: {
        received: 9,
        inserted: 1,
        updated: 1,
        unchanged: 1,
        stale: 1,
        deleted: 1,
        ignored: 2,
        quarantined: 2,
      },
      quarantinedKeys: [["bad"]],
    });
  });

  test("sent twice is applied once, and answered alike", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_keyless", { syncMode: "append" });
    const changes = [upsert({ text: "a" }), upsert({ text: "a" }), upsert({ text: 7, n: "x" })];
    const first = await run.deliver(changes);
    app.writesTo("conformance_keyless");
    const again = await run.deliver(changes, { delivery: "d1", sequence: 1 });
    expect(again).toEqual({ ...first, replayed: true });
    expect(app.writesTo("conformance_keyless")).toEqual([]);
    expect(await app.rows("conformance_keyless")).toHaveLength(2);
    expect(await statusOf(app, "conformance_keyless")).toMatchObject({
      total: { received: 3 },
      quarantined: 1,
    });
  });

  test("sent again long after is still known, as are the last hundred of its run", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_keyless", { syncMode: "append" });
    for (let i = 1; i <= 105; i++) await run.deliver([upsert({ text: String(i) })]);
    expect(await app.ledger("deliveries")).toHaveLength(100);
    const again = await run.deliver([upsert({ text: "6" })], { delivery: "d6", sequence: 6 });
    expect(again).toMatchObject({ replayed: true, counts: { inserted: 1 } });
    const forgotten = await run.send([upsert({ text: "5" })], { delivery: "d5", sequence: 5 });
    expect(expectRefused(forgotten, 409, "OutOfSequence", /expects.*sequence 106, not 5/)).toEqual({
      expected: 106,
    });
    expect(await app.rows("conformance_keyless")).toHaveLength(105);
  });

  test.each(["superseded", "finished", "dead", "paused"])(
    "is answered alike when its run is %s by then",
    async (fate) => {
      const app = await start();
      const run = await Run.begin(app, "conformance_plain");
      const first = await run.deliver([upsert(A)]);
      if (fate === "superseded") await Run.begin(app, "conformance_plain");
      if (fate === "finished") await run.complete();
      if (fate === "dead") await app.passTime(60 * 60_000);
      if (fate === "paused") await app.call("pause", { mirror: "conformance_plain" });
      const again = await run.deliver([upsert(A)], { delivery: "d1", sequence: 1 });
      expect(again).toEqual({ ...first, replayed: true });
    },
  );

  test("with the same rows under another name changes nothing where rows have a key", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert(A), upsert({ id: "b" })]);
    app.writesTo("conformance_plain");
    expect(happened((await run.deliver([upsert(A), upsert({ id: "b" })])).counts)).toEqual({ unchanged: 2 });
    expect(app.writesTo("conformance_plain")).toEqual([]);
  });

  test("with the same rows under another name appends them where rows have none", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_keyless", { syncMode: "append" });
    await run.deliver([upsert({ text: "a" })]);
    expect(happened((await run.deliver([upsert({ text: "a" })])).counts)).toEqual({ inserted: 1 });
    expect(await app.rows("conformance_keyless")).toHaveLength(2);
  });

  test("without changes is a sign of life that takes its place in the sequence", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const alive = await run.deliver([]);
    expect(alive).toMatchObject({
      sequence: 1,
      replayed: false,
      counts: { received: 0 },
      quarantinedKeys: [],
    });
    expect(await run.deliver([], { delivery: "d1", sequence: 1 })).toMatchObject({ replayed: true });
    await run.deliver([upsert(A)]);
    const { lastHeardAt } = await statusOf(app, "conformance_plain");
    await app.passTime(5_000);
    await run.deliver([]);
    expect((await statusOf(app, "conformance_plain")).lastHeardAt).not.toBe(lastHeardAt);
  });

  test("tells how far the mirror is behind its source", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert(A)], { committedAt: Date.now() - 1_500 });
    expect(await statusOf(app, "conformance_plain")).toMatchObject({ lagMs: 1_500 });
    await run.deliver([upsert(A)], { committedAt: new Date(Date.now() - 250).toISOString() });
    expect(await statusOf(app, "conformance_plain")).toMatchObject({ lagMs: 250 });
    // Clocks differ: nothing is visible before it was committed.
    await run.deliver([upsert(A)], { committedAt: Date.now() + 10_000 });
    expect(await statusOf(app, "conformance_plain")).toMatchObject({ lagMs: 0 });
    await run.deliver([upsert(A)]);
    expect(await statusOf(app, "conformance_plain")).toMatchObject({ lagMs: 0 });
    // A time that makes no sense stops no stream.
    for (const committedAt of [0, -1, "1970-01-20", "0001-01-01T00:00:00Z"])
      await run.deliver([], { committedAt });
  });
});

describe("the sequence", () => {
  test("has no gaps", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const early = await run.send([upsert(A)], { sequence: 2 });
    expect(expectRefused(early, 409, "OutOfSequence", /expects the delivery with sequence 1, not 2/)).toEqual(
      { expected: 1 },
    );
    await run.deliver([upsert(A)], { sequence: 1 });
    expectRefused(await run.send([upsert(A)], { sequence: 3 }), 409, "OutOfSequence", /sequence 2, not 3/);
    await run.deliver([], { sequence: 2 });
  });

  test("is not for two deliveries of one number", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert(A)]);
    const other = await run.send([upsert(A)], { delivery: "other", sequence: 1 });
    expect(expectRefused(other, 409, "OutOfSequence", /sequence 2, not 1/)).toEqual({ expected: 2 });
  });

  test("begins anew with every run, and so do the names of deliveries", async () => {
    const app = await start();
    const first = await Run.begin(app, "conformance_plain");
    await first.deliver([upsert(A)], { delivery: "d", sequence: 1 });
    const second = await Run.begin(app, "conformance_plain");
    const delivered = await second.deliver([upsert({ id: "b" })], { delivery: "d", sequence: 1 });
    expect(delivered).toMatchObject({ replayed: false, counts: { inserted: 1 } });
  });

  test.each([0, -1, 1.5, "1", null, undefined, 2 ** 53])("is no %s", async (sequence) => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    const body = { ...run.body([]), sequence };
    expectRefused(await app.send("POST", "/v1/deliveries", body), 400, "BadJsonBody", /"sequence"/);
  });
});

describe("the name of a delivery", () => {
  test.each([
    ["other content", [upsert({ id: "a", text: "other" })], {}],
    ["another number", [upsert(A)], { sequence: 2 }],
    ["another time", [upsert(A)], { committedAt: 1_700_000_000_000 }],
  ])("belongs to one content: %s under it is refused", async (_, changes, head) => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    await run.deliver([upsert(A)]);
    const answer = await run.send(changes, { delivery: "d1", sequence: 1, ...head });
    expectRefused(answer, 409, "DeliveryMismatch", /"d1" was sent before.*identity of its own/);
    expect(await app.rows("conformance_plain")).toEqual([A]);
  });

  test.each(["", "x".repeat(201), 7, null, undefined])(
    "is a text of up to 200 characters: not %j",
    async (delivery) => {
      const app = await start();
      const run = await Run.begin(app, "conformance_plain");
      const body = { ...run.body([]), delivery };
      expectRefused(await app.send("POST", "/v1/deliveries", body), 400, "BadJsonBody", /"delivery"/);
    },
  );

  test("may be any text", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_plain");
    for (const delivery of ["0/16B3748", "naïve ☃ 😀", " ", "x".repeat(200)]) {
      expect(await run.deliver([], { delivery })).toMatchObject({ delivery });
    }
  });
});

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

  test.each([
    [
      "an update",
      "conformance_plain",
      { op: "update", row: A, previousKey: { id: "b" } },
      /"upsert" and the whole row only/,
    ],
    [
      "a delete",
      "conformance_plain",
      { op: "delete", row: A, previousKey: { id: "b" } },
      /"upsert" and the whole row only/,
    ],
    [
      "a mirror without a key",
      "conformance_keyless",
      { op: "upsert", row: { text: "a" }, previousKey: { text: "b" } },
      /no primary key.*delete of the whole old row/,
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
  ["a list", "[]", /JSON object/],
  ["no JSON", "{", /JSON/i],
  ["no run", { delivery: "d", sequence: 1, changes: [] }, /"run" must be the id/],
  ["no changes", { run: "r", delivery: "d", sequence: 1 }, /"changes" must be an array/],
  [
    "a misspelt property",
    { run: "r", delivery: "d", sequence: 1, commitedAt: 1, changes: [] },
    /no property "commitedAt".*committedAt/,
  ],
  [
    "a time in seconds",
    { run: "r", delivery: "d", sequence: 1, committedAt: 1_700_000_000, changes: [] },
    /milliseconds.*looks like seconds/,
  ],
  [
    "a time that is none",
    { run: "r", delivery: "d", sequence: 1, committedAt: "yesterday", changes: [] },
    /ISO 8601/,
  ],
])("a delivery is refused with %s", async (_, body, message) => {
  const app = await start();
  expectRefused(await app.send("POST", "/v1/deliveries", body), 400, "BadJsonBody", message);
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

test("a delivery with more than 5,000 changes is refused with the limit", async () => {
  const app = await start();
  const run = await Run.begin(app, "conformance_keyless", { syncMode: "append" });
  const changes = Array.from({ length: 5_001 }, (_, n) => upsert({ text: "x", n }));
  const refusal = await run.send(changes);
  expect(
    expectRefused(refusal, 413, "BodyTooLarge", /5001 changes; at most 5000.*several deliveries/),
  ).toEqual({
    limit: 5_000,
  });
  expect(happened((await run.deliver(changes.slice(1))).counts)).toEqual({ inserted: 5_000 });
});

test("a delivery of several transactions is one: in order, answered as a whole, applied once", async () => {
  const app = await start();
  const run = await Run.begin(app, "conformance_plain");
  // Transactions are cut at 4 MiB.
  const text = "x".repeat(900_000);
  const changes = Array.from({ length: 10 }, (_, n) => upsert({ id: `r${String(n % 5)}`, n, text }));
  const delivered = await run.deliver(changes);
  expect(happened(delivered.counts)).toEqual({ inserted: 5, updated: 5 });
  expect((await app.ledger("runs"))[0]!.chunks).toBeGreaterThan(1);
  expect((await rowsBy(app, "conformance_plain", "id")).map(({ n }) => n)).toEqual([5, 6, 7, 8, 9]);
  const again = await run.deliver(changes, { delivery: "d1", sequence: 1 });
  expect(again).toEqual({ ...delivered, replayed: true });
});
