// @vitest-environment node
import { defineSchema } from "convex/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Schema } from "../../tools/local-convex/mock.js";
import { expectConserved } from "../core/support/checks.js";
import { World } from "../core/support/world.js";
import { fivetranMirrors } from "./mirrors.js";
import { APPLY, HEADERS, TRUNCATE } from "./support.js";

/** Sizes that take tables with indexes. */

vi.setConfig({ testTimeout: 180_000 });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ROWS = 10_000;

async function start(): Promise<World> {
  return await World.start({
    schema: defineSchema(fivetranMirrors) as unknown as Schema,
    options: { writeBudget: { bytesPerSecond: 1e12 } },
  });
}

function encodedId(id: number): { $integer: string } {
  const bytes = new Uint8Array(new BigInt64Array([BigInt(id)]).buffer);
  return { $integer: btoa(String.fromCharCode(...bytes)) };
}

function upserts(count: number, more: object = {}): object[] {
  return Array.from({ length: count }, (_, i) => ({
    table: "s_books",
    operation: "Upsert",
    row: { fivetran: { deleted: false, synced: i }, id: encodedId(i), ...more },
  }));
}

async function post(world: World, path: string, body: unknown): Promise<void> {
  const answer = await world.whileTimePasses(world.send("POST", path, body, HEADERS), 1_000);
  expect([answer.status, answer.body]).toEqual([200, {}]);
}

test("F8: FIVETRAN-1: ten thousand operations in one request are ten thousand rows", async () => {
  const world = await start();
  await post(world, APPLY, upserts(ROWS));
  expect((await world.mirror("books")).total).toMatchObject({ received: ROWS, inserted: ROWS });
  await expectConserved(world, "books");
});

test("a request of more than ten thousand operations is refused, and none of them is applied", async () => {
  const world = await start();
  for (const body of [JSON.stringify(upserts(ROWS + 1)), `[${"1,".repeat(10_000_000)}1]`]) {
    const answer = await world.send("POST", APPLY, body, HEADERS);
    expect([answer.status, answer.body]).toMatchObject([413, { code: "BodyTooLarge", limit: ROWS }]);
  }
  expect((await world.mirror("books")).total).toMatchObject({ received: 0 });
});

test.each(["SoftDelete", "HardDelete"])(
  "F14, F15: FIVETRAN-13: a %s of ten thousand rows is of all",
  async (deleteType) => {
    const world = await start();
    await post(world, APPLY, upserts(ROWS));
    await post(world, TRUNCATE, { tableName: "s_books", deleteBefore: null, deleteType });
    const rows = (await world.rows("books")) as { fivetran: { deleted: boolean } }[];
    const marked = rows.filter(({ fivetran }) => fivetran.deleted).length;
    expect([rows.length, marked]).toEqual(deleteType === "SoftDelete" ? [ROWS, ROWS] : [0, 0]);
    await expectConserved(world, "books");
  },
);

test("FIVETRAN-1: a request of 50 MB, as the connector was recorded to send one, is read in parts", async () => {
  const world = await start();
  const bare = JSON.stringify(upserts(500, { st: "" })).length;
  const body = JSON.stringify(upserts(500, { st: "x".repeat(Math.ceil((50_052_001 - bare) / 500)) }));
  expect(body.length).toBeGreaterThanOrEqual(50_052_001);
  await post(world, APPLY, body);
  expect((await world.mirror("books")).total).toMatchObject({ received: 500, inserted: 500, quarantined: 0 });
  const answer = await world.send("POST", APPLY, "x".repeat(64 * 1024 * 1024 + 1), HEADERS);
  expect([answer.status, answer.body.code]).toEqual([413, "BodyTooLarge"]);
});
