import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { declareExports } from "../../convex/changeFeed.js";
import { FEED_IDS } from "../../convex/feedRetention.js";
import { importTo, pageOf, replicate, startReading, writeNotes, type Reading } from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const KEY = [["k"]];

async function nowOf({ get }: Reading): Promise<bigint> {
  return pageOf(await get("/api/list_snapshot")).snapshot;
}

async function deltas({ get }: Reading, cursor: bigint, query = "") {
  return await get(`/api/document_deltas?cursor=${String(cursor)}${query}`);
}

/** Lets the feed count as many ids more as if others had written them. */
async function addIds({ app }: Reading, more: number): Promise<void> {
  await app.inLedger(async ({ db }) => {
    const feed = (await db.query("feed").first())!;
    await db.patch("feed", feed._id, { ids: feed.ids + more });
  });
}

async function idsOf({ app }: Reading): Promise<number> {
  return (await app.ledger("feed"))[0]!.ids;
}

describe("EXPORT-7: a feed that is too large loses its oldest transactions, as few as needed", () => {
  async function fill(): Promise<{ reading: Reading; moments: bigint[] }> {
    const reading = await startReading(["notes", "regions"]);
    const moments = [await nowOf(reading)];
    await writeNotes(reading, { insert: [{ text: "a" }, { text: "b" }] });
    moments.push(await nowOf(reading));
    await importTo(reading.app, "regions", [{ k: "x", v: 1 }], KEY);
    moments.push(await nowOf(reading));
    await writeNotes(reading, { insert: [{ text: "c" }] });
    await reading.app.component("maintenance:prune");
    expect(await idsOf(reading)).toBe(4);
    return { reading, moments };
  }

  test("nothing goes while there is room", async () => {
    const { reading, moments } = await fill();
    await addIds(reading, FEED_IDS - 4);
    await reading.app.component("maintenance:prune");
    expect(await reading.app.ledger("changes")).toHaveLength(3);
    expect((await deltas(reading, moments[0]!)).status).toBe(200);
  });

  test.each([
    { over: 1, left: 2 },
    { over: 2, left: 2 },
    { over: 3, left: 1 },
  ])("$over ids too many leave $left transactions", async ({ over, left }) => {
    const { reading, moments } = await fill();
    await addIds(reading, FEED_IDS - 4 + over);
    await reading.app.component("maintenance:prune");
    expect(await reading.app.ledger("changes")).toHaveLength(left);
    expect(await idsOf(reading)).toBeLessThanOrEqual(FEED_IDS);
    const answers = await Promise.all(moments.map(async (at) => (await deltas(reading, at)).status));
    const lost = 3 - left;
    // A cursor that needs what is gone is refused; one behind it goes on.
    expect(answers).toEqual(moments.map((_, i) => (i < lost ? 400 : 200)));
  });

  test("when everything goes, a reader that begins again has every row", async () => {
    const { reading } = await fill();
    await addIds(reading, FEED_IDS);
    await writeNotes(reading, { insert: [{ text: "new" }] });
    await reading.app.component("maintenance:prune");
    const kept = pageOf(await deltas(reading, (await reading.app.ledger("feed"))[0]!.lowWater as bigint));
    expect(kept.values.map(({ text }) => text)).toEqual([]);
    const { copy } = await replicate(reading, "tableName=notes");
    expect(copy.size).toBe(4);
  });
});

test("EXPORT-7: a table that was not exported for a while sends its readers back, and no others", async () => {
  const reading = await startReading(["notes", "regions"]);
  const { app } = reading;
  const { cursor } = await replicate(reading, "format=json");
  const both = (await app.ledger("exports")).map(({ table, kind }) => ({ table, kind }));
  const declare = async (tables: typeof both) => {
    await app.inLedger(async (ctx) => {
      await declareExports(ctx as never, tables);
    });
  };
  await declare(both.filter(({ table }) => table !== "notes"));
  await importTo(app, "regions", [{ k: "x", v: 1 }], KEY);
  await declare(both);
  await writeNotes(reading, { insert: [{ text: "after" }] });
  const refused = await deltas(reading, cursor, "&tableName=notes");
  expect([refused.status, refused.json().code]).toEqual([400, "InvalidWindowToReadDocuments"]);
  expect(refused.json().message).toContain('"notes" was not exported for a while');
  expect((await deltas(reading, cursor)).status).toBe(400);
  const regions = pageOf(await deltas(reading, cursor, "&tableName=regions"));
  expect(regions.values.map(({ k }) => k)).toEqual(["x"]);
  const again = await replicate(reading, "tableName=notes");
  expect([...again.copy.values()].map(({ text }) => text)).toEqual(["after"]);
  expect((await deltas(reading, again.cursor, "&tableName=notes")).status).toBe(200);
});

test("EXPORT-4: a page reads over 2,000 documents of the feed at most, however few of them it wants", async () => {
  const reading = await startReading(["notes", "regions"]);
  const before = await nowOf(reading);
  await reading.app.inLedger(async ({ db }) => {
    for (let i = 1; i <= 2_500; i++)
      await db.insert("changes", {
        table: "events",
        written: [`e${String(i)}`],
        deleted: [],
        at: before + BigInt(i),
      });
  });
  vi.advanceTimersByTime(1_000);
  await writeNotes(reading, { insert: [{ text: "a" }] });
  const first = pageOf(await deltas(reading, before));
  expect(first).toMatchObject({ values: [], hasMore: true, cursor: before + 2_000n });
  const second = pageOf(await deltas(reading, first.cursor));
  expect(second.values.map(({ text }) => text)).toEqual(["a"]);
  expect(second.hasMore).toBe(false);
});
