// @vitest-environment node
/** Rows of any size are swept, marked, copied, cleared and audited: pages are cut by bytes, not only by rows. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Schema } from "../../tools/local-convex/mock.js";
import { expectConserved } from "./support/checks.js";
import { schema } from "./support/schema.js";
import { refresh, Sender, upsert } from "./support/sender.js";
import { type Row, World } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function start(): Promise<World> {
  return await World.start({
    schema: schema as unknown as Schema,
    options: { writeBudget: { bytesPerSecond: 1e9 } },
  });
}

/** Many rows of 10 KiB, of which a page of 1,000 is over the 16 MiB of a transaction, and some of nearly 1 MiB. */
const SIZES: [name: string, rows: number, bytes: number][] = [
  ["10 KiB", 1_200, 10 * 1024],
  ["1 MiB", 19, 1024 * 1024 - 200],
];

const rowsOf = (count: number, bytes: number): Row[] =>
  Array.from({ length: count }, (_, id) => ({ id, text: "x".repeat(bytes) }));

/** Fills a mirror; its sender sends no more than a request takes. */
async function fill(world: World, mirror: string, rows: Row[]): Promise<void> {
  const sender = await Sender.begin(world, mirror, { syncMode: "overwrite" });
  await sender.deliver(...rows.map(upsert));
  await sender.finish();
  await world.passTime(1_000);
}

/** A refresh that delivers less: of many rows, a person agrees that most of them are deleted. */
async function shrink(world: World, mirror: string, rows: Row[]): Promise<void> {
  await refresh(world, mirror, rows);
  await world.component("runs:sweep", { mirror });
  await world.passTime(1_000);
}

async function audit(world: World, mirror: string): Promise<unknown> {
  await world.component("audit:start", { mirror });
  await world.passTime(1_000);
  return ((await world.component("audit:report", { mirror })) as { state: string }).state;
}

describe.each(SIZES)("rows of %s", (_, count, bytes) => {
  const rows = rowsOf(count, bytes);

  test("LIMIT-5: those that a refresh does not deliver are deleted", async () => {
    const world = await start();
    await fill(world, "plain", rows);
    expect(await audit(world, "plain")).toBe("equal");
    await shrink(world, "plain", [{ id: 7, text: "only" }]);
    expect(await world.rows("plain")).toEqual([{ id: 7, text: "only" }]);
    expect(await world.run("plain")).toMatchObject({ state: "complete", swept: count - 1 });
    await expectConserved(world, "plain");
  });

  test("LIMIT-5: those that a refresh does not deliver are marked, where deleted rows stay", async () => {
    const world = await start();
    await fill(world, "soft", rows);
    await shrink(world, "soft", [{ id: 7, text: "only" }]);
    expect(await world.run("soft")).toMatchObject({ state: "complete", swept: count - 1 });
    expect(await audit(world, "soft")).toBe("equal");
  });

  test("LIMIT-5: missing copies are added, and surplus ones deleted", async () => {
    const world = await start();
    const copies = rows.map(({ text }) => ({ text }));
    await fill(world, "facts", copies);
    expect(await world.mirror("facts")).toMatchObject({ rows: count });
    expect(await audit(world, "facts")).toBe("equal");
    await shrink(world, "facts", copies.slice(0, 2));
    expect(await world.documents("facts")).toHaveLength(2);
    await expectConserved(world, "facts");
  });

  test("LIMIT-5: a mirror is cleared", async () => {
    const world = await start();
    await fill(world, "plain", rows);
    expect(await world.call("clearMirror", { mirror: "plain" })).toBe(count);
    expect(await world.documents("plain")).toEqual([]);
    await expectConserved(world, "plain");
  });
});
