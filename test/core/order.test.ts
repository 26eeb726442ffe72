// @vitest-environment node
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { mirrorTable } from "../../src/schema/index.js";
import { expectConserved, expectDigestInStep } from "./support/checks.js";
import { remove, Sender, type SentChange, update, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function sending(mirror: string) {
  const world = await World.start();
  const sender = await Sender.begin(world, mirror);
  return { world, sender, rows: async () => await world.rows(mirror) };
}

describe.each(["versioned", "soft"])("in the mirror %s", (mirror) => {
  test("ORDER-1: an older change never overwrites a newer one, whole or partial, in one delivery or in two", async () => {
    const { world, sender, rows } = await sending(mirror);
    await sender.deliver(
      upsert({ id: 1, text: "v5", version: 5 }),
      upsert({ id: 1, text: "v4", version: 4 }),
    );
    const { counts } = await sender.deliver(
      upsert({ id: 1, text: "v3", version: 3 }),
      update({ id: 1, text: "v2", version: 2 }),
    );
    expect(counts).toMatchObject({ received: 2, stale: 2 });
    expect(await rows()).toEqual([{ id: 1, text: "v5", version: 5 }]);
    await expectConserved(world, mirror);
  });

  test("ORDER-2: a late change does not bring a deleted row back, and a newer one does", async () => {
    const { world, sender, rows } = await sending(mirror);
    await sender.deliver(upsert({ id: 1, text: "v1", version: 1 }));
    await sender.deliver(remove({ id: 1, version: 5 }));
    const live = async () => (await rows()).filter(({ deletedAt }) => deletedAt === undefined);
    await sender.deliver(upsert({ id: 1, text: "v3", version: 3 }));
    await sender.deliver(update({ id: 1, text: "v4", version: 4 }));
    expect(await live()).toEqual([]);
    await sender.deliver(upsert({ id: 1, text: "v6", version: 6 }));
    expect(await live()).toEqual([{ id: 1, text: "v6", version: 6 }]);
    await expectConserved(world, mirror);
    await expectDigestInStep(world, mirror, ["id"]);
  });

  test("ORDER-3: a late deletion does not delete a newer row", async () => {
    const { sender, rows } = await sending(mirror);
    await sender.deliver(upsert({ id: 1, text: "v5", version: 5 }));
    const { counts } = await sender.deliver(remove({ id: 1, version: 3 }));
    expect(counts).toMatchObject({ received: 1, stale: 1 });
    expect(await rows()).toEqual([{ id: 1, text: "v5", version: 5 }]);
  });
});

describe.each(["versioned", "soft"])("in the mirror %s, a change without a version", (mirror) => {
  test("ORDER-14: is older than any with one: no row goes back in time through it, nor comes back", async () => {
    const { world, sender, rows } = await sending(mirror);
    const live = async () => (await rows()).filter(({ deletedAt }) => deletedAt === undefined);
    await sender.deliver(upsert({ id: 1, text: "March", version: 3 }));
    const late = [upsert({ id: 1, text: "none" }), update({ id: 1, text: "null", version: null })];
    for (const change of [...late, upsert({ id: 1, text: "January", version: 1 })])
      expect((await sender.deliver(change)).counts).toMatchObject({ stale: 1 });
    expect(await live()).toEqual([{ id: 1, text: "March", version: 3 }]);

    // A part of a row without a version has that of the row.
    expect((await sender.deliver(update({ id: 1, note: "n" }))).counts).toMatchObject({ updated: 1 });
    // A deletion is often a key alone: it has the version of the row.
    expect((await sender.deliver(remove({ id: 1, version: null }))).counts).toMatchObject({ deleted: 1 });
    expect((await sender.deliver(upsert({ id: 1, text: "none" }))).counts).toMatchObject({ stale: 1 });
    expect(await live()).toEqual([]);
    expect((await sender.deliver(upsert({ id: 1, text: "April", version: 4 }))).counts.stale).toBe(0);
    expect(await live()).toMatchObject([{ text: "April" }]);
    await expectConserved(world, mirror);
  });

  test("ORDER-14: orders nothing among its like, and gives way to any with one", async () => {
    const { world, sender, rows } = await sending(mirror);
    await sender.deliver(upsert({ id: 1, text: "a" }), upsert({ id: 1, text: "b" }));
    expect(await rows()).toEqual([{ id: 1, text: "b" }]);
    await sender.deliver(remove({ id: 1 }), upsert({ id: 1, text: "c" }));
    expect(await rows()).toEqual([{ id: 1, text: "c" }]);
    await sender.deliver(upsert({ id: 1, text: "d", version: -1 }));
    expect(await rows()).toEqual([{ id: 1, text: "d", version: -1 }]);
    await expectConserved(world, mirror);
  });
});

test("ORDER-14: a full row without a version does not replace a quarantined change with one", async () => {
  const { world, sender } = await sending("versioned");
  await sender.deliver(upsert({ id: 1, text: null, version: 5 }), upsert({ id: 1, text: "none" }));
  expect(await world.ledger("quarantine")).toHaveLength(1);
  await sender.deliver(upsert({ id: 1, text: "none" }));
  expect(await world.ledger("quarantine")).toHaveLength(1);
  await sender.deliver(remove({ id: 1 }));
  expect(await world.ledger("quarantine")).toHaveLength(0);
  await expectConserved(world, "versioned");
});

test.each([
  ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.250Z"],
  ["2026-10-25T02:30:00+02:00", "2026-10-25T02:10:00+01:00"],
  ["9", "10"],
  ["0/9", "0/10"],
])("ORDER-15: a text version is compared as what it says: %s, then %s", async (earlier, later) => {
  const fields = { id: v.number(), rev: v.union(v.string(), v.null()) };
  const documents = mirrorTable(fields, { primaryKey: ["id"], version: "rev" });
  const world = await World.start({ schema: defineSchema({ documents }) } as never);
  const sender = await Sender.begin(world, "documents");
  const send = async (change: SentChange) => (await sender.deliver(change)).counts;
  await send(upsert({ id: 1, rev: earlier }));
  expect(await send(upsert({ id: 1, rev: later }))).toMatchObject({ updated: 1 });
  expect(await send(upsert({ id: 1, rev: earlier }))).toMatchObject({ stale: 1 });
  expect(await send(remove({ id: 1, rev: earlier }))).toMatchObject({ stale: 1 });
  await send(remove({ id: 1, rev: later }));
  await send(remove({ id: 1, rev: earlier }));
  expect(await send(upsert({ id: 1, rev: earlier }))).toMatchObject({ stale: 1 });
});

test("ORDER-4: a deletion that overtakes its row is remembered", async () => {
  const { world, sender, rows } = await sending("versioned");
  expect((await sender.deliver(remove({ id: 1, version: 5 }))).counts).toMatchObject({ ignored: 1 });
  expect((await sender.deliver(upsert({ id: 1, text: "v4", version: 4 }))).counts).toMatchObject({
    stale: 1,
  });
  expect(await rows()).toEqual([]);
  await expectConserved(world, "versioned");
});

test("ORDER-5: there is one tombstone per row, of the highest version, deleted after a week", async () => {
  const { world, sender } = await sending("versioned");
  await sender.deliver(
    remove({ id: 1, version: 5 }),
    remove({ id: 1, version: 3 }),
    remove({ id: 2, version: 1 }),
  );
  await sender.deliver(remove({ id: 1, version: 4 }));
  const versions = (await world.ledger("tombstones")).map(({ version }): unknown => version);
  expect(versions.sort()).toEqual([1, 5]);
  expect((await world.mirror("versioned")).tombstones).toBe(2);
  vi.advanceTimersByTime(7 * 24 * 3_600_000 + 1);
  await world.component("maintenance:prune");
  expect(await world.ledger("tombstones")).toEqual([]);
  expect((await world.mirror("versioned")).tombstones).toBe(0);
});

test("ORDER-6: changes of one row apply in the order in which they came, within a delivery and across", async () => {
  const { world, sender, rows } = await sending("plain");
  await sender.deliver(
    upsert({ id: 1, text: "a" }),
    update({ id: 1, note: "n" }),
    remove({ id: 1 }),
    upsert({ id: 1, text: "b" }),
    update({ id: 1, note: "m" }),
  );
  expect(await rows()).toEqual([{ id: 1, text: "b", note: "m" }]);
  await sender.deliver(remove({ id: 1 }), update({ id: 1, text: "late" }));
  expect(await rows()).toEqual([]);
  await expectConserved(world, "plain");
  await expectDigestInStep(world, "plain", ["id"]);
});

test("ORDER-7: a change of the key is a deletion of the old row and an upsert of the new one, in one transaction", async () => {
  const { world, sender, rows } = await sending("versioned");
  await sender.deliver(upsert({ id: 1, text: "a", version: 1 }));
  const moved = { op: "upsert" as const, row: { id: 2, text: "a", version: 2 }, previousKey: { id: 1 } };
  expect((await sender.deliver(moved)).counts).toMatchObject({ received: 2, inserted: 1, deleted: 1 });
  expect(await rows()).toEqual([{ id: 2, text: "a", version: 2 }]);
  await expectConserved(world, "versioned");
});

test("ORDER-8: an update or deletion of a row that does not exist does nothing", async () => {
  const { world, sender, rows } = await sending("plain");
  const { counts } = await sender.deliver(update({ id: 1, text: "a" }), remove({ id: 2 }));
  expect(counts).toMatchObject({ received: 2, ignored: 2 });
  expect(await rows()).toEqual([]);
  await expectConserved(world, "plain");
});

test("ORDER-9: a soft deletion keeps the row, marks it with the time, and an upsert brings it back unmarked", async () => {
  const { world, sender, rows } = await sending("soft");
  await sender.deliver(upsert({ id: 1, text: "a", version: 1 }));
  const [before] = await world.documents("soft");
  await sender.deliver(remove({ id: 1, version: 2 }));
  expect(await rows()).toEqual([{ id: 1, text: "a", version: 2, deletedAt: Date.now() }]);
  expect((await sender.deliver(remove({ id: 1, version: 3 }))).counts).toMatchObject({ ignored: 1 });
  expect((await sender.deliver(update({ id: 1, text: "b", version: 4 }))).counts).toMatchObject({
    ignored: 1,
  });
  await sender.deliver(upsert({ id: 1, text: "c", version: 5 }));
  expect(await world.documents("soft")).toEqual([{ ...before, text: "c", version: 5 }]);
  await expectConserved(world, "soft");
  await expectDigestInStep(world, "soft", ["id"]);
});

test("ORDER-10: a late deletion does not shorten the memory of a later one, in one delivery or in two", async () => {
  const { world, sender, rows } = await sending("versioned");
  await sender.deliver(remove({ id: 1, version: 5 }));
  await sender.deliver(remove({ id: 1, version: 3 }), upsert({ id: 1, text: "v4", version: 4 }));
  expect(await rows()).toEqual([]);
  await sender.deliver(
    remove({ id: 2, version: 5 }),
    remove({ id: 2, version: 3 }),
    upsert({ id: 2, text: "v4", version: 4 }),
  );
  expect(await rows()).toEqual([]);
  await expectConserved(world, "versioned");
});

test("ORDER-11: a deletion holds against a late change of the same delivery even when a bad row splits it", async () => {
  const { world, sender, rows } = await sending("versioned");
  await sender.deliver(upsert({ id: 1, text: "v1", version: 1 }));
  world.poison = ({ key }) => (key[0] === 9 ? "No." : null);
  await sender.deliver(
    remove({ id: 1, version: 5 }),
    upsert({ id: 9, text: "poison", version: 1 }),
    upsert({ id: 1, text: "v4", version: 4 }),
  );
  expect(await rows()).toEqual([]);
  await expectConserved(world, "versioned");
});

test("ORDER-12: a late change whose row is deleted again in the same delivery is counted as late", async () => {
  const { world, sender } = await sending("versioned");
  await sender.deliver(remove({ id: 1, version: 5 }));
  const { counts } = await sender.deliver(
    upsert({ id: 1, text: "v4", version: 4 }),
    remove({ id: 1, version: 4 }),
  );
  expect(counts).toMatchObject({ stale: 1, ignored: 1, inserted: 0, deleted: 0 });
  await expectConserved(world, "versioned");
});
