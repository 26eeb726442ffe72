import type { Id } from "./_generated/dataModel.js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "../test/harness.js";
import { expectConserved, users } from "../test/airbyte/support.js";
import type { RowChange } from "./validators.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const upsert = (id: number, name: string): RowChange => ({ op: "upsert", key: [id], row: { id, name } });

async function declared(): Promise<{ app: App; token: Id<"tokens"> }> {
  const app = await App.start();
  await app.call("declare");
  const [token] = await app.ledger("tokens");
  return { app, token: token!._id };
}

/** Applies a chunk to `users`, as the importer does. */
async function apply(
  app: App,
  token: Id<"tokens">,
  rows: RowChange[],
  options: { run?: string; mirror?: string; keyHashes?: bigint[] } = {},
) {
  const { keyHashes = [], ...rest } = options;
  return (await app.component("ingest:applyChunk", {
    mirror: "users",
    rows,
    keyHashes: BigUint64Array.from(keyHashes).buffer,
    bytes: 100,
    append: false,
    syncMode: "append_dedup",
    token,
    settleAfterMs: 60_000,
    ...rest,
  })) as { run: Id<"runs">; counts: Record<string, number>; rows: number };
}

async function begin(app: App, token: Id<"tokens">, openedBy: string, options = {}) {
  return (await app.component("runs:begin", {
    mirror: "users",
    openedBy,
    resume: true,
    refresh: true,
    syncMode: "overwrite",
    token,
    settleAfterMs: 60_000,
    ...options,
  })) as { run: Id<"runs">; resumed: boolean };
}

test("the first chunk opens a run, the next ones go on with it, and counts add up", async () => {
  const { app, token } = await declared();
  const first = await apply(app, token, [upsert(1, "a"), upsert(2, "b")]);
  expect(first).toMatchObject({ rows: 2, counts: { received: 2, inserted: 2 } });
  const second = await apply(app, token, [upsert(1, "c"), upsert(2, "b"), { op: "delete", key: [9] }]);
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
    counts: { received: 5, inserted: 2, updated: 1, unchanged: 1, ignored: 1, deleted: 0, stale: 0 },
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
  await app.component("runs:finish", { run });
  await expect(apply(app, token, [upsert(1, "late")], { run })).rejects.toMatchObject({
    data: { code: "StaleRun" },
  });
  expect(await users(app)).toEqual([]);
});

test("what the app refuses leaves no trace in the ledger", async () => {
  const { app, token } = await declared();
  await apply(app, token, [upsert(1, "a")]);
  const before = [await app.ledger("mirrors"), await app.ledger("runs"), await app.ledger("tokens")];
  app.failWrites(({ op }) => op === "insert");
  await app.passTime(20_000);
  await expect(apply(app, token, [upsert(1, "b"), upsert(2, "c")])).rejects.toThrow("The test makes");
  expect(await users(app)).toEqual([{ id: 1, name: "a" }]);
  expect([await app.ledger("mirrors"), await app.ledger("runs"), await app.ledger("tokens")]).toEqual(before);
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
  await expect(apply(app, token, [])).rejects.toMatchObject({ data: { code: "NotDeclared" } });
});

test("a refresh keeps a manifest of the keys it brought; other runs keep none", async () => {
  const { app, token } = await declared();
  await apply(app, token, [upsert(1, "a")], { keyHashes: [1n] });
  expect(await app.ledger("manifests")).toEqual([]);
  const { run } = await begin(app, token, "clear_tables");
  await apply(app, token, [upsert(1, "a"), upsert(2, "b")], { run, keyHashes: [5n, 2n ** 64n - 1n] });
  await apply(app, token, [{ op: "delete", key: [2] }], { run });
  await apply(app, token, [upsert(3, "c")], { run, keyHashes: [7n] });
  const manifests = await app.ledger("manifests");
  expect(manifests.map((manifest) => [manifest.run, manifest.sequence])).toEqual([
    [run, 0],
    [run, 2],
  ]);
  expect(manifests.map(({ keyHashes }) => [...new BigUint64Array(keyHashes)])).toEqual([
    [5n, 2n ** 64n - 1n],
    [7n],
  ]);
});

test("what a mirror is doing is said in words", async () => {
  const { app, token } = await declared();
  await apply(app, token, [upsert(1, "a")]);
  expect(await app.status("users")).toMatchObject({
    state: "snapshotting",
    reason: "First load: 1 rows received so far.",
  });
  await app.passTime(60_000);
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
  await apply(app, token, [upsert(1, "c")], { run, keyHashes: [1n] });
  expect(await app.status("users")).toMatchObject({
    state: "snapshotting",
    reason: "Full refresh 1: 1 rows received so far.",
  });
});
