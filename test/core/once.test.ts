// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { expectConserved } from "./support/checks.js";
import { expectOk, expectRefused, remove, Sender, update, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("ONCE-1: a delivery that is sent again changes nothing, in a mirror with a key or without", async () => {
  const world = await World.start();
  for (const mirror of ["plain", "facts"]) {
    const sender = await Sender.begin(world, mirror, { syncMode: "append" });
    const changes = [upsert({ id: 1, text: "a" }), upsert({ id: 2, text: "b" })];
    expectOk(await sender.tryDeliver(changes));
    const before = [await world.documents(mirror), await world.mirror(mirror), await world.run(mirror)];
    for (let i = 0; i < 3; i++) expectOk(await sender.tryDeliver(changes));
    expect([await world.documents(mirror), await world.mirror(mirror), await world.run(mirror)]).toEqual(
      before,
    );
    await sender.finish();
  }
});

test("ONCE-2: a replay answers what the first answered", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "versioned");
  const changes = [
    upsert({ id: 1, text: "a", version: 2 }),
    upsert({ id: 1, text: "old", version: 1 }),
    upsert({ id: 2, text: 5n.toString(), version: 1 }),
    upsert({ id: 3, text: null, version: 1 }),
    remove({ id: 9 }),
  ];
  const first = await sender.tryDeliver(changes);
  expectOk(first);
  expect(first.body.replayed).toBe(false);
  const again = await sender.tryDeliver(changes);
  expect(again.body).toEqual({ ...first.body, replayed: true });
  expect(again.body).toMatchObject({ counts: { received: 5, quarantined: 1 }, quarantinedKeys: [[3]] });
});

test("ONCE-3: the name of a delivery with other content, or in another place, is refused", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(upsert({ id: 1, text: "a" }));
  expectRefused(
    await sender.tryDeliver([upsert({ id: 1, text: "b" })], { sequence: 1 }),
    409,
    "DeliveryMismatch",
  );
  expectRefused(
    await sender.tryDeliver([upsert({ id: 1, text: "a" })], { sequence: 2, identity: "d1" }),
    409,
    "DeliveryMismatch",
  );
  expect(await world.rows("plain")).toEqual([{ id: 1, text: "a" }]);
});

test("ONCE-4: a delivery out of its turn is refused, with the number that is expected", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(upsert({ id: 1, text: "a" }));
  for (const sequence of [1, 3, 4_000]) {
    const refused = await sender.tryDeliver([upsert({ id: 2, text: "x" })], {
      sequence,
      identity: `other${String(sequence)}`,
    });
    expectRefused(refused, 409, "OutOfSequence");
    expect(refused.body.expected).toBe(2);
  }
  await sender.deliver(upsert({ id: 2, text: "b" }));
  expect(await world.rows("plain")).toHaveLength(2);
});

test("ONCE-5: a delivery that was interrupted between its chunks resumes after what is applied", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "facts", { syncMode: "append" });
  // Rows without a key, all equal: one that was applied twice or not at all would show in their number.
  const rows = Array.from({ length: 2_500 }, () => upsert({ text: "same" }));
  let chunks = 0;
  world.faults.plan = ({ kind }) => (kind === "mutation" && ++chunks === 3 ? "after" : null);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect((await sender.tryDeliver(rows)).status).toBe(500);
  world.faults.plan = () => null;
  const half = (await world.ledger("deliveries"))[0]!;
  expect(half.part!.applied).toBeGreaterThan(0);
  expect(half.part!.applied).toBeLessThan(2_500);
  const { counts } = await sender.deliver(...rows);
  expect(counts).toMatchObject({ received: 2_500, inserted: 2_500 });
  expect(await world.rows("facts")).toHaveLength(2_500);
  await expectConserved(world, "facts");
});

test("ONCE-6: while a delivery is half applied, no other may take its place", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  const rows = Array.from({ length: 2_500 }, (_, id) => upsert({ id, text: "t" }));
  let transactions = 0;
  // The first notes that the token's connector sends.
  world.faults.plan = ({ kind }) => (kind === "mutation" && ++transactions === 3 ? "before" : null);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  await sender.tryDeliver(rows);
  world.faults.plan = () => null;
  expectRefused(
    await sender.tryDeliver([update({ id: 1, text: "x" })], { identity: "other" }),
    409,
    "OutOfSequence",
  );
  await sender.deliver(...rows);
  expect((await sender.tryDeliver([update({ id: 1, text: "x" })], { identity: "other" })).status).toBe(200);
});

test("ONCE-7: finishing a run twice is no error", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain", { syncMode: "overwrite" });
  await sender.deliver(upsert({ id: 1, text: "a" }));
  await sender.finish();
  await sender.finish();
  await world.passTime(1_000);
  await sender.finish();
  expect(await world.rows("plain")).toHaveLength(1);
});
