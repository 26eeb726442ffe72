import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { App } from "../harness.js";
import { FLUSH_INTERVAL, GENERATIONS, state, type Call } from "./connector.js";
import {
  CLEAR,
  events,
  eventsStream,
  expectConserved,
  expectDone,
  importRows,
  QUIET_MS,
  SETTLE_MS,
  records,
  sync,
  users,
  usersStream,
} from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Rows as they were: 1 will go, 2 will change, 3 will stay. */
const BEFORE = [
  { id: 1, name: "Ada" },
  { id: 2, name: "Grace", age: 40 },
  { id: 3, name: null },
];
/** Rows as they are: 4 is new. */
const AFTER = [
  { id: 2, name: "Grace", age: 41 },
  { id: 3, name: null },
  { id: 4, name: "Edsger" },
];

describe.each(GENERATIONS)("destination-convex %s", (generation) => {
  describe.each([
    ["of a namespaced source", "public"],
    ["of a source without namespaces", undefined],
  ])("%s", (_, namespace) => {
    test("append adds the rows of each sync to a mirror without a key", async () => {
      const app = await App.start();
      const stream = eventsStream("append", namespace);
      const connection = { generation, streams: [stream] };
      const first = [...records(stream, [{ kind: "a" }, { kind: "b", at: 2 }]), state(1)];

      expect(await sync(app, connection, first)).toMatchObject({ succeeded: true, states: [{ cursor: 1 }] });
      expect(await events(app)).toEqual([{ kind: "a" }, { kind: "b", at: 2 }]);

      await sync(app, connection, records(stream, [{ kind: "a" }, { kind: "c" }]));
      expect(await events(app)).toEqual([{ kind: "a" }, { kind: "b", at: 2 }, { kind: "a" }, { kind: "c" }]);
      await expectConserved(app, "events");
      expect(await app.status("events")).toMatchObject({ syncMode: "append", rows: 4 });
    });

    test("append to a mirror with a key keeps one row for each key", async () => {
      const app = await App.start();
      const stream = usersStream("append", namespace);
      const connection = { generation, streams: [stream] };
      await sync(app, connection, records(stream, BEFORE));
      await sync(app, connection, records(stream, AFTER));
      expect(await users(app)).toEqual([BEFORE[0], ...AFTER]);
      await expectConserved(app, "users");
    });

    test("append_dedup upserts and deletes by key, and a replay of the attempt changes nothing", async () => {
      const app = await App.start();
      const stream = usersStream("append_dedup", namespace);
      const connection = { generation, streams: [stream] };
      const first = [
        ...records(stream, BEFORE),
        state(1),
        ...records(stream, [{ id: 9, name: "Alan" }]),
        state(2),
      ];
      expect(await sync(app, connection, first)).toMatchObject({
        succeeded: true,
        states: [{ cursor: 1 }, { cursor: 2 }],
      });
      expect(await users(app)).toEqual([...BEFORE, { id: 9, name: "Alan" }]);

      const ids = await app.ids("users");
      app.writesTo("users");
      expect((await sync(app, connection, first)).succeeded).toBe(true);
      expect(await app.ids("users")).toEqual(ids);
      expect(app.writesTo("users")).toEqual([]);

      const second = records(stream, [...AFTER, { id: 9, _ab_cdc_deleted_at: "2024-01-01T00:00:00Z" }]);
      for (const _ of ["the second sync", "its replay"]) {
        expect((await sync(app, connection, second)).succeeded).toBe(true);
        expect(await users(app)).toEqual([BEFORE[0], ...AFTER]);
      }
      await expectConserved(app, "users");
      expect(await app.status("users")).toMatchObject({ syncMode: "append_dedup", rows: 4 });
    });

    test("overwrite of a mirror with a key never blanks it, and ends with exactly the rows of the sync", async () => {
      const app = await App.start();
      const stream = usersStream("overwrite", namespace);
      const connection = { generation, streams: [stream] };
      await sync(app, connection, records(stream, BEFORE));
      await app.passTime(QUIET_MS);
      expect(await users(app)).toEqual(BEFORE);
      const [, , idOfUnchanged] = await app.ids("users");
      app.writesTo("users");

      let steps = 0;
      const everyOldRowIsReadable = async (call: Call) => {
        steps += 1;
        const ids = (await users(app)).map(({ id }) => id);
        expect(ids, `after ${call.endpoint}`).toEqual(expect.arrayContaining([1, 2, 3]));
      };
      const messages = [...records(stream, AFTER.slice(0, 1)), state(1), ...records(stream, AFTER.slice(1))];
      const attempt = await sync(app, { ...connection, afterCall: everyOldRowIsReadable }, messages);
      expect(attempt.succeeded).toBe(true);
      expect(steps).toBe(3);
      expect(app.writesTo("users").map(({ op, value }) => [op, value?.id])).toEqual([
        ["replace", 2],
        ["insert", 4],
      ]);

      if (generation !== "G1") {
        await app.passTime(SETTLE_MS - 1_000);
        expect(await users(app)).toEqual([BEFORE[0], ...AFTER]);
        await app.passTime(QUIET_MS - SETTLE_MS + 1_000);
      }
      await app.passTime(0);
      expect(await users(app)).toEqual(AFTER);
      expect(await app.ids("users")).toContain(idOfUnchanged);
      expect(app.writesTo("users").map(({ op }) => op)).toEqual(["delete"]);
      await expectConserved(app, "users");
      expect(await app.status("users")).toMatchObject({
        state: "upToDate",
        syncMode: "overwrite",
        rows: 3,
        removed: 1,
        generation: 2,
        total: { received: 6, inserted: 4, updated: 1, unchanged: 1 },
      });
    });

    test("overwrite of a mirror with a key by the same rows writes nothing, however often", async () => {
      const app = await App.start();
      const stream = usersStream("overwrite", namespace);
      const connection = { generation, streams: [stream] };
      await sync(app, connection, records(stream, BEFORE));
      await app.passTime(QUIET_MS);
      const ids = await app.ids("users");
      app.writesTo("users");
      for (const pause of [0, QUIET_MS / 2, QUIET_MS, 10 * QUIET_MS]) {
        expect((await sync(app, connection, records(stream, BEFORE))).succeeded).toBe(true);
        await app.passTime(pause);
      }
      await app.passTime(QUIET_MS);
      expect(await app.ids("users")).toEqual(ids);
      expect(app.writesTo("users")).toEqual([]);
      await expectConserved(app, "users");
    });

    test("overwrite of a mirror without a key starts from nothing", async () => {
      const app = await App.start();
      const stream = eventsStream("overwrite", namespace);
      const connection = { generation, streams: [stream] };
      await sync(app, connection, records(stream, [{ kind: "a" }, { kind: "b" }]));
      expect(await events(app)).toEqual([{ kind: "a" }, { kind: "b" }]);
      for (const _ of ["the second sync", "its replay"]) {
        // 0.1.0 tells the attempts apart by the second in which they start.
        await app.passTime(1_000);
        const again = [...records(stream, [{ kind: "a" }]), state(1), ...records(stream, [{ kind: "c" }])];
        expect((await sync(app, connection, again)).succeeded).toBe(true);
        expect(await events(app)).toEqual([{ kind: "a" }, { kind: "c" }]);
      }
      await app.passTime(QUIET_MS);
      expect(await events(app)).toEqual([{ kind: "a" }, { kind: "c" }]);
      await expectConserved(app, "events");
      // What is emptied first has nothing to sweep.
      expect(await app.ledger("manifests")).toEqual([]);
      expect((await app.ledger("runs")).every(({ generation }) => generation === undefined)).toBe(true);
    });

    test("a connection of all modes at once, streams interleaved", async () => {
      const app = await App.start();
      const people = usersStream("append_dedup", namespace);
      const log = eventsStream("overwrite", namespace);
      const messages = BEFORE.flatMap((row) => [
        ...records(people, [row]),
        ...records(log, [{ kind: `saw ${String(row.id)}` }]),
      ]);
      const attempt = await sync(app, { generation, streams: [people, log] }, messages);
      expect(attempt.succeeded).toBe(true);
      expect(await users(app)).toEqual(BEFORE);
      expect(await events(app)).toEqual([{ kind: "saw 1" }, { kind: "saw 2" }, { kind: "saw 3" }]);
    });
  });

  test("records are sent a thousand at a time, and on every state", async () => {
    const app = await App.start();
    const stream = eventsStream("append");
    const rows = Array.from({ length: FLUSH_INTERVAL + 1 }, (_, i) => ({ kind: "k", at: i }));
    const attempt = await sync(app, { generation, streams: [stream] }, [
      ...records(stream, rows),
      state(1),
      state(2),
    ]);
    const sizes = attempt.calls.map(({ body }) => (body as { messages: unknown[] }).messages.length);
    expect(sizes).toEqual([FLUSH_INTERVAL, 1, 0, 0]);
    expect(attempt.succeeded).toBe(true);
    expect((await events(app)).map(({ at }) => at)).toEqual(rows.map(({ at }) => at));
  });

  test("a refusal ends the attempt, and no state is passed on that was not stored", async () => {
    const app = await App.start(["*"], { badRows: "refuse" });
    const stream = usersStream("append_dedup", "public");
    const attempt = await sync(app, { generation, streams: [stream] }, [
      ...records(stream, [BEFORE[0]!]),
      state(1),
      ...records(stream, [BEFORE[1]!, { name: "no key" }]),
      state(2),
      ...records(stream, [BEFORE[2]!]),
      state(3),
    ]);
    expect(attempt).toMatchObject({ succeeded: false, states: [{ cursor: 1 }] });
    expect(attempt.calls.map(({ status }) => status)).toEqual([200, 200, 200, 400]);
    expect(await users(app)).toEqual([BEFORE[0]]);
  });

  test("a sync without a single record is no error", async () => {
    const app = await App.start();
    const streams = [usersStream("append_dedup", "public"), eventsStream("append", "public")];
    expect(await sync(app, { generation, streams }, [state(1)])).toMatchObject({
      succeeded: true,
      states: [{ cursor: 1 }],
    });
    expect(await app.status("users")).toMatchObject({ state: "waiting", rows: 0 });
  });
});

describe("a refresh of a mirror with a key", () => {
  const stream = usersStream("overwrite", "public");
  const connection = { generation: "G3" as const, streams: [stream] };

  /** An app whose mirror `users` has BEFORE, brought by a refresh that is over. */
  async function withRows(): Promise<App> {
    const app = await App.start();
    await sync(app, connection, records(stream, BEFORE));
    await app.passTime(2 * QUIET_MS);
    return app;
  }

  async function states(app: App): Promise<string[]> {
    return (await app.ledger("runs")).map((run) => `${String(run.epoch)} ${run.state}`);
  }

  test("that is retried within a minute is superseded and removes nothing", async () => {
    const app = await withRows();
    await sync(app, connection, records(stream, [{ id: 5, name: "first attempt only" }]));
    await app.passTime(QUIET_MS / 2);
    const ids = [1, 2, 3, 5];
    expectDone(await app.send("PUT", CLEAR, { tableNames: ["public_users"] }));
    await app.passTime(SETTLE_MS - 1_000);
    expect((await users(app)).map(({ id }) => id)).toEqual(ids);
    expect(await states(app)).toEqual(["1 complete", "2 superseded", "3 running"]);

    expectDone(await importRows(app, "public_users", AFTER));
    await app.passTime(QUIET_MS);
    // The retry may have gone on from a checkpoint: what the first attempt brought counts until the next refresh.
    expect((await users(app)).map(({ id }) => id)).toEqual([2, 3, 4, 5]);
    expect(await states(app)).toEqual(["1 complete", "2 superseded", "3 complete"]);
    await sync(app, connection, records(stream, AFTER));
    await app.passTime(QUIET_MS);
    expect(await users(app)).toEqual(AFTER);
    await expectConserved(app, "users");
  });

  test("is whole when the next one begins more than a minute after its last row", async () => {
    const app = await withRows();
    await sync(app, connection, records(stream, AFTER));
    // The same connector goes on with another stream, so that it is not silent.
    for (let i = 0; i < 4; i++) {
      await app.passTime(QUIET_MS / 2);
      expectDone(await importRows(app, "public_events", [{ kind: "still here" }]));
    }
    expect((await users(app)).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    expectDone(await app.send("PUT", CLEAR, { tableNames: ["public_users"] }));
    await app.passTime(0);
    expect((await users(app)).map(({ id }) => id)).toEqual([2, 3, 4]);
    await expectConserved(app, "users");
  });

  test("stays open while its connector sends rows of other mirrors, or nothing but states", async () => {
    const app = await withRows();
    await sync(app, connection, records(stream, AFTER));
    for (const rows of [[{ kind: "a" }], [], [{ kind: "b" }], []]) {
      await app.passTime(SETTLE_MS - 1_000);
      expectDone(await importRows(app, "public_events", rows));
      expect(await users(app)).toEqual([BEFORE[0], ...AFTER]);
    }
    await app.passTime(QUIET_MS);
    expect(await users(app)).toEqual(AFTER);
  });

  test("is not kept open by another connector", async () => {
    const app = await withRows();
    const other = await app.createToken("other");
    await sync(app, connection, records(stream, AFTER));
    await app.passTime(SETTLE_MS - 1_000);
    await app.send(
      "POST",
      "/api/streaming_import/import_airbyte_records",
      { tables: {}, messages: [] },
      {
        Authorization: `Convex ${other}`,
      },
    );
    await app.passTime(QUIET_MS - SETTLE_MS + 1_000);
    expect(await users(app)).toEqual(AFTER);
  });

  test("that brought no rows removes nothing, and says what to do if the source is empty", async () => {
    const app = await withRows();
    expect((await sync(app, connection, [state(1)])).succeeded).toBe(true);
    await app.passTime(10 * QUIET_MS);
    expect(await users(app)).toEqual(BEFORE);
    expect((await app.status("users")).reason).toContain("streaming-import clear");
    expect(await app.call("clearMirror", { mirror: "users" })).toBe(3);
    expect(await users(app)).toEqual([]);
    await expectConserved(app, "users");
  });

  test("leaves a mirror alone that is refreshed by nobody", async () => {
    const app = await withRows();
    await app.call("clearMirror", { mirror: "events" });
    await importRows(app, "public_events", [{ kind: "a" }]);
    await sync(app, connection, records(stream, AFTER));
    await app.passTime(QUIET_MS);
    expect(await events(app)).toEqual([{ kind: "a" }]);
  });

  test("removes more rows than fit into one transaction", async () => {
    const app = await App.start(["*"], { transactionLimits: { documentsWritten: 1_100 } });
    const many = Array.from({ length: 1_050 }, (_, id) => ({ id, name: "n" }));
    await sync(app, connection, records(stream, many));
    await app.passTime(QUIET_MS);
    await sync(app, connection, records(stream, many.slice(-2)));
    await app.passTime(QUIET_MS);
    // So large a shrink waits for a person.
    expect(await users(app)).toHaveLength(1_050);
    expect(await app.status("users")).toMatchObject({ state: "sweepHeld" });
    await app.call("sweep", { mirror: "users" });
    await app.passTime(QUIET_MS);
    expect(await users(app)).toEqual(many.slice(-2));
    expect(await app.ledger("manifests")).toEqual([]);
    await expectConserved(app, "users");
  });
});
