import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Id } from "./_generated/dataModel.js";
import { App } from "../test/harness.js";
import { importRows } from "../test/airbyte/support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function declared(): Promise<{ app: App; token: Id<"tokens"> }> {
  const app = await App.start();
  await app.call("declare");
  const [token] = await app.ledger("tokens");
  return { app, token: token!._id };
}

async function begin(
  app: App,
  token: Id<"tokens">,
  options: object = {},
): Promise<{ run: Id<"runs">; resumed: boolean }> {
  return (await app.component("runs:begin", {
    mirror: "users",
    openedBy: "test",
    resume: false,
    explicit: false,
    refresh: null,
    syncMode: "append",
    token,
    settleAfterMs: 60_000,
    ...options,
  })) as { run: Id<"runs">; resumed: boolean };
}

/** Epoch, generation and state of every run of `users`. */
async function runs(app: App): Promise<[number, number | undefined, string][]> {
  return (await app.ledger("runs")).map(({ epoch, generation, state }) => [epoch, generation, state]);
}

test("every run has an epoch of its own; only refreshes count generations", async () => {
  const { app, token } = await declared();
  await begin(app, token);
  await begin(app, token, { refresh: { generation: null } });
  await begin(app, token);
  await begin(app, token, { refresh: { generation: null } });
  expect(await runs(app)).toEqual([
    [1, undefined, "complete"],
    [2, 1, "complete"],
    [3, undefined, "complete"],
    [4, 2, "running"],
  ]);
  const [mirror] = (await app.ledger("mirrors")).filter(({ name }) => name === "users");
  expect(mirror).toMatchObject({ epoch: 4, generation: 2 });
});

test("a run is resumed by whom it was opened by, and by nobody else", async () => {
  const { app, token } = await declared();
  const first = await begin(app, token, { openedBy: "temp_1", resume: true });
  expect(first.resumed).toBe(false);
  expect(await begin(app, token, { openedBy: "temp_1", resume: true })).toMatchObject({
    run: first.run,
    resumed: true,
  });
  const other = await begin(app, token, { openedBy: "temp_2", resume: true });
  expect(other).toMatchObject({ resumed: false });
  expect(other.run).not.toBe(first.run);
  expect((await begin(app, token, { openedBy: "temp_2", resume: false })).resumed).toBe(false);
});

test("a run settles when its connector has been silent for as long as it says, and not before", async () => {
  const { app, token } = await declared();
  await begin(app, token, { settleAfterMs: 5_000 });
  await app.passTime(4_999);
  expect(await runs(app)).toEqual([[1, undefined, "running"]]);
  await app.passTime(1);
  expect(await runs(app)).toEqual([[1, undefined, "complete"]]);
  const [run] = await app.ledger("runs");
  expect(run).toMatchObject({ finishedAt: new Date().toISOString(), reason: "The connector fell silent." });
  expect((await app.ledger("mirrors")).find(({ name }) => name === "users")).not.toHaveProperty("run");
});

test("each delivery postpones the settling", async () => {
  const { app } = await declared();
  for (let id = 0; id < 5; id++) {
    expect((await importRows(app, "users", [{ id, name: "n" }])).status).toBe(200);
    await app.passTime(59_000);
    expect(await runs(app)).toEqual([[1, undefined, "running"]]);
  }
  // The token may have been used ten seconds later than was noted.
  await app.passTime(11_000);
  expect(await runs(app)).toEqual([[1, undefined, "complete"]]);
});

test("a request counts even where the use of its token was noted shortly before", async () => {
  const { app } = await declared();
  await importRows(app, "users", [{ id: 1, name: "n" }]);
  await app.passTime(9_000);
  await importRows(app, "events", [{ kind: "of another mirror" }]);
  await app.passTime(59_000);
  const ofUsers = async () => (await app.ledger("runs")).find(({ mirror }) => mirror === "users");
  expect(await ofUsers()).toMatchObject({ state: "running" });
  await app.passTime(2_000);
  expect(await ofUsers()).toMatchObject({ state: "complete" });
});

test("a connector that says that it is done is believed at once", async () => {
  const { app, token } = await declared();
  const { run } = await begin(app, token);
  await app.component("runs:finish", { run, outcome: "complete", reason: "It said so." });
  expect(await runs(app)).toEqual([[1, undefined, "complete"]]);
  const [before] = await app.ledger("runs");
  await app.passTime(120_000);
  await app.component("runs:finish", { run, outcome: "complete", reason: "It said so." });
  expect((await app.ledger("runs"))[0]).toEqual(before);
});

describe("old runs", () => {
  const MAX_RUNS = 300;

  test("are pruned, the oldest first, and only those of the mirror", async () => {
    const { app, token } = await declared();
    await begin(app, token, { mirror: "events" });
    for (let i = 0; i < MAX_RUNS + 5; i++) await begin(app, token);
    const epochs = (await app.ledger("runs"))
      .filter(({ mirror }) => mirror === "users")
      .map(({ epoch }) => epoch);
    expect(epochs).toEqual(Array.from({ length: MAX_RUNS }, (_, i) => i + 6));
    expect((await app.ledger("runs")).filter(({ mirror }) => mirror === "events")).toHaveLength(1);
  });
});
