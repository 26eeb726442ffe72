import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Id } from "../../convex/_generated/dataModel.js";
import { replicate, startReading, writeNotes, type Reading, type Value } from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type NoteId = Id<never>;

/** Writes past everything that records, as the dashboard does. */
async function writePast(
  { app }: Reading,
  {
    insert = [],
    patch = [],
    remove = [],
  }: { insert?: string[]; patch?: [string, string][]; remove?: string[] },
): Promise<string[]> {
  return await app.t.run(async ({ db }) => {
    const inserted: string[] = [];
    for (const text of insert) inserted.push(await db.insert("notes", { text }));
    for (const [id, text] of patch) await db.patch("notes", id as NoteId, { text });
    for (const id of remove) await db.delete("notes", id as NoteId);
    return inserted;
  });
}

/** Walks the table to its end, and returns what the walk says of itself. */
async function walk({ app }: Reading, table = "notes") {
  await app.component("reconcile:start", { table });
  await app.passTime(1000);
  const all = await app.ledger("reconciliations");
  return all.find((one) => one.table === table)!;
}

/** What the feed has got since the last call of the function that it returns. */
function feedOf({ app }: Reading) {
  let seen = 0;
  return async () => {
    const feed = await app.ledger("changes");
    const fresh = feed.slice(seen);
    seen = feed.length;
    return {
      written: fresh.flatMap(({ written }) => written).sort(),
      deleted: fresh.flatMap(({ deleted }) => deleted).sort(),
    };
  };
}

async function contents({ app }: Reading): Promise<Map<string, string>> {
  const rows = await app.t.run(async ({ db }) => await db.query("notes").collect());
  return new Map(rows.map(({ _id, text }) => [_id as string, text]));
}

function texts(copy: ReadonlyMap<string, Value>): Map<string, unknown> {
  return new Map([...copy].map(([id, { text }]) => [id, text]));
}

describe("a walk", () => {
  test("learns at first; then it records what was written past everything, and nothing else", async () => {
    const reading = await startReading();
    const [a, b, c] = await writeNotes(reading, { insert: [{ text: "a" }, { text: "b" }, { text: "c" }] });
    const fresh = feedOf(reading);
    await fresh();
    expect(await walk(reading)).toMatchObject({ state: "done", rows: 3, recorded: 0 });
    expect(await fresh()).toEqual({ written: [], deleted: [] });
    const [d] = await writePast(reading, { insert: ["d"], patch: [[a!, "a2"]], remove: [b!] });
    expect(await walk(reading)).toMatchObject({ state: "done", rows: 3, recorded: 3 });
    expect(await fresh()).toEqual({ written: [a, d].sort(), deleted: [b] });
    expect(await walk(reading)).toMatchObject({ recorded: 0 });
    expect(await fresh()).toEqual({ written: [], deleted: [] });
    // What never leaves is not compared.
    await reading.app.t.run(async ({ db }) => {
      await db.patch("notes", c as NoteId, { secret: "new" });
    });
    expect(await walk(reading)).toMatchObject({ recorded: 0 });
  });

  test("records every row of a table that was declared after the feed began", async () => {
    const reading = await startReading();
    const ids = await writePast(reading, { insert: ["a", "b"] });
    await reading.app.component("changeFeed:setKnown", { table: "notes", known: false });
    const fresh = feedOf(reading);
    // Any request after the deploy declares, and so starts the walk.
    await reading.app.call("declare");
    await reading.app.passTime(1000);
    expect(await fresh()).toEqual({ written: ids.sort(), deleted: [] });
    const exported = await reading.app.ledger("exports");
    expect(exported.find(({ table }) => table === "notes")?.known).toBe(true);
    await reading.app.call("declare");
    await reading.app.passTime(1000);
    expect(await fresh()).toEqual({ written: [], deleted: [] });
  });

  test("takes bounded pages, also where most of what is known has gone", async () => {
    const reading = await startReading();
    const ids = await writePast(reading, { insert: Array.from({ length: 900 }, (_, i) => String(i)) });
    await walk(reading);
    expect((await reading.app.ledger("knownRows")).every(({ rows }) => rows.length <= 256)).toBe(true);
    await writePast(reading, { remove: ids.slice(10, 890), insert: ["new"] });
    const fresh = feedOf(reading);
    await fresh();
    expect(await walk(reading)).toMatchObject({ rows: 21, recorded: 881 });
    expect(await fresh()).toMatchObject({ deleted: ids.slice(10, 890).sort() });
    const known = (await reading.app.ledger("knownRows")).flatMap(({ rows }) => rows);
    expect(known).toHaveLength(21);
  });

  test("is daily for tables of the app; a mirror is walked when somebody asks; what is not exported has none", async () => {
    const reading = await startReading();
    await writePast(reading, { insert: ["a"] });
    await reading.app.component("reconcile:daily");
    await reading.app.passTime(1000);
    expect((await reading.app.ledger("reconciliations")).map(({ table }) => table)).toEqual(["notes"]);
    expect(await walk(reading, "events")).toMatchObject({ state: "done" });
    await expect(reading.app.component("reconcile:start", { table: "ledger" })).rejects.toThrow(
      "is not exported",
    );
    await reading.app.inLedger(async ({ db }) => {
      const entry = await db.query("exports").collect();
      for (const { _id } of entry) await db.patch("exports", _id, { removedAt: "2026-01-01T00:00:00.000Z" });
    });
    await reading.app.component("reconcile:daily");
    await reading.app.passTime(1000);
    expect(await reading.app.ledger("reconciliations")).toEqual([]);
    expect(await reading.app.ledger("knownRows")).toEqual([]);
  });
});

test("RECORD-10 a walk that dies after any of its steps is repeated, and loses nothing", async () => {
  vi.spyOn(console, "error").mockReturnValue(undefined);
  const rows = Array.from({ length: 600 }, (_, i) => String(i));
  // Three pages of rows, and the feed.
  for (let steps = 0; steps < 4; steps++) {
    const reading = await startReading();
    const ids = await writePast(reading, { insert: rows });
    await walk(reading);
    const { copy, cursor } = await replicate(reading, "tableName=notes");
    await writePast(reading, {
      insert: ["new"],
      patch: [[ids[300]!, "changed"]],
      remove: [ids[1]!, ids[599]!],
    });
    let written = 0;
    // The first write begins the walk.
    reading.app.failWrites(({ table }) => table === "reconciliations" && ++written === steps + 2);
    expect(await walk(reading)).toMatchObject({ state: "walking" });
    reading.app.failWrites(null);
    vi.advanceTimersByTime(2 * 60 * 60 * 1000);
    await reading.app.component("reconcile:daily");
    await reading.app.passTime(1000);
    expect((await reading.app.ledger("reconciliations"))[0]).toMatchObject({ state: "done" });
    await replicate(reading, "tableName=notes", copy, { cursor });
    expect(texts(copy)).toEqual(await contents(reading));
  }
});

test("RECORD-10 after a walk, every reader ends with the table as it is, no matter who wrote it and when", async () => {
  const write = fc.record({
    past: fc.boolean(),
    insert: fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 }),
    patch: fc.array(fc.tuple(fc.nat(30), fc.string({ maxLength: 3 })), { maxLength: 2 }),
    remove: fc.array(fc.nat(30), { maxLength: 2 }),
  });
  const action = fc.oneof(
    { weight: 5, arbitrary: write.map((one) => ({ kind: "write" as const, ...one })) },
    { weight: 2, arbitrary: fc.constant({ kind: "walk" as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: "read" as const }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 14 }), async (actions) => {
      const reading = await startReading();
      await walk(reading);
      // A row that came and went past everything between two walks leaves no trace: no walk can know of it.
      const seen = new Set<string>();
      const reader = { copy: new Map<string, Value>(), from: null as { cursor: bigint } | null };
      const read = async () => {
        const { cursor } = await replicate(reading, "tableName=notes", reader.copy, reader.from);
        reader.from = { cursor };
      };
      for (const step of actions) {
        if (step.kind === "walk") {
          await walk(reading);
          for (const id of (await contents(reading)).keys()) seen.add(id);
        }
        if (step.kind === "read") await read();
        if (step.kind === "write") {
          const ids = [...(await contents(reading)).keys()];
          const pick = (n: number) => ids[n % ids.length]!;
          const picked = ids.length === 0 ? [] : [...new Set(step.remove.map(pick))];
          const remove = picked.filter((id) => !step.past || seen.has(id));
          const patch =
            ids.length === 0 ? [] : step.patch.map(([n, text]) => [pick(n), text] as [string, string]);
          const kept = patch.filter(([id]) => !remove.includes(id));
          if (step.past) await writePast(reading, { insert: step.insert, patch: kept, remove });
          else {
            const inserted = await writeNotes(reading, {
              insert: step.insert.map((text) => ({ text })),
              patch: kept.map(([id, text]) => ({ id, text })),
              remove,
            });
            for (const id of [...inserted, ...kept.map(([one]) => one)]) seen.add(id);
          }
        }
        vi.advanceTimersByTime(10);
      }
      await walk(reading);
      await read();
      expect(texts(reader.copy)).toEqual(await contents(reading));
    }),
    { numRuns: 40 },
  );
});
