// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { expectConserved, expectCountsConserved, expectDigestInStep } from "./support/checks.js";
import { refresh, remove, Sender, update, upsert } from "./support/sender.js";
import { World } from "./support/world.js";
import { noCounts } from "../../src/core/wire/counts.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("CONSERVE-1: every change of a delivery is counted once, by what became of it", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "versioned");
  await sender.deliver(upsert({ id: 1, text: "a", version: 5 }), upsert({ id: 2, text: "b", version: 5 }));
  const { counts } = await sender.deliver(
    upsert({ id: 3, text: "inserted", version: 1 }),
    upsert({ id: 1, text: "updated", version: 6 }),
    upsert({ id: 2, text: "b", version: 5 }),
    upsert({ id: 1, text: "stale", version: 2 }),
    update({ id: 8, text: "nobody" }),
    remove({ id: 9 }),
    remove({ id: 2, version: 9 }),
    upsert({ id: 4, text: null, version: 1 }),
    update({ id: 4, note: "held" }),
    upsert({ id: 5, text: null, version: 1 }),
    upsert({ id: 5, text: "supersedes", version: 2 }),
  );
  expect(counts).toEqual({
    received: 11,
    inserted: 2,
    updated: 1,
    unchanged: 1,
    deleted: 1,
    // The older change, and the one that later news of the same delivery superseded.
    stale: 2,
    ignored: 2,
    quarantined: 2,
  });
  expectCountsConserved(counts, "the delivery");
  await expectConserved(world, "versioned");
});

test("CONSERVE-2: the counts of a run are the sums of its deliveries, and those of the mirror the sums of its runs", async () => {
  const world = await World.start();
  for (let i = 0; i < 3; i++) {
    const sender = await Sender.begin(world, "plain");
    await sender.deliver(upsert({ id: i, text: "a" }), upsert({ id: 0, text: "a" }));
    await sender.deliver(remove({ id: i }), upsert({ id: 7, text: null }));
    await sender.finish();
  }
  const sum = (parts: { counts: Record<string, number> }[]) =>
    parts.reduce<Record<string, number>>((total, { counts }) => {
      for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
      return total;
    }, {});
  const runs = await world.ledger("runs");
  const deliveries = await world.ledger("deliveries");
  for (const run of runs)
    expect(run.counts).toEqual(sum(deliveries.filter((delivery) => delivery.run === run._id)));
  expect((await world.mirror("plain")).total).toEqual({ ...noCounts, ...sum(runs) });
});

test("CONSERVE-3: rows = inserted − deleted − removed + copied, through refreshes, sweeps and clearing", async () => {
  const world = await World.start();
  await refresh(
    world,
    "plain",
    [1, 2, 3].map((id) => ({ id, text: "a" })),
  );
  await refresh(
    world,
    "plain",
    [3, 4].map((id) => ({ id, text: "a" })),
  );
  expect(await world.mirror("plain")).toMatchObject({ rows: 2, removed: 2, total: { inserted: 4 } });
  await expectConserved(world, "plain");
  expect(await world.call("clearMirror", { mirror: "plain" })).toBe(2);
  expect(await world.mirror("plain")).toMatchObject({ rows: 0, removed: 4 });
  await expectConserved(world, "plain");
  await expectDigestInStep(world, "plain", ["id"]);
});

test("CONSERVE-4: a soft deletion is counted as deleted and leaves the number of rows as it is", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "soft");
  await sender.deliver(upsert({ id: 1, text: "a", version: 1 }), upsert({ id: 2, text: "b", version: 1 }));
  await sender.deliver(remove({ id: 1, version: 2 }));
  expect(await world.mirror("soft")).toMatchObject({ rows: 2, total: { inserted: 2, deleted: 1 } });
  await expectConserved(world, "soft");
});

test("CONSERVE-5: equal keys that somebody wrote past the importer become one row, and what was done stays provable until it is repaired", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(upsert({ id: 1, text: "a" }));
  await world.inApp(async (ctx) => ctx.db.insert("plain" as never, { id: 1, text: "twin" } as never));
  await sender.deliver(upsert({ id: 1, text: "b" }));
  expect(await world.rows("plain")).toEqual([{ id: 1, text: "b" }]);
  const audit = async () => {
    await world.call("audit", { mirror: "plain" });
    await world.passTime(1_000);
    return await world.call("auditReport", { mirror: "plain" });
  };
  expect(await audit()).toMatchObject({ state: "differs", findings: [{ kind: "added", key: "[1]" }] });
  await world.call("repair", { mirror: "plain" });
  expect(await audit()).toMatchObject({ state: "equal" });
  await expectConserved(world, "plain");
  await expectDigestInStep(world, "plain", ["id"]);
});

test.each(["cleared", "swept"] as const)(
  "CONSERVE-6: rows that somebody wrote past the importer never make the number of rows negative: %s",
  async (how) => {
    const world = await World.start();
    await refresh(world, "plain", [{ id: 1, text: "a" }]);
    for (const id of [2, 3, 4]) {
      await world.inApp(async (ctx) => ctx.db.insert("plain" as never, { id, text: "foreign" } as never));
    }
    if (how === "cleared") await world.call("clearMirror", { mirror: "plain" });
    else await refresh(world, "plain", [{ id: 1, text: "b" }]);
    const left = how === "cleared" ? 0 : 1;
    expect(await world.rows("plain")).toHaveLength(left);
    expect((await world.mirror("plain")).rows).toBe(left);
    await expectConserved(world, "plain");
  },
);
