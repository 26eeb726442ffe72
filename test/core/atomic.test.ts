// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { expectConserved, expectDigestInStep } from "./support/checks.js";
import { remove, Sender, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** All that a chunk writes, save for the words about the failure. */
async function everything(world: World) {
  const [rows, runs, deliveries, manifests, deltas, quarantine, tombstones, drift, mirrors] =
    await Promise.all([
      world.documents("versioned"),
      world.ledger("runs"),
      world.ledger("deliveries"),
      world.ledger("manifests"),
      world.ledger("deltas"),
      world.ledger("quarantine"),
      world.ledger("tombstones"),
      world.ledger("drift"),
      world.ledger("mirrors"),
    ]);
  const counters = mirrors.map(({ name, rows, total, quarantined, tombstones }) => ({
    name,
    rows,
    total,
    quarantined,
    tombstones,
  }));
  const hex = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("hex");
  return {
    rows,
    runs,
    deliveries,
    manifests: manifests.map(({ keyHashes }) => hex(keyHashes)),
    deltas: deltas.map(({ items }) => hex(items)),
    quarantine,
    tombstones,
    drift,
    counters,
  };
}

/** A delivery that writes to every table that a chunk can write to. */
const delivery = [
  upsert({ id: 1, text: "changed", version: 2 }),
  upsert({ id: 3, text: "new", version: 1, surprise: true }),
  remove({ id: 2, version: 9 }),
  upsert({ id: 4, text: 17, version: "no number" }),
];

async function refreshing(): Promise<{ world: World; sender: Sender }> {
  const world = await World.start();
  const sender = await Sender.begin(world, "versioned", { syncMode: "overwrite" });
  await sender.deliver(upsert({ id: 1, text: "a", version: 1 }), upsert({ id: 2, text: "b", version: 1 }));
  return { world, sender };
}

test("ATOMIC-1: a chunk whose last write fails leaves nothing behind: no row, count, checkpoint, quarantine entry or digest", async () => {
  const { world, sender } = await refreshing();
  const before = await everything(world);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  world.poison = ({ op }) => (op === "delete" ? "Could not find function for 'triggers:onDelete'" : null);
  expect((await sender.tryDeliver(delivery)).status).toBe(503);
  expect(await everything(world)).toEqual(before);

  world.poison = null;
  await sender.deliver(...delivery);
  const after = await everything(world);
  for (const part of Object.keys(before) as (keyof typeof before)[])
    expect(after[part], part).not.toEqual(before[part]);
  await expectConserved(world, "versioned");
});

test("ATOMIC-2: an action that dies before or after its transaction has done nothing or all of it", async () => {
  for (const fault of ["before", "after"] as const) {
    const { world, sender } = await refreshing();
    const before = await everything(world);
    world.faults.plan = ({ kind }) => (kind === "mutation" ? fault : null);
    expect((await sender.tryDeliver(delivery)).status).toBe(500);
    world.faults.plan = () => null;
    if (fault === "before") expect(await everything(world)).toEqual(before);
    else expect(await world.ledger("deliveries")).toHaveLength(2);
    await expectConserved(world, "versioned");
    await expectDigestInStep(world, "versioned", ["id"]);
  }
});

test("ATOMIC-3: a row that fails in the transaction rolls back alone; its neighbours and the digest agree", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  world.poison = ({ key }) => (key[0] === 5 ? "The app's own trigger does not like this row." : null);
  const rows = Array.from({ length: 12 }, (_, id) => upsert({ id, text: "t" }));
  const { counts } = await sender.deliver(...rows);
  expect(counts).toMatchObject({ received: 12, inserted: 11, quarantined: 1 });
  expect((await world.rows("plain")).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]);
  await expectConserved(world, "plain");
  await expectDigestInStep(world, "plain", ["id"]);
});
