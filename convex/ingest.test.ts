import type { Id } from "./_generated/dataModel.js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "../test/harness.js";
import { expectConserved, users } from "../test/airbyte/support.js";
import { deleteOf, inOrder, storedKeyHash, upsertOf } from "../test/rowChange.js";
import { noDebt } from "../src/core/wire/budget.js";
import type { RowChange } from "../src/core/wire/changes.js";
import { packRows } from "../src/core/wire/packedRows.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const upsert = (id: number, name: string): RowChange => upsertOf([id], { id, name });

async function declared(
  transactionLimits: { documentsWritten?: number } = {},
): Promise<{ app: App; token: Id<"tokens"> }> {
  const app = await App.start(["*"], { transactionLimits });
  await app.call("declare");
  const [token] = await app.ledger("tokens");
  return { app, token: token!._id };
}

/** Applies a chunk to `users`, as the importer does. */
async function apply(
  app: App,
  token: Id<"tokens">,
  rows: RowChange[],
  options: { run?: string; mirror?: string } = {},
) {
  return (await app.component("ingest:applyChunk", {
    mirror: "users",
    rows: packRows(inOrder(rows)),
    bad: [],
    filtered: 0,
    notes: [],
    bytes: 100,
    keylessRefresh: "append",
    syncMode: "append_dedup",
    token,
    settleAfterMs: 60_000,
    budget: { bytesPerSecond: 1_000_000_000 },
    debt: noDebt,
    ...options,
  })) as { run: Id<"runs">; counts: Record<string, number>; rows: number };
}

async function begin(app: App, token: Id<"tokens">, openedBy: string) {
  return (await app.component("runs:begin", {
    mirror: "users",
    openedBy,
    resume: true,
    explicit: false,
    refresh: { generation: null },
    syncMode: "overwrite",
    token,
    settleAfterMs: 60_000,
  })) as { run: Id<"runs">; resumed: boolean };
}

/** What the component knows that an attempt which failed might have changed. */
async function ledgerOf(app: App) {
  const tables = ["mirrors", "runs", "tokens", "quarantine", "digests", "deltas", "manifests"] as const;
  return await Promise.all(tables.map(async (table) => app.ledger(table)));
}

test("the first chunk opens a run, the next ones go on with it, and counts add up", async () => {
  const { app, token } = await declared();
  const first = await apply(app, token, [upsert(1, "a"), upsert(2, "b")]);
  expect(first).toMatchObject({ rows: 2, counts: { received: 2, inserted: 2 } });
  const second = await apply(app, token, [upsert(1, "c"), upsert(2, "b"), deleteOf([9])]);
  expect(second).toMatchObject({
    run: first.run,
    rows: 2,
    counts: { received: 3, updated: 1, unchanged: 1, ignored: 1 },
  });
  const [run, ...others] = await app.ledger("runs");
  expect(others).toEqual([]);
  expect(run).toMatchObject({
    mirror: "users",
    state: "running",
    openedBy: "records",
    epoch: 1,
    chunks: 2,
    bytes: 200,
    lastDeliveryAt: new Date().toISOString(),
    counts: {
      received: 5,
      inserted: 2,
      updated: 1,
      unchanged: 1,
      ignored: 1,
    },
  });
  await expectConserved(app, "users");
});

test("a run that has been taken over writes nothing any more, and is told so", async () => {
  const { app, token } = await declared();
  const old = await begin(app, token, "first attempt");
  await apply(app, token, [upsert(1, "a")], { run: old.run });
  const successor = await begin(app, token, "second attempt");
  const before = await app.status("users");
  await expect(apply(app, token, [upsert(1, "late")], { run: old.run })).rejects.toMatchObject({
    data: { code: "StaleRun", message: expect.stringContaining('"users"') as string },
  });
  expect(await users(app)).toEqual([{ id: 1, name: "a" }]);
  expect(await app.status("users")).toEqual(before);
  await apply(app, token, [upsert(1, "new")], { run: successor.run });
  expect(await users(app)).toEqual([{ id: 1, name: "new" }]);
});

test("a run that is over writes nothing any more", async () => {
  const { app, token } = await declared();
  const { run } = await begin(app, token, "attempt");
  await app.component("runs:finish", { run, outcome: "complete", reason: "Done." });
  await expect(apply(app, token, [upsert(1, "late")], { run })).rejects.toMatchObject({
    data: { code: "StaleRun" },
  });
  expect(await users(app)).toEqual([]);
});

test("a row that the app refuses waits in quarantine, and its neighbours are applied", async () => {
  const { app, token } = await declared();
  await apply(app, token, [upsert(1, "a")]);
  app.failWrites(({ op, table }) => table === "users" && op === "insert");
  expect(await apply(app, token, [upsert(1, "b"), upsert(2, "c")])).toMatchObject({
    rows: 1,
    counts: { received: 2, updated: 1, inserted: 0, quarantined: 1 },
  });
  expect(await users(app)).toEqual([{ id: 1, name: "b" }]);
  expect(await app.ledger("quarantine")).toMatchObject([
    {
      mirror: "users",
      code: "ApplyFailed",
      message: expect.stringContaining("The test makes this insert") as string,
      op: "upsert",
      key: "[2]",
      payload: '{"id":2,"name":"c"}',
      whole: true,
    },
  ]);
  await expectConserved(app, "users");
});

test("what an app cannot find is its own affair: a row that it refuses so waits like any other", async () => {
  const { app, token } = await declared();
  const refused = "Could not find the customer of this order.";
  app.failWrites(({ table, value }) => table === "users" && value?.id === 2, refused);
  expect(await apply(app, token, [upsert(1, "a"), upsert(2, "b")])).toMatchObject({
    counts: { received: 2, inserted: 1, quarantined: 1 },
  });
  expect(await app.ledger("quarantine")).toMatchObject([
    { code: "ApplyFailed", message: refused, key: "[2]" },
  ]);
});

test("a chunk that is too large for a transaction leaves no trace in the ledger", async () => {
  const { app, token } = await declared({ documentsWritten: 60 });
  await apply(app, token, [upsert(1, "a")]);
  await app.passTime(20_000);
  const before = await ledgerOf(app);
  const rows = Array.from({ length: 80 }, (_, id) => upsert(id, "b"));
  await expect(apply(app, token, rows)).rejects.toThrow("in a single");
  expect(await users(app)).toEqual([{ id: 1, name: "a" }]);
  expect(await ledgerOf(app)).toEqual(before);
});

test("an app that lacks its functions is not the fault of a row, and leaves no trace in the ledger", async () => {
  const { app, token } = await declared();
  await apply(app, token, [upsert(1, "a")]);
  await app.inLedger(async (ctx) => {
    const declaration = (await ctx.db.query("app").first())!;
    const handles = {
      ...declaration.handles,
      write: declaration.handles.write.replace("imports:", "nowhere:"),
    };
    await ctx.db.patch("app", declaration._id, { handles });
  });
  const before = await ledgerOf(app);
  await expect(apply(app, token, [upsert(1, "b"), upsert(2, "c")])).rejects.toThrow("nowhere");
  expect(await users(app)).toEqual([{ id: 1, name: "a" }]);
  expect(await ledgerOf(app)).toEqual(before);
});

test("a mirror that nobody declares, and an app that has declared nothing, are said to be so", async () => {
  const { app, token } = await declared();
  await expect(apply(app, token, [], { mirror: "nobody" })).rejects.toMatchObject({
    data: { code: "UnknownMirror" },
  });
  await app.inLedger(async (ctx) => {
    const declaration = await ctx.db.query("app").first();
    await ctx.db.delete("app", declaration!._id);
  });
  await expect(apply(app, token, [upsert(1, "a")])).rejects.toMatchObject({ data: { code: "NotDeclared" } });
  expect(await app.ledger("quarantine")).toEqual([]);
});

test("a refresh keeps a manifest of the keys it brought; other runs keep none", async () => {
  const { app, token } = await declared();
  await apply(app, token, [upsert(1, "a")]);
  expect(await app.ledger("manifests")).toEqual([]);
  const { run } = await begin(app, token, "clear_tables");
  await apply(app, token, [upsert(1, "a"), upsert(2, "b")], { run });
  await apply(app, token, [deleteOf([2])], { run });
  await apply(app, token, [upsert(3, "c")], { run });
  const manifests = await app.ledger("manifests");
  expect(manifests.map(({ mirror, generation, sequence }) => [mirror, generation, sequence])).toEqual([
    ["users", 1, 0],
    ["users", 1, 1],
  ]);
  expect(manifests.map(({ keyHashes }) => [...new BigInt64Array(keyHashes)])).toEqual([
    [storedKeyHash(1), storedKeyHash(2)],
    [storedKeyHash(3)],
  ]);
});

test("what a mirror is doing is said in words", async () => {
  const { app, token } = await declared();
  await apply(app, token, [upsert(1, "a")]);
  expect(await app.status("users")).toMatchObject({
    state: "snapshotting",
    reason: "First load: 1 row received so far.",
  });
  await app.passTime(70_000);
  expect(await app.status("users")).toMatchObject({ state: "upToDate" });
  await apply(app, token, [upsert(1, "b")]);
  expect(await app.status("users")).toMatchObject({
    state: "upToDate",
    reason: "Everything received is applied.",
  });
  const { run } = await begin(app, token, "clear_tables");
  expect(await app.status("users")).toMatchObject({
    state: "snapshotting",
    reason: expect.stringMatching(/Full refresh 1.*stay readable/) as string,
  });
  await apply(app, token, [upsert(1, "c")], { run });
  expect(await app.status("users")).toMatchObject({
    state: "snapshotting",
    reason: "Full refresh 1: 1 row received so far.",
  });
});
