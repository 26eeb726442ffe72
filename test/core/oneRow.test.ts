// @vitest-environment node
/** What a delivery of one row writes beside the row. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Meter, type Written } from "../../bench/count.js";
import { expectDigestInStep } from "./support/checks.js";
import { remove, Sender, type SentChange, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Deliveries of one row: more than it takes to fold their changes several times, and to forget the first of them. */
const DELIVERIES = 210;

/** A row is inserted, changed and deleted in turn. */
const changeOf = (i: number): SentChange =>
  i % 3 === 2 ? remove({ id: DELIVERIES - i }) : upsert({ id: i % 3 === 0 ? 0 : 1_000 + i, text: String(i) });

const sum = (written: readonly Written[]) => written.reduce((total, { bytes }) => total + bytes, 0);

/** What each delivery writes beside its row, so many milliseconds after the one before. */
async function measure(world: World, everyMs: number): Promise<Written[][]> {
  await world.passTime(2_000);
  const meter = new Meter(world);
  const sender = await Sender.begin(world, "plain", { silenceSeconds: 3_600 });
  await sender.deliver(upsert({ id: 0, text: "first" }));
  const deliveries: Written[][] = [];
  for (let i = 1; i <= DELIVERIES; i++) {
    await world.passTime(everyMs);
    await meter.of(async () => sender.deliver(changeOf(i)));
    deliveries.push(meter.written.filter(({ table }) => table !== "plain"));
  }
  return deliveries;
}

async function filled(): Promise<World> {
  const world = await World.start();
  const sender = await Sender.begin(world, "plain");
  await sender.deliver(...Array.from({ length: DELIVERIES + 1 }, (_, id) => upsert({ id, text: "before" })));
  await sender.finish();
  return world;
}

test.each([
  { how: "alone", everyMs: 1_500 },
  { how: "ten in a second", everyMs: 100 },
])("COST-8: deliveries of one row, $how: 3 documents and 1 KiB beside the row", async ({ everyMs }) => {
  const world = await filled();
  const deliveries = await measure(world, everyMs);
  // Written once in a while, however many deliveries there are, and mostly by jobs and transactions of their own.
  const seldom = ["digests", "mirrors", "samples", "tokens"];
  for (const written of deliveries.map((all) => all.filter(({ table }) => !seldom.includes(table)))) {
    expect(written.length, JSON.stringify(written)).toBe(3);
    expect(sum(written), JSON.stringify(written)).toBeLessThanOrEqual(1_024);
  }
  const writesOf = (name: string) => deliveries.flat().filter(({ table }) => table === name);
  expect(writesOf("digests")).toHaveLength(Math.floor((DELIVERIES + 1) / 64));
  expect(sum(writesOf("digests")) / DELIVERIES).toBeLessThanOrEqual(240);
  expect(writesOf("mirrors").length).toBeLessThanOrEqual(
    everyMs > 1_000 ? 0 : (DELIVERIES * everyMs) / 1_000 + 1,
  );
  expect(await world.ledger("deltas")).toHaveLength(64);
  await expectDigestInStep(world, "plain", ["id"]);
});
