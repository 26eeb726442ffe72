import { describe, expect, test } from "vitest";
import {
  expectRefused,
  happened,
  ok,
  remove,
  rowsBy,
  Run,
  setUp,
  start,
  statusOf,
  upsert,
  type Begun,
} from "./support.js";

setUp();

const row = (id: string, text = "old") => ({ id, text });

/** An app whose mirror has these rows, brought by a refresh of that generation. */
async function loaded(ids: string[], generation = 1) {
  const app = await start();
  const run = await Run.refresh(app, "conformance_plain", { generation, minimumGeneration: generation });
  await run.deliver(ids.map((id) => upsert(row(id))));
  await run.complete();
  return app;
}

test("a refresh keeps old rows readable until it is whole, then removes those that it did not bring", async () => {
  const app = await loaded(["a", "b", "c"]);
  const before = await app.ids("conformance_plain");
  const run = await Run.refresh(app, "conformance_plain");
  expect(run.begun).toMatchObject({ generation: 2, continued: false });
  await run.deliver([upsert(row("a")), upsert(row("b", "new"))]);
  expect(await rowsBy(app, "conformance_plain", "id")).toEqual([row("a"), row("b", "new"), row("c")]);
  expect(await statusOf(app, "conformance_plain")).toMatchObject({ state: "snapshotting", running: true });
  expect(ok(await run.end("complete"))).toMatchObject({ state: "sweeping" });
  await app.passTime(1_000);
  expect(await rowsBy(app, "conformance_plain", "id")).toEqual([row("a"), row("b", "new")]);
  // The same documents as before: nobody's reference breaks.
  expect(await app.ids("conformance_plain")).toEqual(before.slice(0, 2));
  expect(await run.state()).toMatchObject({ state: "complete", swept: 1 });
  expect(await statusOf(app, "conformance_plain")).toMatchObject({
    state: "upToDate",
    removed: 1,
    generation: 2,
  });
  expect(await app.ledger("manifests")).toEqual([]);
});

test("a refresh of unchanged rows writes none of them", async () => {
  const app = await loaded(["a", "b"]);
  app.writesTo("conformance_plain");
  const run = await Run.refresh(app, "conformance_plain");
  expect(happened((await run.deliver([upsert(row("a")), upsert(row("b"))])).counts)).toEqual({
    unchanged: 2,
  });
  await run.complete();
  expect(app.writesTo("conformance_plain")).toEqual([]);
});

test("a refresh that brings nothing, and says so, empties the mirror", async () => {
  const app = await loaded(["a", "b"]);
  await (await Run.refresh(app, "conformance_plain")).complete();
  expect(await app.rows("conformance_plain")).toEqual([]);
});

describe("a refresh that was cut off", () => {
  test("removes nothing, with rows from before and without", async () => {
    for (const ids of [[], ["a", "b"]]) {
      const app = await loaded(ids);
      const run = await Run.refresh(app, "conformance_plain", { generation: 2, minimumGeneration: 2 });
      await run.deliver([upsert(row("n"))]);
      ok(await run.end("incomplete", "Cancelled."));
      await app.passTime(60 * 60_000);
      expect((await rowsBy(app, "conformance_plain", "id")).map(({ id }) => id)).toEqual([...ids, "n"]);
      expect(await statusOf(app, "conformance_plain")).toMatchObject({
        state: "failed",
        reason: expect.stringMatching(/Refresh 2 was interrupted: Cancelled\. The old rows stay/) as string,
      });
    }
  });

  test("goes on with the next run of the same generation, which keeps what the first brought", async () => {
    const app = await loaded(["a", "b", "c"]);
    const first = await Run.refresh(app, "conformance_plain", { generation: 2, minimumGeneration: 2 });
    await first.deliver([upsert(row("a"))]);
    // It dies without a word.
    const second = await Run.refresh(app, "conformance_plain", { generation: 2, minimumGeneration: 2 });
    expect(second.begun).toMatchObject({ generation: 2, continued: true });
    await second.deliver([upsert(row("c"))]);
    await second.complete();
    expect((await rowsBy(app, "conformance_plain", "id")).map(({ id }) => id)).toEqual(["a", "c"]);
    expect(await first.state()).toMatchObject({ state: "superseded" });
  });

  test("is given up by one of the next generation, which keeps nothing of it", async () => {
    const app = await loaded(["a", "b"]);
    const first = await Run.refresh(app, "conformance_plain", { generation: 2 });
    await first.deliver([upsert(row("a")), upsert(row("n"))]);
    const second = await Run.refresh(app, "conformance_plain", { generation: 3 });
    expect(second.begun).toMatchObject({ generation: 3, continued: false });
    await second.deliver([upsert(row("b"))]);
    await second.complete();
    expect((await rowsBy(app, "conformance_plain", "id")).map(({ id }) => id)).toEqual(["b"]);
    expect(await app.ledger("manifests")).toEqual([]);
  });

  test("does not hinder an incremental run, whose rows it keeps when it goes on", async () => {
    const app = await loaded(["a", "b"]);
    const first = await Run.refresh(app, "conformance_plain", { generation: 2 });
    await first.deliver([upsert(row("a"))]);
    const live = await Run.begin(app, "conformance_plain");
    expect(live.begun.generation).toBeNull();
    await live.deliver([upsert(row("live"))]);
    await live.complete();
    expect((await rowsBy(app, "conformance_plain", "id")).map(({ id }) => id)).toEqual(["a", "b", "live"]);
    const second = await Run.refresh(app, "conformance_plain", { generation: 2 });
    expect(second.begun.continued).toBe(true);
    await second.complete();
    expect((await rowsBy(app, "conformance_plain", "id")).map(({ id }) => id)).toEqual(["a", "live"]);
  });
});

describe("the number of a generation", () => {
  test("counts by itself when the sender gives none", async () => {
    const app = await start();
    const generations = [];
    for (let i = 0; i < 3; i++)
      generations.push((await Run.refresh(app, "conformance_plain")).begun.generation);
    expect(generations).toEqual([1, 2, 3]);
  });

  test("may not go back", async () => {
    const app = await loaded(["a"], 7);
    const body = { mirror: "conformance_plain", syncMode: "overwrite", generation: 6, minimumGeneration: 6 };
    expectRefused(
      await app.send("POST", "/v1/runs", body),
      409,
      "StaleGeneration",
      /generation 7.*generation 6.*too late/,
    );
    expect(await app.rows("conformance_plain")).toEqual([row("a")]);
  });

  test("of a whole refresh makes a run that removes nothing", async () => {
    const app = await loaded(["a", "b"], 7);
    const run = await Run.refresh(app, "conformance_plain", { generation: 7, minimumGeneration: 7 });
    expect(run.begun).toMatchObject({ generation: null, continued: false });
    await run.deliver([upsert(row("c"))]);
    await run.complete();
    expect((await rowsBy(app, "conformance_plain", "id")).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  test.each([
    [{ generation: 5, minimumGeneration: 3 }],
    [{ generation: 3, minimumGeneration: 5 }],
    [{ minimumGeneration: 3 }],
  ])("and the lowest to keep must be equal: %o is refused", async (numbers) => {
    const app = await start();
    const body = { mirror: "conformance_plain", syncMode: "append", ...numbers };
    expectRefused(
      await app.send("POST", "/v1/runs", body),
      400,
      "BadJsonBody",
      /"minimumGeneration" must be 0.*or equal to/,
    );
  });

  test.each(["append", "append_dedup"])(
    "makes a refresh of a run in %s when it is the lowest to keep",
    async (syncMode) => {
      const app = await loaded(["a", "b"]);
      const keep = { mirror: "conformance_plain", syncMode, generation: 2, minimumGeneration: 0 };
      expect(ok<Begun>(await app.send("POST", "/v1/runs", keep)).generation).toBeNull();
      const run = await Run.begin(app, "conformance_plain", {
        syncMode,
        generation: 2,
        minimumGeneration: 2,
      });
      expect(run.begun.generation).toBe(2);
      await run.deliver([upsert(row("b"))]);
      await run.complete();
      expect(await app.rows("conformance_plain")).toEqual([row("b")]);
    },
  );
});

describe("a refresh", () => {
  test("with deletes among its changes does not bring what it deleted", async () => {
    const app = await loaded(["a", "b"]);
    const run = await Run.refresh(app, "conformance_plain");
    await run.deliver([upsert(row("a")), upsert(row("b")), remove({ id: "a" })]);
    await run.complete();
    expect(await app.rows("conformance_plain")).toEqual([row("b")]);
  });

  test("never removes a row whose news could not be stored", async () => {
    const app = await loaded(["a", "b"]);
    const run = await Run.refresh(app, "conformance_plain");
    const delivered = await run.deliver([upsert(row("a")), upsert({ id: "b", n: "many" })]);
    expect(delivered.quarantinedKeys).toEqual([["b"]]);
    await run.complete();
    expect(await rowsBy(app, "conformance_plain", "id")).toEqual([row("a"), row("b")]);
  });

  test("of a large mirror is swept in several transactions", async () => {
    const app = await start();
    const many = Array.from({ length: 2_500 }, (_, n) => upsert({ text: "x", n }));
    const load = await Run.begin(app, "conformance_keyless", { syncMode: "append" });
    await load.deliver(many);
    await load.complete();
    const run = await Run.refresh(app, "conformance_keyless");
    await run.deliver(many.slice(0, 10));
    await run.complete();
    expect(await app.rows("conformance_keyless")).toHaveLength(10);
    expect(await run.state()).toMatchObject({ swept: 2_490 });
  });

  test("of a mirror without a key leaves as many copies of a row as it brought, and touches no others", async () => {
    const app = await start();
    const facts = (...texts: string[]) => texts.map((text) => upsert({ text }));
    const first = await Run.refresh(app, "conformance_keyless");
    await first.deliver(facts("a", "a", "a", "b", "c"));
    await first.complete();
    const ids = await app.ids("conformance_keyless");
    const second = await Run.refresh(app, "conformance_keyless");
    await second.deliver(facts("a", "b"));
    await second.deliver(facts("a", "b", "d"));
    await second.complete();
    const rows = await rowsBy(app, "conformance_keyless", "text");
    expect(rows.map(({ text }) => text)).toEqual(["a", "a", "b", "b", "d"]);
    expect((await app.ids("conformance_keyless")).filter((id) => ids.includes(id))).toHaveLength(3);
  });

  test("of a mirror without a key that was whole, sent again, appends nothing", async () => {
    const app = await start();
    for (let attempt = 0; attempt < 2; attempt++) {
      const run = await Run.refresh(app, "conformance_keyless", { generation: 4, minimumGeneration: 4 });
      await run.deliver([upsert({ text: "a" }), upsert({ text: "b" })]);
      await run.complete();
    }
    expect(await app.rows("conformance_keyless")).toHaveLength(2);
  });
});

test("changes that arrive while a refresh is being swept are safe", async () => {
  const app = await loaded(["a", "b", "c"]);
  const refresh = await Run.refresh(app, "conformance_plain");
  await refresh.deliver([upsert(row("a"))]);
  ok(await refresh.end("complete"));
  // The sweep is scheduled, and has not begun.
  const live = await Run.begin(app, "conformance_plain");
  await live.deliver([upsert(row("b", "late")), upsert(row("n", "new"))]);
  await app.passTime(1_000);
  expect(await rowsBy(app, "conformance_plain", "id")).toEqual([row("a"), row("b", "late"), row("n", "new")]);
});
