import { noDebt } from "../../src/core/wire/budget.js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Id } from "../_generated/dataModel.js";
import { events, expectConserved, importRows, users } from "../../test/airbyte/support.js";
import { App } from "../../test/harness.js";
import { storedKeyHash } from "../../test/rowChange.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const MINUTE = 60_000;
const row = (id: number) => ({ id, name: "n" });

async function begin(app: App, mirror: string): Promise<Id<"runs">> {
  const [token] = await app.ledger("tokens");
  const { run } = (await app.component("runs:begin", {
    mirror,
    openedBy: "clear_tables",
    resume: false,
    explicit: false,
    refresh: { generation: null },
    syncMode: "overwrite",
    token: token!._id,
    settleAfterMs: MINUTE,
  })) as { run: Id<"runs"> };
  return run;
}

async function finish(app: App, run: Id<"runs">): Promise<void> {
  await app.component("runs:finish", { run, outcome: "complete", reason: "Everything was sent." });
}

/** An app whose `users` are 1 to 4, and a whole refresh of 1 and 2 that waits for its sweep. */
async function sweepWaiting(): Promise<{ app: App; run: Id<"runs"> }> {
  const app = await App.start();
  await importRows(app, "users", [1, 2, 3, 4].map(row));
  await app.passTime(MINUTE);
  const run = await begin(app, "users");
  await importRows(app, "users", [1, 2].map(row));
  await finish(app, run);
  return { app, run };
}

async function ids(app: App): Promise<unknown[]> {
  return (await users(app)).map(({ id }) => id);
}

async function runOf(app: App, run: Id<"runs">) {
  return (await app.ledger("runs")).find(({ _id }) => _id === run)!;
}

describe("a sweep", () => {
  test("removes what the refresh did not bring, and says how much", async () => {
    const { app, run } = await sweepWaiting();
    expect(await runOf(app, run)).toMatchObject({ state: "sweeping" });
    expect(await ids(app)).toEqual([1, 2, 3, 4]);
    await app.passTime(0);
    expect(await ids(app)).toEqual([1, 2]);
    expect(await runOf(app, run)).toMatchObject({
      state: "complete",
      swept: 2,
      reason: "Complete; 2 rows that it did not deliver were deleted.",
      finishedAt: new Date().toISOString(),
    });
    expect(await app.status("users")).toMatchObject({ state: "upToDate", rows: 2, removed: 2 });
    expect(await app.ledger("manifests")).toEqual([]);
    expect((await app.ledger("mirrors")).find(({ name }) => name === "users")).not.toHaveProperty("sweeping");
    await expectConserved(app, "users");
  });

  test("writes no row that stays", async () => {
    const { app } = await sweepWaiting();
    app.writesTo("users");
    await app.passTime(0);
    expect(app.writesTo("users").map(({ op }) => op)).toEqual(["delete", "delete"]);
  });

  test("spares rows that arrive before it reads what the refresh brought", async () => {
    const { app } = await sweepWaiting();
    expect((await importRows(app, "users", [row(4), row(5)])).status).toBe(200);
    await app.passTime(0);
    expect(await ids(app)).toEqual([1, 2, 4, 5]);
    await expectConserved(app, "users");
  });

  test("spares rows that arrive after that, too", async () => {
    const { app, run } = await sweepWaiting();
    const { ids: documents } = (await app.call("read", {
      table: "users",
      cursor: null,
      limit: 10,
      hashed: false,
    })) as {
      ids: string[];
    };
    expect((await importRows(app, "users", [row(4)])).status).toBe(200);
    await app.component("run/sweep:removeStale", {
      run,
      sequence: 0,
      ids: documents.slice(2),
      keyHashes: [storedKeyHash(3), storedKeyHash(4)],
      debt: noDebt,
    });
    expect(await ids(app)).toEqual([1, 2, 4]);
    await expectConserved(app, "users");
  });

  test("spares the rows of a newer refresh, which then sweeps for both", async () => {
    const { app, run } = await sweepWaiting();
    const newer = await begin(app, "users");
    await importRows(app, "users", [row(4), row(5)]);
    await finish(app, newer);
    expect(await runOf(app, run)).toMatchObject({
      state: "complete",
      reason: expect.stringMatching(/Refresh 2 completed before/) as string,
    });
    await app.passTime(0);
    expect(await ids(app)).toEqual([4, 5]);
    expect(await app.ledger("manifests")).toEqual([]);
    await expectConserved(app, "users");
  });

  test("of a mirror that is refreshed again meanwhile leaves the mirror's state to the newer refresh", async () => {
    const { app } = await sweepWaiting();
    await begin(app, "users");
    await importRows(app, "users", [row(4)]);
    await app.passTime(0);
    expect(await ids(app)).toEqual([1, 2, 4]);
    expect(await app.status("users")).toMatchObject({ state: "snapshotting" });
  });

  test("that died is started again by its watchdog, and only once at a time", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { app, run } = await sweepWaiting();
    app.failWrites(({ op }) => op === "delete");
    await app.passTime(14 * MINUTE);
    expect(await ids(app)).toEqual([1, 2, 3, 4]);
    expect(await runOf(app, run)).toMatchObject({ state: "sweeping", sweepAttempt: 1, swept: 0 });
    app.failWrites(null);
    await app.passTime(MINUTE);
    expect(await ids(app)).toEqual([1, 2]);
    expect(await runOf(app, run)).toMatchObject({ state: "complete", sweepAttempt: 2 });
    await app.passTime(60 * MINUTE);
    expect(await runOf(app, run)).toMatchObject({ sweepAttempt: 2 });
    await expectConserved(app, "users");
  });

  test("that takes long goes on in a fresh action, where it was", async () => {
    const app = await App.start();
    // Ten rows of 1 MB are two pages of a walk.
    const big = (id: number) => ({ id, payload: "x".repeat(1_000_000) });
    for (let id = 0; id < 12; id++) {
      await importRows(app, "things", [big(id)]);
      // The write budget lets one of them through each half a second.
      await app.passTime(1_000);
    }
    await app.passTime(MINUTE);
    const run = await begin(app, "things");
    await importRows(app, "things", [big(5)]);
    await finish(app, run);

    // Nine minutes go by while the first page's rows are removed.
    const removal = app.holdWrite(({ op }) => op === "delete");
    const swept = app.passTime(0);
    await removal.reached;
    vi.advanceTimersByTime(9 * MINUTE);
    removal.goOn();
    await swept;

    const left = (await app.rows("things")).map(({ id }) => id);
    expect(left).toContain(11);
    expect(left.length).toBeLessThan(12);
    expect(await runOf(app, run)).toMatchObject({
      state: "sweeping",
      sweepAttempt: 2,
      swept: 12 - left.length,
    });
    const slices = await app.inLedger(async (ctx) => {
      const jobs = await ctx.db.system.query("_scheduled_functions").collect();
      return jobs
        .filter(({ name }) => name === "run/sweep:walk")
        .map(({ args }) => args[0] as { cursor: unknown });
    });
    expect(slices.map(({ cursor }) => cursor)).toEqual([null, expect.any(String)]);
    // The watchdog of the first slice is not the second's.
    await app.component("run/sweepAttempts:watch", { run, attempt: 1 });
    expect(await runOf(app, run)).toMatchObject({ sweepAttempt: 2 });
    // The second slice has begun already.
    await expect.poll(() => runOf(app, run)).toMatchObject({ state: "complete", sweepAttempt: 2, swept: 11 });
    expect((await app.rows("things")).map(({ id }) => id)).toEqual([5]);
    await expectConserved(app, "things");
  });

  test("reads and drops a manifest of any length, whose documents are of the largest size", async () => {
    const { app, run } = await sweepWaiting();
    const { generation } = await runOf(app, run);
    const keyHashes = BigInt64Array.from({ length: 1_000 }, (_, i) => storedKeyHash(i)).buffer;
    // More than the 16 MiB that a transaction reads or writes.
    for (let sequence = 1; sequence <= 2_100; sequence++) {
      await app.inLedger(async (ctx) => {
        const place = { mirror: "users", generation: generation!, sequence, epoch: 1 };
        await ctx.db.insert("manifests", { ...place, keyHashes });
      });
    }
    await app.passTime(0);
    expect(await ids(app)).toEqual([1, 2, 3, 4]);
    expect(await app.ledger("manifests")).toEqual([]);
  });
});

test("emptying a mirror takes as many transactions as it needs, and counts what went", async () => {
  const app = await App.start(["*"], { transactionLimits: { documentsWritten: 1_010 } });
  const rows = Array.from({ length: 1_200 }, (_, at) => ({ kind: "k", at }));
  await importRows(app, "events", rows);
  expect(await app.call("clearMirror", { mirror: "events" })).toBe(1_200);
  expect(await events(app)).toEqual([]);
  expect(await app.status("events")).toMatchObject({ rows: 0, removed: 1_200 });
  expect(await app.call("clearMirror", { mirror: "events" })).toBe(0);
  await expect(app.call("clearMirror", { mirror: "notes" })).rejects.toThrow(/no mirror .*notes/);
});
