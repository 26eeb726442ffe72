// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { expectRefused, Sender, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("FENCE-1: a run that was taken over no longer writes rows, with any sender", async () => {
  const world = await World.start();
  const old = await Sender.begin(world, "plain");
  await old.deliver(upsert({ id: 1, text: "old" }));
  const successor = await Sender.begin(world, "plain");
  await successor.deliver(upsert({ id: 1, text: "new" }));
  expectRefused(await old.tryDeliver([upsert({ id: 1, text: "late" })]), 409, "StaleRun");
  // A delivery that it had applied is answered as it was then; nothing is applied again.
  expect((await old.tryDeliver([upsert({ id: 1, text: "old" })], { sequence: 1 })).body).toMatchObject({
    replayed: true,
  });
  expect(await world.rows("plain")).toEqual([{ id: 1, text: "new" }]);
});

test("FENCE-2: a run that was taken over cannot be finished, so it removes nothing", async () => {
  const world = await World.start();
  const first = await Sender.begin(world, "plain");
  await first.deliver(upsert({ id: 1, text: "a" }), upsert({ id: 2, text: "b" }));
  await first.finish();
  const old = await Sender.begin(world, "plain", { syncMode: "overwrite" });
  await old.deliver(upsert({ id: 1, text: "a" }));
  await Sender.begin(world, "plain");
  expectRefused(await old.tryFinish(), 409, "StaleRun");
  await world.passTime(24 * 3_600_000);
  expect(await world.rows("plain")).toHaveLength(2);
});

test("FENCE-3: a run that is finished takes no more deliveries", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(upsert({ id: 1, text: "a" }));
  await sender.finish();
  expectRefused(await sender.tryDeliver([upsert({ id: 2, text: "b" })]), 409, "StaleRun");
  expect(await world.rows("plain")).toHaveLength(1);
});

test("FENCE-4: each run has an epoch of its own, and they count up without a gap", async () => {
  const world = await World.start();
  for (let epoch = 1; epoch <= 4; epoch++) {
    const sender = await Sender.begin(world, "plain", epoch % 2 === 0 ? { syncMode: "overwrite" } : {});
    expect(sender.begun.epoch).toBe(epoch);
  }
});

test("FENCE-5: when a takeover and a delivery race, the delivery is applied before it or not at all", async () => {
  const world = await World.start();
  for (let round = 0; round < 5; round++) {
    const old = await Sender.begin(world, "plain");
    const before = await world.rows("plain");
    const [answer] = await Promise.all([
      old.tryDeliver([upsert({ id: round, text: "raced" })]),
      new Sender(world, "plain").tryBegin(),
    ]);
    const rows = await world.rows("plain");
    expect(rows.length).toBe(before.length + (answer.status === 200 ? 1 : 0));
    if (answer.status !== 200) expectRefused(answer, 409, "StaleRun");
  }
});
