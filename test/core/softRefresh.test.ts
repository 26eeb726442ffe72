// @vitest-environment node
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { mirrorTable } from "../../src/schema/index.js";
import { expectConserved, expectDigestInStep, sorted } from "./support/checks.js";
import { refresh, remove, Sender, upsert } from "./support/sender.js";
import { World, type AppVersion, type Row } from "./support/world.js";

const START = Date.parse("2026-01-31T08:00:00Z");
const overwrite = { syncMode: "overwrite" } as const;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const row = (id: number, version = 1) => ({ id, text: "t", version });
const byId = async (world: World) => sorted(await world.rows("soft"));
const markedIds = async (world: World) =>
  (await byId(world)).filter(({ deletedAt }) => deletedAt !== undefined).map(({ id }) => id);

async function withRows(count = 4): Promise<World> {
  const world = await World.start();
  await refresh(
    world,
    "soft",
    Array.from({ length: count }, (_, id) => row(id)),
  );
  return world;
}

async function expectInStep(world: World): Promise<void> {
  await expectConserved(world, "soft");
  await expectDigestInStep(world, "soft", ["id"]);
  await world.call("audit", { mirror: "soft" });
  await world.passTime(1_000);
  expect(await world.call("auditReport", { mirror: "soft" })).toMatchObject({ state: "equal" });
}

describe("a refresh of a mirror that keeps deleted rows", () => {
  test("REFRESH-20: marks what it did not deliver, once, and leaves marked rows as they are", async () => {
    const world = await withRows();
    const before = await world.documents("soft");
    const live = await Sender.begin(world, "soft");
    await live.deliver(remove({ id: 3, version: 2 }));
    const marked3 = (await byId(world))[3];
    await world.passTime(60_000);
    await refresh(world, "soft", [row(0), row(1)]);
    const after = await world.documents("soft");
    expect(after.map(({ _id }) => _id)).toEqual(before.map(({ _id }) => _id));
    expect(await byId(world)).toEqual([
      row(0),
      row(1),
      { ...row(2), deletedAt: expect.any(Number) as number },
      marked3,
    ]);
    expect((await byId(world))[2]!.deletedAt).toBeGreaterThanOrEqual(START + 60_000);
    expect(await world.run("soft")).toMatchObject({
      state: "complete",
      swept: 1,
      reason: "Complete; 1 row that it did not deliver was marked as deleted.",
    });
    expect(await world.mirror("soft")).toMatchObject({ rows: 4, removed: 0 });
    await expectInStep(world);
    // The next one has nothing to mark, and writes nothing.
    const documents = await world.documents("soft");
    await refresh(world, "soft", [row(0), row(1)]);
    expect(await world.documents("soft")).toEqual(documents);
    expect(await world.run("soft")).toMatchObject({ swept: 0 });
    await expectInStep(world);
  });

  test("REFRESH-21: unmarks a row that comes back, even unchanged; one that the source deleted comes back only by a newer change", async () => {
    const world = await withRows();
    const live = await Sender.begin(world, "soft");
    await live.deliver(remove({ id: 3 }));
    await refresh(world, "soft", [row(0)]);
    expect(await markedIds(world)).toEqual([1, 2, 3]);
    await refresh(
      world,
      "soft",
      [0, 1, 2, 3].map((id) => row(id)),
    );
    expect(await markedIds(world)).toEqual([3]);
    await refresh(world, "soft", [row(0), row(3, 2)]);
    expect(await markedIds(world)).toEqual([1, 2]);
    expect(await byId(world)).toHaveLength(4);
    await expectInStep(world);
  });

  test("REFRESH-22: leaves a deletion that comes after the mark remembered", async () => {
    const world = await withRows(2);
    await refresh(world, "soft", [row(0)]);
    const live = await Sender.begin(world, "soft");
    const { counts } = await live.deliver(remove({ id: 1 }));
    expect(counts).toMatchObject({ ignored: 1 });
    await live.deliver(upsert(row(1)));
    expect(await markedIds(world)).toEqual([1]);
    await live.deliver(upsert(row(1, 2)));
    expect(await markedIds(world)).toEqual([]);
    await expectInStep(world);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7])(
    "REFRESH-23: marks each row once although the sweep dies at step %i",
    async (at) => {
      for (const fault of ["before", "after"] as const) {
        const world = await withRows(6);
        vi.spyOn(console, "error").mockImplementation(() => undefined);
        const sender = await Sender.begin(world, "soft", overwrite);
        await sender.deliver(upsert(row(1)));
        await sender.finish();
        const start = world.faults.steps;
        world.faults.plan = ({ number }) => (number === start + at ? fault : null);
        await world.passTime(1_000);
        world.faults.plan = () => null;
        const first = await byId(world);
        await world.passTime(3_600_000);
        expect(await markedIds(world)).toEqual([0, 2, 3, 4, 5]);
        // What was marked before the sweep died keeps the time of then.
        if (first.some(({ deletedAt }) => deletedAt !== undefined)) expect(await byId(world)).toEqual(first);
        expect(await world.run("soft")).toMatchObject({ state: "complete", swept: 5 });
        await expectInStep(world);
      }
    },
  );

  test("leaves alone what live changes bring while it is swept", async () => {
    const world = await withRows(50);
    const sender = await Sender.begin(world, "soft", overwrite);
    await sender.deliver(upsert(row(1)));
    await sender.finish();
    let steps = 0;
    world.faults.plan = async ({ kind }) => {
      if (kind === "mutation" && steps++ === 0) {
        world.faults.plan = () => null;
        const live = await Sender.begin(world, "soft");
        await live.deliver(upsert(row(100)), upsert(row(7, 2)));
      }
      return null;
    };
    await world.passTime(1_000);
    expect(steps).toBe(1);
    const unmarked = (await byId(world)).filter(({ deletedAt }) => deletedAt === undefined);
    expect(unmarked.map(({ id }) => id)).toEqual([1, 7, 100]);
    await expectInStep(world);
  });
});

/** Mirrors whose markers are of the other kinds, and without a version. */
const markers: Record<string, [Row, unknown]> = {
  flagged: [{ gone: undefined }, true],
  dated: [{ gone: null }, expect.stringMatching(/^2026-01-31T08:0/)],
};

test.each(Object.entries(markers))(
  "a marker of the mirror %s is what its field takes",
  async (name, [_none, marker]) => {
    const schema = defineSchema({
      flagged: mirrorTable(
        { id: v.number(), gone: v.optional(v.boolean()) },
        { primaryKey: ["id"], onDelete: "soft", deletedField: "gone" },
      ),
      dated: mirrorTable(
        { id: v.number(), gone: v.union(v.string(), v.null()) },
        { primaryKey: ["id"], onDelete: "soft", deletedField: "gone" },
      ),
    });
    const world = await World.start({ schema } as unknown as AppVersion);
    await refresh(world, name, [{ id: 1 }, { id: 2 }]);
    await refresh(world, name, [{ id: 2 }]);
    expect((await world.rows(name)).map(({ gone }) => gone)).toEqual([
      marker,
      name === "dated" ? null : undefined,
    ]);
    await refresh(world, name, [{ id: 1 }, { id: 2 }]);
    expect((await world.rows(name)).map(({ gone }) => gone ?? null)).toEqual([null, null]);
    await expectDigestInStep(world, name, ["id"]);
  },
);

test("POLITE-7: the marks of a sweep are paid from the budget, and it waits for what it has overdrawn", async () => {
  const world = await World.start({
    options: { writeBudget: { bytesPerSecond: 20_000 } },
  } as Partial<AppVersion>);
  const long = "x".repeat(5_000);
  const rows = Array.from({ length: 1_800 }, (_, id) => ({ ...row(id), note: long }));
  for (let from = 0; from < rows.length; from += 100) {
    await refreshPart(world, rows.slice(from, from + 100));
    await world.passTime(60_000);
  }
  await world.passTime(3_600_000);
  const sender = await Sender.begin(world, "soft", overwrite);
  await world.send("POST", `/v1/runs/${sender.run}/finish`, { outcome: "complete", allowShrink: true });
  const startedAt = Date.now();
  await world.whileTimePasses(world.passTime(1_000), 1_000);
  expect(await markedIds(world)).toHaveLength(1_800);
  expect((Date.now() - startedAt) / 1_000).toBeGreaterThan(30);
});

async function refreshPart(world: World, rows: Row[]): Promise<void> {
  const sender = await Sender.begin(world, "soft");
  await sender.deliver(...rows.map(upsert));
  await sender.finish();
}
