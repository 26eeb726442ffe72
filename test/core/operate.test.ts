// @vitest-environment node
import { internalMutationGeneric } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Schema } from "../../tools/local-convex/mock.js";
import { expectConserved, expectDigestInStep } from "./support/checks.js";
import { schema } from "./support/schema.js";
import { expectRefused, refresh, Sender, upsert } from "./support/sender.js";
import { World, type Row } from "./support/world.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function stateOf(world: World, mirror: string): Promise<string> {
  return ((await world.call("status")) as Row[]).find(({ name }) => name === mirror)!.state as string;
}

describe("freshness", () => {
  async function heard(): Promise<{ world: World; sender: Sender }> {
    const world = await World.start();
    const sender = await Sender.begin(world, "punctual", { silenceSeconds: 86_400 });
    await sender.deliver(upsert({ id: 1, text: "a" }));
    return { world, sender };
  }

  test("OPERATE-1: a mirror without contact for as long as it expects is late, and stale after three times that", async () => {
    const { world } = await heard();
    await world.passTime(MINUTE_MS - 1);
    expect(await stateOf(world, "punctual")).not.toBe("late");
    await world.passTime(1);
    expect(await stateOf(world, "punctual")).toBe("late");
    await world.passTime(2 * MINUTE_MS);
    expect(await stateOf(world, "punctual")).toBe("stale");
  });

  test("OPERATE-2: an idle source is not late, and a late one is fresh after the next contact", async () => {
    const { world, sender } = await heard();
    for (let i = 0; i < 5; i++) {
      await world.passTime(45_000);
      await sender.deliver();
      expect(await stateOf(world, "punctual")).not.toBe("late");
    }
    await world.passTime(10 * MINUTE_MS);
    expect(await stateOf(world, "punctual")).toBe("stale");
    await sender.deliver();
    expect(await stateOf(world, "punctual")).toBe("upToDate");
    await world.passTime(MINUTE_MS);
    expect(await stateOf(world, "punctual")).toBe("late");
  });

  test("OPERATE-3: a mirror that expects nothing is never late", async () => {
    const { world } = await heard();
    await refresh(world, "plain", [{ id: 1, text: "a" }]);
    await world.passTime(30 * 24 * HOUR_MS);
    expect(await stateOf(world, "plain")).toBe("upToDate");
  });
});

test("OPERATE-4: the app is notified of every change of state, once, in order, with the reason", async () => {
  const told: Row[] = [];
  const changed = internalMutationGeneric({
    args: { mirror: v.string(), from: v.string(), to: v.string(), reason: v.string(), at: v.string() },
    handler: (_ctx, change) => void told.push(change),
  });
  const world = await World.start({
    schema: schema as unknown as Schema,
    options: { onStateChange: "alarms:changed" },
    modules: { alarms: { changed } },
  });
  await refresh(world, "punctual", [{ id: 1, text: "a" }]);
  await world.passTime(10 * MINUTE_MS);
  await world.call("pause", { mirror: "punctual", reason: "Moving house." });
  await world.call("resume", { mirror: "punctual" });
  await world.passTime(1);
  const steps = told.map(({ from, to }) => `${String(from)} → ${String(to)}`);
  expect(steps).toEqual([
    "waiting → snapshotting",
    "snapshotting → upToDate",
    "upToDate → late",
    "late → stale",
    "stale → paused",
    "paused → upToDate",
  ]);
  expect(told[4]).toMatchObject({ mirror: "punctual", reason: "Moving house." });
});

test("OPERATE-5: a paused mirror accepts no runs and no deliveries, stays readable, and continues where it was", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(upsert({ id: 1, text: "a" }));
  await world.call("pause", { mirror: "plain", reason: "Moving house." });
  const refused = await sender.tryDeliver([upsert({ id: 2, text: "b" })]);
  expectRefused(refused, 503, "MirrorPaused");
  expect(refused.headers.get("Retry-After")).toBe("60");
  expect(refused.body.message).toContain("Moving house.");
  expectRefused(await new Sender(world, "plain").tryBegin(), 503, "MirrorPaused");
  expect([await stateOf(world, "plain"), (await world.rows("plain")).length]).toEqual(["paused", 1]);
  await world.call("resume", { mirror: "plain" });
  await sender.deliver(upsert({ id: 2, text: "b" }));
  expect(await world.rows("plain")).toHaveLength(2);
});

test("OPERATE-6: a run whose sender dies is incomplete after its silence, and its mirror says so", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain", { silenceSeconds: 600 });
  await sender.deliver(upsert({ id: 1, text: "a" }));
  await world.passTime(599_000);
  expect((await world.run("plain")).state).toBe("running");
  // Uses of its token are noted to ten seconds.
  await world.passTime(11_000);
  expect((await world.run("plain")).state).toBe("incomplete");
  expect(await stateOf(world, "plain")).toBe("failed");
  expectRefused(await sender.tryDeliver([upsert({ id: 2, text: "b" })]), 409, "StaleRun");
});

test("OPERATE-7: the history of runs is bounded, and the records of their deliveries go with them", async () => {
  const world = await World.start();
  for (let i = 0; i < 310; i++) {
    const sender = await Sender.begin(world, "plain");
    if (i < 3) await sender.deliver(upsert({ id: i, text: "a" }));
  }
  await world.passTime(1_000);
  expect((await world.ledger("runs")).length).toBeLessThanOrEqual(301);
  expect(await world.ledger("deliveries")).toEqual([]);
});

describe("limits of the platform", () => {
  test("LIMIT-1: a chunk that is too large for a transaction is cut until it fits, and nothing is lost or doubled", async () => {
    for (const limits of [{ databaseQueries: 60 }, { documentsWritten: 40 }, { bytesWritten: 64 * 1024 }]) {
      const world = await World.start({ limits });
      const sender = await Sender.begin(world, "plain");
      const rows = Array.from({ length: 300 }, (_, id) => upsert({ id, text: "x".repeat(100) }));
      const { counts } = await sender.deliver(...rows);
      expect(counts).toMatchObject({ received: 300, inserted: 300 });
      expect(await world.rows("plain")).toHaveLength(300);
      await expectConserved(world, "plain");
      await expectDigestInStep(world, "plain", ["id"]);
    }
  });

  test("LIMIT-2: a transaction that loses a race is run again, and applies once", async () => {
    const world = await World.start();
    const sender = await Sender.begin(world, "facts", { syncMode: "append" });
    let conflicts = 0;
    world.faults.plan = ({ kind }) => (kind === "mutation" && conflicts++ < 3 ? "conflict" : null);
    const answer = await world.whileTimePasses(sender.tryDeliver([upsert({ text: "a" })]));
    expect(answer.status).toBe(200);
    expect(await world.rows("facts")).toHaveLength(1);
  });

  test("LIMIT-3: one that goes on losing is answered with a failure that may be retried, and has done nothing", async () => {
    const world = await World.start();
    const sender = await Sender.begin(world, "facts", { syncMode: "append" });
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    world.faults.plan = ({ kind }) => (kind === "mutation" ? "conflict" : null);
    const answer = await world.whileTimePasses(sender.tryDeliver([upsert({ text: "a" })]));
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(await world.rows("facts")).toEqual([]);
    world.faults.plan = () => null;
    await sender.deliver(upsert({ text: "a" }));
    expect(await world.rows("facts")).toHaveLength(1);
  });
});
