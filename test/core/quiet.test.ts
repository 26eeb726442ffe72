// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Meter } from "../../bench/count.js";
import { refresh, Sender, update, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const rows = Array.from({ length: 20 }, (_, id) => ({ id, text: "t" }));

test("QUIET-1: an unchanged row is not written, whatever delivers it", async () => {
  const world = await World.start();
  const meter = new Meter(world);
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(...rows.map(upsert));
  const before = await world.documents("plain");
  const cost = await meter.of(async () => {
    const { counts } = await sender.deliver(
      ...rows.map(upsert),
      update({ id: 3, text: "t" }),
      update({ id: 4, note: null }),
    );
    expect(counts).toMatchObject({ received: 22, unchanged: 22 });
  });
  expect(cost).toMatchObject({ mirrorWrites: 0, mirrorBytes: 0 });
  expect(await world.documents("plain")).toEqual(before);
});

test("QUIET-2: changes of one row that arrive together cost one write, or none when it ends unchanged", async () => {
  const world = await World.start();
  const meter = new Meter(world);
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(upsert({ id: 1, text: "a" }));
  const twice = await meter.of(async () =>
    sender.deliver(update({ id: 1, text: "b" }), update({ id: 1, note: "n" }), upsert({ id: 1, text: "c" })),
  );
  expect(twice.mirrorWrites).toBe(1);
  const backAgain = await meter.of(async () =>
    sender.deliver(update({ id: 1, text: "d" }), update({ id: 1, text: "c" })),
  );
  expect(backAgain.mirrorWrites).toBe(0);
});

test("QUIET-3: a refresh of unchanged data writes nothing in the mirror", async () => {
  const world = await World.start();
  const meter = new Meter(world);
  for (const mirror of ["plain", "facts"]) {
    const sent = mirror === "plain" ? rows : rows.map(({ id }) => ({ text: String(id % 7) }));
    await refresh(world, mirror, sent);
    const cost = await meter.of(async () => refresh(world, mirror, sent));
    expect([mirror, cost.mirrorWrites]).toEqual([mirror, 0]);
  }
});

test("QUIET-4: the registry's row is written at most once a second during a run, and then has all progress", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  await world.passTime(5_000);
  const told: number[] = [];
  for (let id = 0; id < 30; id++) {
    await sender.deliver(upsert({ id, text: "t" }));
    const [registered] = (await world.ledger("mirrors")).filter(({ name }) => name === "plain");
    if (registered!.rows !== told.at(-1)) told.push(registered!.rows);
    expect((await world.mirror("plain")).rows).toBe(id + 1);
    await world.passTime(100);
  }
  // Three seconds: once at the beginning, and once in each of them.
  expect(told.length).toBeLessThanOrEqual(5);
  await world.passTime(1_000);
  const [registered] = (await world.ledger("mirrors")).filter(({ name }) => name === "plain");
  expect(registered).toMatchObject({
    rows: 30,
    total: { received: 30, inserted: 30 },
    progress: { received: 30 },
  });
  await sender.deliver(upsert({ id: 99, text: "t" }));
  await sender.finish();
  expect((await world.ledger("mirrors")).find(({ name }) => name === "plain")).toMatchObject({ rows: 31 });
});
