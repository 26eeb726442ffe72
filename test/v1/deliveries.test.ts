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
