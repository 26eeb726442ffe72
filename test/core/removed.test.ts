// @vitest-environment node
import { defineSchema } from "convex/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Schema } from "../../tools/local-convex/mock.js";
import { expectConserved } from "./support/checks.js";
import { expectRefused, refresh, Sender, upsert } from "./support/sender.js";
import { schema } from "./support/schema.js";
import { World } from "./support/world.js";

const DAY_MS = 24 * 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const row = (id: number) => ({ id, text: "t" });
const { plain: _gone, ...others } = schema.tables;
const withoutPlain = defineSchema(others) as unknown as Schema;
const whole = schema as unknown as Schema;

/** A whole refresh of 1 that waits for the sweep of 2 and 3. */
async function sweepWaiting(): Promise<World> {
  const world = await World.start();
  await refresh(world, "plain", [1, 2, 3].map(row));
  const sender = await Sender.begin(world, "plain", { syncMode: "overwrite" });
  await sender.deliver(upsert(row(1)));
  await sender.finish();
  return world;
}

async function pendingJobs(world: World): Promise<number> {
  return await world.inLedger(async (ctx) => {
    const jobs = await ctx.db.system.query("_scheduled_functions").collect();
    return jobs.filter(({ state, name }) => state.kind === "pending" && !name.startsWith("maintenance"))
      .length;
  });
}

describe("a mirror that leaves the schema", () => {
  test.each(["told", "not told"])(
    "OPERATE-8: ends its sweep for good, and keeps its rows (the registry is %s)",
    async (how) => {
      const world = await sweepWaiting();
      world.deploy({ schema: withoutPlain });
      if (how === "told") await world.call("declare");
      await world.passTime(1_000);
      const run = await world.run("plain");
      expect(run).toMatchObject({ state: "incomplete", swept: 0 });
      expect(run.reason).toMatch(/no longer declares the mirror/);
      await world.passTime(DAY_MS);
      expect(await pendingJobs(world)).toBe(0);
      expect(await world.ledger("manifests")).toEqual([]);
      expect(await world.mirror("plain")).toMatchObject({ state: how === "told" ? "removed" : "failed" });
      expect(await world.mirror("plain")).not.toHaveProperty("sweeping");
      // Declared again, the next refresh does what was left.
      world.deploy({ schema: whole });
      await world.call("declare");
      expect(await world.rows("plain")).toHaveLength(3);
      await refresh(world, "plain", [row(1)]);
      expect(await world.rows("plain")).toEqual([row(1)]);
      await expectConserved(world, "plain");
    },
  );

  test("OPERATE-9: ends its run, and its sender learns it", async () => {
    const world = await World.start();
    const sender = await Sender.begin(world, "plain");
    await sender.deliver(upsert(row(1)));
    world.deploy({ schema: withoutPlain });
    await world.call("declare");
    expect(await world.run("plain")).toMatchObject({ state: "incomplete" });
    expect(await world.mirror("plain")).toMatchObject({ state: "removed" });
    expect(await world.mirror("plain")).not.toHaveProperty("run");
    expectRefused(await sender.tryDeliver([upsert(row(2))]), 404, "UnknownMirror");
    world.deploy({ schema: whole });
    await world.call("declare");
    expect(await world.mirror("plain")).toMatchObject({ state: "upToDate", rows: 1 });
    expectRefused(await sender.tryDeliver([upsert(row(2))]), 409, "StaleRun");
  });
});

test("OPERATE-10: a sweep that dies each time is abandoned, and says so; the next refresh does its work", async () => {
  const world = await sweepWaiting();
  let deaths = 0;
  world.faults.plan = () => {
    deaths += 1;
    return "before";
  };
  await world.passTime(DAY_MS);
  world.faults.plan = () => null;
  expect(deaths).toBe(8);
  expect(await world.run("plain")).toMatchObject({ state: "incomplete" });
  expect((await world.mirror("plain")).reason).toMatch(/Refresh 2: Its sweep died 8 times/);
  expect(await world.mirror("plain")).toMatchObject({ state: "failed" });
  expect(await pendingJobs(world)).toBe(0);
  await refresh(world, "plain", [row(1)]);
  expect(await world.rows("plain")).toEqual([row(1)]);
  await expectConserved(world, "plain");
});

test("TOLERANT-14: an app that does not know the mirror is no fault of its rows: none is quarantined, and the delivery can be repeated", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  // A request that began before a deploy calls functions that came with it.
  world.poison = (_row, table) => `"${table}" is not a mirror of this schema.`;
  expect((await sender.tryDeliver([upsert(row(1)), upsert(row(2))])).status).toBe(500);
  expect(await world.ledger("quarantine")).toEqual([]);
  world.poison = null;
  await sender.deliver(upsert(row(1)), upsert(row(2)));
  expect(await world.rows("plain")).toEqual([row(1), row(2)]);
});
