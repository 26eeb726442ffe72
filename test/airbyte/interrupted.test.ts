/** Refreshes that do not go as they should: what they must not take away. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { App } from "../harness.js";
import {
  CLEAR,
  events,
  expectConserved,
  expectDone,
  expectRefused,
  IMPORT,
  importRows,
  QUIET_MS,
  records,
  REPLACE,
  SETTLE_MS,
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

const row = (id: number) => ({ id, name: "n" });

/** An app whose `users` are 1, 2 and 3, brought by a refresh that is over. */
async function withRows(options: { badRows?: "refuse" } = {}): Promise<App> {
  const app = await App.start(["*"], options);
  const stream = usersStream("overwrite", "public");
  await sync(app, { generation: "G3", streams: [stream] }, records(stream, [1, 2, 3].map(row)));
  await app.passTime(2 * QUIET_MS);
  return app;
}

async function ids(app: App): Promise<unknown[]> {
  return (await users(app)).map(({ id }) => id);
}

async function clearUsers(app: App): Promise<void> {
  expectDone(await app.send("PUT", CLEAR, { tableNames: ["public_users"] }));
}

test("a refresh that brought nothing but deletes removes nothing else", async () => {
  const app = await withRows();
  await clearUsers(app);
  expectDone(await importRows(app, "public_users", [{ id: 1, _ab_cdc_deleted_at: "2024-05-01" }]));
  await app.passTime(QUIET_MS);
  expect(await ids(app)).toEqual([2, 3]);
});

test("an attempt that starts over, and over, within a minute each, removes nothing until one is whole", async () => {
  const app = await withRows();
  for (const id of [1, 2, 4]) {
    await clearUsers(app);
    expectDone(await importRows(app, "public_users", [row(id)]));
    await app.passTime(QUIET_MS / 2);
    expect(await ids(app)).toEqual(expect.arrayContaining([1, 2, 3]));
  }
  await clearUsers(app);
  expectDone(await importRows(app, "public_users", [1, 4].map(row)));
  await app.passTime(QUIET_MS);
  // The last attempt began with what came first of all: it started over, and only what it delivered counts.
  expect(await ids(app)).toEqual([1, 4]);
});

describe.each(["G2", "G3"] as const)("two syncs of %s within a minute", (generation) => {
  const stream = usersStream("overwrite", "public");
  const first = [1, 2, 3, 4, 5, 6];

  async function twice(second: number[]): Promise<App> {
    const app = await withRows();
    for (const ids of [first, second]) {
      const done = await sync(app, { generation, streams: [stream] }, records(stream, ids.map(row)));
      expect(done.succeeded).toBe(true);
      await app.passTime(1_000);
    }
    await app.passTime(2 * QUIET_MS);
    return app;
  }

  test("REFRESH-25: leave no row that the later did not deliver, if it started over", async () => {
    const app = await twice([3, 4, 5, 6, 7, 8]);
    expect(await ids(app)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(await app.status("users")).toMatchObject({ state: "upToDate", rows: 6 });
    await expectConserved(app, "users");
  });

  test("REFRESH-25: keep what the earlier delivered, if the later resumed", async () => {
    const app = await twice([6, 7]);
    expect(await ids(app)).toEqual([...first, 7]);
    await expectConserved(app, "users");
  });
});

test("REFRESH-25: attempts that resume one that started over are parts of it", async () => {
  const app = await withRows();
  for (const attempt of [[1, 2], [9], [1, 4], [5]]) {
    await clearUsers(app);
    expectDone(await importRows(app, "public_users", attempt.map(row)));
    await app.passTime(QUIET_MS / 2);
  }
  await app.passTime(QUIET_MS);
  // [1, 4] is only half of what came first: it may be a row that a checkpoint repeats.
  expect(await ids(app)).toEqual([1, 2, 4, 5, 9]);
  for (const attempt of [[1, 2, 4, 5], [5, 6, 9], [1, 4, 5], [7]]) {
    await clearUsers(app);
    expectDone(await importRows(app, "public_users", attempt.map(row)));
    await app.passTime(QUIET_MS / 2);
  }
  await app.passTime(QUIET_MS);
  expect(await ids(app)).toEqual([1, 4, 5, 7]);
  await expectConserved(app, "users");
});

test("a request that loses its mirror to another attempt half-way stops there, and says so", async () => {
  const app = await App.start();
  const [token] = await app.ledger("tokens");
  const rows = Array.from({ length: 1_500 }, (_, id) => row(id));
  const firstChunk = app.holdWrite(({ table, value }) => table === "users" && value?.id === 500);
  const answer = importRows(app, "temp_1700000000_public_users", rows);
  await firstChunk.reached;
  const takeover = app.component("runs:begin", {
    mirror: "users",
    openedBy: "temp_1700000060_public_users",
    resume: true,
    explicit: true,
    refresh: { generation: null },
    syncMode: "overwrite",
    token: token!._id,
    settleAfterMs: QUIET_MS,
  });
  firstChunk.goOn();
  await takeover;
  expectRefused(await answer, 409, "StaleRun", /"users".*Begin a new run/);
  expect(await ids(app)).toEqual(rows.slice(0, 1_000).map(({ id }) => id));
  expect(await app.status("users")).toMatchObject({ rows: 1_000 });
});

describe("replace_tables of 0.1.0", () => {
  const temporary = "temp_1700000000_public";

  test("sent twice finishes once", async () => {
    const app = await withRows();
    expectDone(await importRows(app, `${temporary}_users`, [1, 2].map(row)));
    expectDone(await importRows(app, `${temporary}_events`, [{ kind: "a" }]));
    const tableNames = { [`${temporary}_users`]: "public_users", [`${temporary}_events`]: "public_events" };
    for (const _ of ["once", "twice"]) {
      expectDone(await app.send("POST", REPLACE, { tableNames }));
      await app.passTime(0);
      expect(await ids(app)).toEqual([1, 2]);
      expect(await events(app)).toEqual([{ kind: "a" }]);
    }
  });

  test("ends the run of a mirror without a key, and of no other table's", async () => {
    const app = await withRows();
    const replace = async (table: string) =>
      await app.send("POST", REPLACE, { tableNames: { [table]: "public_events" } });
    for (const kind of ["first", "second"]) {
      const table = `temp_17000000${kind === "first" ? "00" : "60"}_public_events`;
      expectDone(await importRows(app, table, [{ kind }]));
      expectDone(await replace("temp_1600000000_public_events"));
      expect(await app.status("events")).toMatchObject({ lastRun: expect.stringContaining("running") });
      expectDone(await replace(table));
      expect(await app.status("events")).toMatchObject({ state: "upToDate" });
      await app.passTime(60 * 60_000);
      expect(await app.status("events")).toMatchObject({ state: "upToDate" });
      expect(await events(app)).toEqual([{ kind }]);
    }
  });

  test("long after the last row of a mirror without a key leaves its rows", async () => {
    const app = await withRows();
    expectDone(await importRows(app, `${temporary}_events`, [{ kind: "a" }]));
    await app.passTime(2 * QUIET_MS);
    expectDone(await app.send("POST", REPLACE, { tableNames: { [`${temporary}_events`]: "public_events" } }));
    await app.passTime(QUIET_MS);
    expect(await events(app)).toEqual([{ kind: "a" }]);
  });

  test("of a stream that brought no rows leaves the old ones", async () => {
    const app = await withRows();
    await importRows(app, "public_events", [{ kind: "old" }]);
    const tableNames = { [`${temporary}_users`]: "public_users", [`${temporary}_events`]: "public_events" };
    expectDone(await app.send("POST", REPLACE, { tableNames }));
    await app.passTime(QUIET_MS);
    expect(await ids(app)).toEqual([1, 2, 3]);
    expect(await events(app)).toEqual([{ kind: "old" }]);
  });
});

describe("refreshes that are cut off", () => {
  test("a refresh of which a request was refused is cut off, and removes nothing", async () => {
    const app = await withRows({ badRows: "refuse" });
    await clearUsers(app);
    expectDone(await importRows(app, "public_users", [row(1)]));
    // The connector gives up at the first refusal; nothing more will come of this refresh.
    expectRefused(await importRows(app, "public_users", [{ name: "no key" }]), 400, "MissingPrimaryKeyValue");
    await app.passTime(2 * QUIET_MS);
    expect(await ids(app)).toEqual([1, 2, 3]);
  });

  test("a refresh is cut off by the refusal of another stream of its connection, too", async () => {
    const app = await withRows();
    await clearUsers(app);
    expectDone(await importRows(app, "public_users", [row(1)]));
    expectRefused(await importRows(app, "nobody_mirrors_this", [row(1)]), 400, "MissingStream");
    await app.passTime(2 * QUIET_MS);
    expect(await ids(app)).toEqual([1, 2, 3]);
  });

  test("a refresh that a retry resumes from a checkpoint keeps what the first attempt brought", async () => {
    const app = await withRows();
    await clearUsers(app);
    expectDone(await importRows(app, "public_users", [1, 2].map(row)));
    await app.passTime(QUIET_MS / 2);
    // The platform retries from the last state: rows 1 and 2 are not sent again.
    await clearUsers(app);
    expectDone(await importRows(app, "public_users", [row(4)]));
    await app.passTime(QUIET_MS);
    expect(await ids(app)).toEqual([1, 2, 4]);
  });

  test("a retry that dies before its first row loses nothing of what the attempt before it brought", async () => {
    const app = await withRows();
    await clearUsers(app);
    expectDone(await importRows(app, "public_users", [1, 2].map(row)));
    await app.passTime(QUIET_MS / 2);
    await clearUsers(app);
    await app.passTime(2 * QUIET_MS);
    expect(await ids(app)).toEqual([1, 2, 3]);
    // The second retry goes on from the checkpoint behind rows 1 and 2.
    await clearUsers(app);
    expectDone(await importRows(app, "public_users", [row(4)]));
    await app.passTime(QUIET_MS);
    expect(await ids(app)).toEqual([1, 2, 4]);
  });

  test("0.1.0 says when it is done, so that a pause of its source ends nothing", async () => {
    const app = await withRows();
    const table = "temp_1700000000_public_users";
    expectDone(await importRows(app, table, [1, 2].map(row)));
    await app.passTime(2 * QUIET_MS);
    expectDone(await importRows(app, table, [row(4)]));
    expectDone(await app.send("POST", REPLACE, { tableNames: { [table]: "public_users" } }));
    await app.passTime(0);
    expect(await ids(app)).toEqual([1, 2, 4]);
  });

  test("0.1.0 does not empty a mirror without a key again after a pause of its source", async () => {
    const app = await withRows();
    const table = "temp_1700000000_public_events";
    expectDone(await importRows(app, table, [{ kind: "a" }]));
    await app.passTime(2 * QUIET_MS);
    expectDone(await importRows(app, table, [{ kind: "b" }]));
    expect(await events(app)).toEqual([{ kind: "a" }, { kind: "b" }]);
  });

  describe("by an attempt of 0.1.0 that was given up", () => {
    const [old, current] = ["temp_1700000000_public_users", "temp_1700000060_public_users"] as const;

    test("are not disturbed by its late requests, neither while the successor runs nor after", async () => {
      const app = await withRows();
      expectDone(await importRows(app, old, [row(1)]));
      expectDone(await importRows(app, current, [1, 2].map(row)));
      const before = await app.status("users");
      const late = async () => {
        expectRefused(await importRows(app, old, [row(3)]), 409, "StaleRun", /later attempt.*"users"/);
        const replace = await app.send("POST", REPLACE, { tableNames: { [old]: "public_users" } });
        expectRefused(replace, 409, "StaleRun", /later attempt/);
      };
      await late();
      // The mirror does well: its run is another's.
      expect(await app.status("users")).toEqual(before);
      expectDone(await importRows(app, current, [row(4)]));
      expectDone(await app.send("POST", REPLACE, { tableNames: { [current]: "public_users" } }));
      await late();
      await app.passTime(0);
      expect(await ids(app)).toEqual([1, 2, 4]);
      await late();
      expect(await app.status("users")).toMatchObject({ state: "upToDate", lastError: null, rows: 3 });
    });

    test("leave the refreshes of its token's other streams alone", async () => {
      const app = await withRows();
      await clearUsers(app);
      expectDone(await importRows(app, "public_users", [row(1)]));
      const begin = async (seconds: number) =>
        importRows(app, `temp_${String(seconds)}_ok_table`, [{ id: 1 }]);
      expectDone(await begin(1_700_000_060));
      expectRefused(await begin(1_700_000_000), 409, "StaleRun", /later attempt/);
      await app.passTime(2 * QUIET_MS);
      expect(await ids(app)).toEqual([1]);
    });

    test("whose clock was ahead do not keep out those that follow", async () => {
      const app = await withRows();
      const nextYear = Math.floor(Date.now() / 1000) + 365 * 86_400;
      expectDone(await importRows(app, `temp_${String(nextYear)}_public_users`, [row(1)]));
      await app.passTime(60 * QUIET_MS);
      const now = `temp_${String(Math.floor(Date.now() / 1000))}_public_users`;
      expectDone(await importRows(app, now, [row(2)]));
    });
  });

  test("silence is measured from the last request, not from the last one noted", async () => {
    const app = await withRows();
    await clearUsers(app);
    expectDone(await importRows(app, "public_users", [1, 2].map(row)));
    // Noted at most every ten seconds: this one is not.
    await app.passTime(9_000);
    expectDone(await app.send("POST", IMPORT, { tables: {}, messages: [] }));
    await app.passTime(SETTLE_MS - 1_000);
    expect(await ids(app)).toEqual([1, 2, 3]);
    await app.passTime(QUIET_MS - SETTLE_MS);
    expect(await ids(app)).toEqual([1, 2]);
  });
});
