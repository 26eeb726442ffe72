// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sorted } from "./support/checks.js";
import { expectOk, expectRefused, refresh, Sender, upsert } from "./support/sender.js";
import { World, type Row } from "./support/world.js";

/** Numbers of generations that different senders count. */

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const row = (id: number) => ({ id, text: "t" });
const rows = (...all: number[]) => all.map(row);

async function ids(world: World): Promise<unknown[]> {
  return sorted(await world.rows("plain")).map(({ id }) => id);
}

/** As `airbyte write` begins the refresh of a stream. */
function airbyte(generation: number, more: Row = {}) {
  return {
    syncMode: "overwrite",
    generation,
    minimumGeneration: generation,
    counter: "airbyte, sync 1",
    again: true,
    ...more,
  } as const;
}

describe("the numbers of another counter", () => {
  test("SURE-11: are not compared with the mirror's own, nor with those of a third", async () => {
    const world = await World.start();
    for (let i = 0; i < 3; i++) await refresh(world, "plain", rows(0, 1, 2));
    await refresh(world, "plain", rows(1), airbyte(1));
    expect(await ids(world)).toEqual([1]);
    await refresh(world, "plain", rows(7, 8), airbyte(58, { counter: "airbyte" }));
    await refresh(world, "plain", rows(8, 9));
    await refresh(world, "plain", rows(9), airbyte(59, { counter: "airbyte" }));
    expect(await ids(world)).toEqual([9]);
    await refresh(world, "plain", rows(3), airbyte(1, { counter: "airbyte" }));
    expect(await ids(world)).toEqual([3]);
    await refresh(world, "plain", rows(4));
    expect(await ids(world)).toEqual([4]);
  });

  test("SURE-11: do not use up the numbers that a sender without a counter gives", async () => {
    const world = await World.start();
    const own = (generation: number) => ({ syncMode: "overwrite", generation }) as const;
    await refresh(world, "plain", rows(1), own(58));
    await refresh(world, "plain", rows(7, 8), airbyte(3));
    await refresh(world, "plain", rows(8, 9), airbyte(4));
    expect((await refresh(world, "plain", rows(9), own(59))).begun).toMatchObject({ generation: 59 });
    expect(await ids(world)).toEqual([9]);
    // Nor is an open refresh of the counter continued by one who happens to give its number.
    const open = await Sender.begin(world, "plain", airbyte(5));
    await open.deliver(upsert(row(7)));
    await open.finish("incomplete");
    for (const [number, continued] of [
      [60, false],
      [60, true],
    ] as const) {
      const sender = await Sender.begin(world, "plain", own(number));
      expect(sender.begun).toMatchObject({ generation: 60, continued });
      await sender.deliver(upsert(row(2)));
      await sender.finish(continued ? "complete" : "incomplete");
    }
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([2]);
    expect((await refresh(world, "plain", rows(3))).begun).toMatchObject({ generation: 61 });
  });

  test("SURE-12: name a refresh of its own each time, if its sender delivers every row each time", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(1, 2, 3), airbyte(1));
    await refresh(world, "plain", rows(1), airbyte(1));
    expect(await ids(world)).toEqual([1]);
    // The last attempt of a sync whose stream was complete may have nothing left to send.
    for (let attempt = 0; attempt < 3; attempt++) {
      await refresh(world, "plain", [], airbyte(1));
      expect(await ids(world)).toEqual([1]);
    }
  });

  test("SURE-12: continue a refresh that was interrupted, and delete nothing once it is complete", async () => {
    const world = await World.start();
    await refresh(world, "plain", rows(0, 1, 2));
    const incremental = airbyte(4, { counter: "airbyte", again: false });
    const first = await Sender.begin(world, "plain", incremental);
    await first.deliver(upsert(row(1)));
    await first.finish("incomplete");
    const second = await Sender.begin(world, "plain", incremental);
    expect(second.begun).toMatchObject({ generation: 4, continued: true });
    await second.deliver(upsert(row(2)));
    await second.finish();
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([1, 2]);
    const third = await Sender.begin(world, "plain", incremental);
    expect(third.begun).toMatchObject({ generation: null, continued: false });
    await third.deliver(upsert(row(5)));
    await third.finish();
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([1, 2, 5]);
  });
});

test("SURE-13: a person resets the count of a mirror", async () => {
  const world = await World.start();
  await refresh(world, "plain", rows(0, 1, 2), { generation: 40 });
  const late = await new Sender(world, "plain").tryBegin({ syncMode: "overwrite", generation: 1 });
  expectRefused(late, 409, "StaleGeneration");
  expect(late.body.message).toContain("streaming-import reset-generation plain");
  await world.component("runs:resetGeneration", { mirror: "plain" });
  const sender = await refresh(world, "plain", rows(2), { generation: 1 });
  expect(sender.begun).toMatchObject({ generation: 1, continued: false });
  expect(await ids(world)).toEqual([2]);
  expect((await refresh(world, "plain", rows(3))).begun).toMatchObject({ generation: 2 });
  const status = await world.send("GET", "/v1/status");
  const plain = (status.body.mirrors as Row[]).find(({ name }) => name === "plain");
  expect(plain).toMatchObject({ generation: 2 });
});

test("SURE-13: no number is so high that none can follow", async () => {
  const world = await World.start();
  const begin = async (generation: number) =>
    new Sender(world, "plain").tryBegin({ syncMode: "overwrite", generation });
  expectRefused(await begin(Number.MAX_SAFE_INTEGER), 400, "BadJsonBody");
  expectOk(await begin(Date.now() * 1_000));
  for (let i = 0; i < 4; i++) {
    await world.component("runs:resetGeneration", { mirror: "plain" });
    expectOk(await begin(2 ** 52));
  }
  await refresh(world, "plain", rows(1, 2));
  await refresh(world, "plain", rows(2));
  expect(await ids(world)).toEqual([2]);
});

test("SURE-13: a count may start at 0", async () => {
  const world = await World.start();
  await refresh(world, "plain", rows(1, 2));
  await world.component("runs:resetGeneration", { mirror: "plain" });
  for (const generation of [0, 1]) {
    await refresh(world, "plain", rows(generation), { generation });
    expect(await ids(world)).toEqual([generation]);
  }
});
