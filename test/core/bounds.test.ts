// @vitest-environment node
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import ledgerSchema from "../../convex/schema.js";
import { refresh, Sender, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

const DAY_MS = 24 * 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A ledger with 1,200 keys that the source is asked for, a stream that nobody mirrors and a token that has ended. */
async function filled(): Promise<World> {
  const world = await World.start();
  await refresh(world, "versioned", [{ id: 1, text: "a", version: 1 }]);
  await world.inLedger(async (ctx) => {
    for (let id = 0; id < 1_200; id++) {
      const key = JSON.stringify([id]);
      await ctx.db.insert("resends", { mirror: "versioned", key, keyHash: BigInt(id), reason: "edited" });
    }
  });
  await world.component("unknownStreams:recordUnknownStream", {
    stream: "orders",
    snippet: "…",
    token: "connector",
  });
  await world.createToken("former");
  await world.call("revokeToken", { name: "former" });
  return world;
}

async function sizes(world: World): Promise<[resends: number, streams: number, tokens: number]> {
  return [
    (await world.ledger("resends")).length,
    (await world.ledger("unknownStreams")).length,
    (await world.ledger("tokens")).length,
  ];
}

async function maintain(world: World): Promise<void> {
  await world.component("maintenance:prune");
  await world.passTime(0);
}

test("OPERATE-11: expired documents are deleted, a page at a time, and others stay", async () => {
  const world = await filled();
  await world.passTime(29 * DAY_MS);
  await maintain(world);
  expect(await sizes(world)).toEqual([1_200, 1, 2]);
  await world.passTime(2 * DAY_MS);
  await world.component("maintenance:prune");
  // One step; the rest is scheduled.
  expect(await sizes(world)).toEqual([700, 0, 2]);
  await world.passTime(0);
  expect(await sizes(world)).toEqual([0, 0, 2]);
  await world.passTime(60 * DAY_MS);
  await maintain(world);
  expect((await world.ledger("tokens")).map(({ name }) => name)).toEqual(["connector"]);
  // What belongs to a mirror is not old, however long ago it was written.
  expect(await world.ledger("deltas")).toHaveLength(1);
  expect(await world.ledger("runs")).toHaveLength(1);
});

test("PROVE-13: however many rows are requested, a complete refresh and 30 days end the request", async () => {
  const world = await filled();
  await world.inLedger(async (ctx) => {
    const [mirror] = (await ctx.db.query("mirrors").collect()).filter(({ name }) => name === "versioned");
    await ctx.db.patch("mirrors", mirror!._id, { resending: true });
  });
  const isResending = async () =>
    ((await world.call("status")) as { name: string; resending: boolean }[]).find(
      ({ name }) => name === "versioned",
    )!.resending;
  await world.passTime(1_000);
  const sender = await Sender.begin(world, "versioned", { syncMode: "overwrite" });
  // Requested while the refresh runs, with the lowest hash: the refresh may have passed its row by then.
  await world.inLedger(async (ctx) => {
    const row = { mirror: "versioned", key: "[-1]", keyHash: -1n, reason: "edited" };
    await ctx.db.insert("resends", row);
  });
  await sender.deliver(upsert({ id: 2_000, text: "b", version: 1 }));
  await sender.finish();
  await world.passTime(1_000);
  expect((await world.ledger("resends")).map(({ key }) => key)).toEqual(["[-1]"]);
  expect(await isResending()).toBe(true);
  await world.passTime(31 * DAY_MS);
  await maintain(world);
  expect(await world.ledger("resends")).toEqual([]);
  expect(await isResending()).toBe(false);
});

test("OPERATE-11: differences of the longest names and values are on record, listed and forgotten, and no more than 200", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "versioned");
  const list = async () => (await world.call("drift", { mirror: "versioned" })) as { sample: string }[];
  const unknown = (from: number) =>
    Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`${String(from + i)}${"流".repeat(1_000)}`, "漢".repeat(1_000)]),
    );
  for (const [id, from] of [0, 100, 200].entries())
    await sender.deliver(upsert({ id, text: "a", version: 1, ...unknown(from) }));
  expect(await list()).toHaveLength(200);
  expect(await world.longestText()).toBeLessThan(2_000);
  await world.component("write/drift:forget", { mirror: "versioned" });
  expect(await list()).toEqual([]);
  expect((await world.mirror("versioned")).drift).toBe(0);
});

test("OPERATE-11: every table of the ledger is in the list of what bounds it", () => {
  const page = readFileSync(new URL("../../docs/SPEC.md", import.meta.url), "utf8");
  const [, list = ""] = /### What bounds the ledger\n(.*?)\n## /s.exec(page) ?? [];
  const named = [...list.matchAll(/^\| `(\w+)`/gm)].map(([, table]) => table).sort();
  expect(named).toEqual(Object.keys(ledgerSchema.tables).sort());
});

test("LIMIT-6: streams without a mirror are recorded and listed, however many and long, in any script", async () => {
  const world = await World.start();
  const record = async (stream: string) =>
    world.component("unknownStreams:recordUnknownStream", {
      stream,
      snippet: "漢".repeat(100_000),
      token: "connector",
    });
  for (let i = 0; i < 201; i++) await record(`${"流".repeat(100)}${String(i)}`);
  await record(`${"流".repeat(100)}0`);
  const listed = (await world.component("unknownStreams:list")) as { snippet: string; times: number }[];
  expect(listed).toHaveLength(200);
  expect(listed.map(({ times }) => times).sort((a, b) => b - a)[0]).toBe(2);
  for (const { snippet } of listed) expect(new TextEncoder().encode(snippet).length).toBeLessThan(60_001);
});
