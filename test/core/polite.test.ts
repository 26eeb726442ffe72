// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Schema } from "../../tools/local-convex/mock.js";
import { expectConserved } from "./support/checks.js";
import { schema } from "./support/schema.js";
import { expectOk, expectRefused, refresh, Sender, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

const KiB = 1024;
const BYTES_PER_SECOND = 256 * KiB;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function start(): Promise<World> {
  return await World.start({
    schema: schema as unknown as Schema,
    options: { writeBudget: { bytesPerSecond: BYTES_PER_SECOND } },
  });
}

let id = 0;
/** A delivery of about a mebibyte. */
const mebibyte = () => Array.from({ length: 4 }, () => upsert({ id: id++, text: "x".repeat(256 * KiB) }));

/** Sends until the budget is overdrawn; returns how many bytes were accepted. */
async function overdraw(sender: Sender): Promise<number> {
  for (let accepted = 0; ; accepted += 1024 * KiB) {
    const answer = await sender.tryDeliver(mebibyte());
    if (answer.status === 429) return accepted;
    expectOk(answer);
    sender.sequence += 1;
  }
}

test("POLITE-1: a sender over its share must wait, learns how long, and then continues", async () => {
  const world = await start();
  const sender = await Sender.begin(world, "plain");
  const accepted = await overdraw(sender);
  expect(accepted).toBeLessThanOrEqual(8 * 1024 * KiB);
  const delivery = mebibyte();
  const refused = await sender.tryDeliver(delivery);
  expectRefused(refused, 429, "OverBudget");
  const seconds = Number(refused.headers.get("Retry-After"));
  expect(seconds).toBeGreaterThanOrEqual(1);
  await world.passTime(seconds * 1_000);
  expectOk(await sender.tryDeliver(delivery));
  await expectConserved(world, "plain");
});

test("POLITE-2: over any length of time imports write no more than the budget and one bucket", async () => {
  const world = await start();
  const sender = await Sender.begin(world, "plain");
  let written = 0;
  for (let second = 0; second < 40; second++) {
    const answer = await sender.tryDeliver(mebibyte());
    if (answer.status === 200) {
      sender.sequence += 1;
      written += 1024 * KiB;
    }
    await world.passTime(1_000);
  }
  // The bucket holds 1 MiB; live changes may overdraw it by five seconds' worth, and by the delivery at hand.
  expect(written).toBeLessThanOrEqual(
    40 * BYTES_PER_SECOND + 1_024 * KiB + 5 * BYTES_PER_SECOND + 1_024 * KiB,
  );
  expect(written).toBeGreaterThan(35 * BYTES_PER_SECOND);
});

test("POLITE-3: live changes go before refreshes: they are accepted when a refresh has to wait", async () => {
  const world = await start();
  const whole = await Sender.begin(world, "plain", { syncMode: "overwrite" });
  await overdraw(whole);
  const live = await Sender.begin(world, "versioned");
  await live.deliver(upsert({ id: 1, text: "live", version: 1 }));
  expect((await whole.tryDeliver(mebibyte())).status).toBe(429);
});

test("POLITE-4: all mirrors draw on one budget", async () => {
  const world = await start();
  await overdraw(await Sender.begin(world, "plain"));
  const other = await Sender.begin(world, "punctual");
  expect((await other.tryDeliver(mebibyte())).status).toBe(429);
});

test("POLITE-5: rows that are not written use none of the budget", async () => {
  const world = await start();
  const delivery = mebibyte();
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(...delivery);
  await world.passTime(60_000);
  for (let i = 0; i < 20; i++) await sender.deliver(...delivery);
  await refresh(world, "facts", [{ text: "a" }]);
});

test("POLITE-6: the status shows how much of the budget is in use", async () => {
  const world = await start();
  const budget = async () =>
    (await world.send("GET", "/v1/status")).body.budget as { bytesPerSecond: number; usedShare: number };
  expect(await budget()).toEqual({ bytesPerSecond: BYTES_PER_SECOND, usedShare: 0 });
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(...mebibyte());
  const { usedShare } = await budget();
  expect(usedShare).toBeGreaterThan(0);
  await overdraw(sender);
  expect((await budget()).usedShare).toBeGreaterThan(1);
  await world.passTime(60_000);
  expect(await budget()).toEqual({ bytesPerSecond: BYTES_PER_SECOND, usedShare: 0 });
});

test("POLITE-8: a refresh whose request is kept waiting for the budget does not count as silent", async () => {
  const world = await World.start({
    schema: schema as unknown as Schema,
    options: { writeBudget: { bytesPerSecond: 64 * KiB }, settleAfterMs: 3_000 },
  });
  const rows = [1, 2, 3].map((id) => ({ id, text: `old ${String(id)}` }));
  await refresh(world, "plain", rows);
  const before = await world.documents("plain");
  const tables = { plain: { jsonSchema: {}, primaryKey: [["id"]] } };
  const send = async (...data: object[]) => {
    const messages = data.map((row) => ({ tableName: "plain", data: row }));
    return world.send("POST", "/api/streaming_import/import_airbyte_records", { tables, messages });
  };
  expectOk(await world.send("PUT", "/api/streaming_import/clear_tables", { tableNames: ["plain"] }));
  expectOk(await send(rows[0]!));
  // Another mirror overdraws the budget by more than half a minute.
  const live = await Sender.begin(world, "punctual");
  await live.deliver(...Array.from({ length: 4 }, () => upsert({ id: id++, text: "x".repeat(900 * KiB) })));
  const startedAt = Date.now();
  expectOk(await world.whileTimePasses(send({ id: 2, text: "new" }, rows[2]!), 500));
  expect(Date.now() - startedAt).toBeGreaterThan(20_000);
  expect((await world.run("plain")).state).toBe("running");
  await world.passTime(60_000);
  expect(await world.run("plain")).toMatchObject({ state: "complete", swept: 0 });
  const after = await world.documents("plain");
  expect(after.map(({ _id, text }) => [_id, text])).toEqual(
    before.map(({ _id, id: key, text }) => [_id, key === 2 ? "new" : text]),
  );
});

test("POLITE-8: a connector that does not retry is kept waiting while the deployment is too busy", async () => {
  const world = await start();
  await refresh(
    world,
    "plain",
    [1, 2].map((id) => ({ id, text: "old" })),
  );
  const tables = { plain: { jsonSchema: {}, primaryKey: [["id"]] } };
  const messages = [{ tableName: "plain", data: { id: 1, text: "new" } }];
  const sync = async () => {
    expectOk(await world.send("PUT", "/api/streaming_import/clear_tables", { tableNames: ["plain"] }));
    return world.send("POST", "/api/streaming_import/import_airbyte_records", { tables, messages });
  };
  const startedAt = Date.now();
  // Every mutation is refused for half a minute, then a third of them.
  let refused = 0;
  world.faults.plan = ({ kind, number }) => {
    if (kind !== "mutation" || (Date.now() - startedAt > 30_000 && number % 3 > 0)) return null;
    refused += 1;
    return "conflict";
  };
  expectOk(await world.whileTimePasses(sync(), 500));
  expect(refused).toBeGreaterThan(10);
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(30_000);
  expect((await world.mirror("plain")).state).toBe("snapshotting");
  world.faults.plan = () => null;
  await world.passTime(10 * 60_000);
  expect(await world.rows("plain")).toEqual([{ id: 1, text: "new" }]);
});

test("POLITE-8: so are its heartbeats, its refreshes and the first request after a deploy", async () => {
  const world = await start();
  const tables = {
    plain: { jsonSchema: {}, primaryKey: [["id"]] },
    punctual: { jsonSchema: {}, primaryKey: [["id"]] },
  };
  await refresh(world, "punctual", [{ id: 1, text: "a" }]);
  const sends = [
    async () => world.send("POST", "/api/streaming_import/import_airbyte_records", { tables, messages: [] }),
    async () => world.send("PUT", "/api/streaming_import/clear_tables", { tableNames: ["plain", "facts"] }),
    async () => {
      const version = {
        schema: schema as unknown as Schema,
        options: { writeBudget: { bytesPerSecond: 1e6 } },
      };
      world.deploy(version);
      return world.send("POST", "/api/streaming_import/import_airbyte_records", { tables, messages: [] });
    },
  ];
  for (const send of sends) {
    await world.passTime(60_000);
    const startedAt = Date.now();
    let refused = 0;
    world.faults.plan = ({ kind }) => {
      if (kind !== "mutation" || Date.now() - startedAt > 10_000) return null;
      refused += 1;
      return "conflict";
    };
    expectOk(await world.whileTimePasses(send(), 500));
    expect(refused).toBeGreaterThan(0);
  }
  expect((await world.ledger("mirrors")).filter(({ state }) => state === "failed")).toEqual([]);
});

test("POLITE-13: a sender that can retry learns at the beginning and end of a run when to, and one lost race does not show", async () => {
  const world = await start();
  let lost = 0;
  world.faults.plan = ({ kind }) => (kind === "mutation" && lost++ % 2 === 0 ? "conflict" : null);
  const sender = new Sender(world, "plain");
  expectOk(await world.whileTimePasses(sender.tryBegin()));
  expectOk(await world.whileTimePasses(sender.tryFinish()));
  expect(lost).toBeGreaterThan(2);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  world.faults.plan = () => null;
  await sender.tryBegin();
  world.faults.plan = ({ kind }) => (kind === "mutation" ? "conflict" : null);
  for (const attempt of [new Sender(world, "versioned").tryBegin(), sender.tryFinish()]) {
    const answer = await world.whileTimePasses(attempt);
    expectRefused(answer, 503, "Overloaded");
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
  }
  world.faults.plan = () => null;
  expect((await world.mirror("plain")).state).not.toBe("failed");
});
