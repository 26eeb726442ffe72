import fc from "fast-check";
import { convexTest, type TestConvex } from "convex-test";
import { defineSchema } from "convex/server";
import { v, type Value } from "convex/values";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Counts, RowChange } from "../../core/wire/changes.js";
import { tapWrites, type WriteTap } from "../../../test/writeTap.js";
import { deleteOf, inOrder, updateOf, upsertOf } from "../../../test/rowChange.js";
import { mirrorTable } from "../../schema/index.js";
import { applyRows } from "./applyRows.js";
import { AppMirrors } from "../mirrors.js";

const schema = defineSchema({
  /** Keyed by a number, without a version. */
  people: mirrorTable(
    { id: v.number(), name: v.optional(v.string()), age: v.optional(v.union(v.number(), v.null())) },
    { primaryKey: ["id"] },
  ),
  /** Keyed by a part of an object and a text; with a version that may be missing. */
  entries: mirrorTable(
    {
      account: v.object({ id: v.int64() }),
      name: v.string(),
      version: v.optional(v.union(v.int64(), v.null())),
      bytes: v.optional(v.bytes()),
    },
    { primaryKey: [["account", "id"], "name"], version: "version" },
  ),
  /** Without a key. */
  log: mirrorTable({ kind: v.string() }),
});
type Table = keyof typeof schema.tables;
type Row = Record<string, Value | undefined>;

const mirrors = new AppMirrors(schema);
let t: TestConvex<typeof schema>;
let tap: WriteTap;

beforeEach(() => {
  t = convexTest({
    schema,
    modules: { "./_generated/api.ts": async () => Promise.resolve({}) },
    transactionLimits: true,
  });
  tap = tapWrites();
});

async function apply(
  table: Table,
  changes: RowChange[],
): Promise<{ counts: Partial<Counts>; rowsDelta: number }> {
  return await t.run(async (ctx) => {
    const { counts, rowsDelta } = await applyRows(ctx.db, mirrors.get(table), {
      rows: inOrder(changes),
      match: table === "log" ? "append" : "key",
      tombstones: [],
      at: 0,
    });
    const named = Object.entries(counts).filter(([, count]) => count > 0);
    return { counts: Object.fromEntries(named), rowsDelta };
  });
}

async function rows(table: Table): Promise<Row[]> {
  return await t.run(async (ctx) =>
    (await ctx.db.query(table).collect()).map(({ _id, _creationTime, ...row }) => row),
  );
}

async function ids(table: Table): Promise<string[]> {
  return await t.run(async (ctx) => (await ctx.db.query(table).collect()).map(({ _id }) => _id));
}

type Fields = Record<string, Value>;

const person = (id: number, rest: Fields = {}): RowChange => upsertOf([id], { id, ...rest });
const gone = (id: number): RowChange => deleteOf([id]);

describe("an upsert", () => {
  test("of a new key inserts, of a known one replaces the whole row and keeps its id", async () => {
    expect(await apply("people", [person(1, { name: "Ada", age: 36 })])).toEqual({
      counts: { received: 1, inserted: 1 },
      rowsDelta: 1,
    });
    const before = await ids("people");
    expect(await apply("people", [person(1, { name: "Ada" })])).toEqual({
      counts: { received: 1, updated: 1 },
      rowsDelta: 0,
    });
    expect(await rows("people")).toEqual([{ id: 1, name: "Ada" }]);
    expect(await ids("people")).toEqual(before);
  });

  test("of an equal row writes nothing, whatever the order of its fields", async () => {
    const account = { id: 1n };
    const bytes = new Uint8Array([1, 2]).buffer;
    await apply("entries", [upsertOf([1n, "a"], { account, name: "a", version: 1n, bytes })]);
    tap.take("entries");
    const again = { bytes: bytes.slice(0), version: 1n, name: "a", account: { id: 1n } };
    expect(await apply("entries", [upsertOf([1n, "a"], again)])).toEqual({
      counts: { received: 1, unchanged: 1 },
      rowsDelta: 0,
    });
    expect(tap.take("entries")).toEqual([]);
  });

  test.each([
    [[1], [-0], [0]],
    [[1], [0], [-0]],
  ])("tells 0 and -0 apart (%j)", async (_, [first], [second]) => {
    await apply("people", [person(1, { age: first! })]);
    expect((await apply("people", [person(1, { age: second! })])).counts).toEqual({
      received: 1,
      updated: 1,
    });
    expect(Object.is((await rows("people"))[0]!.age, second)).toBe(true);
  });

  test("tells keys apart that only look alike", async () => {
    const entry = (id: bigint, name: string) => upsertOf([id, name], { account: { id }, name });
    await apply("entries", [entry(1n, "a"), entry(2n, "a"), entry(1n, "b")]);
    await apply("entries", [entry(1n, "a"), entry(-1n, "a")]);
    expect(await rows("entries")).toHaveLength(4);
    await apply("people", [person(0), person(-0), person(NaN), person(NaN)]);
    expect((await rows("people")).map(({ id }) => id)).toEqual([0, -0, NaN]);
  });
});

describe("an update", () => {
  const update = (id: number, row: Fields, unset: string[] = []) => updateOf([id], { id, ...row }, unset);

  test("changes the fields that it names and removes those that it says, no others", async () => {
    await apply("people", [person(1, { name: "Ada", age: 36 })]);
    expect((await apply("people", [update(1, { age: 37 })])).counts).toEqual({ received: 1, updated: 1 });
    expect(await rows("people")).toEqual([{ id: 1, name: "Ada", age: 37 }]);
    await apply("people", [update(1, { age: null }, ["name"])]);
    expect(await rows("people")).toEqual([{ id: 1, age: null }]);
  });

  test("that changes nothing writes nothing", async () => {
    await apply("people", [person(1, { name: "Ada" })]);
    tap.take("people");
    expect((await apply("people", [update(1, { name: "Ada" }, ["age"])])).counts).toEqual({
      received: 1,
      unchanged: 1,
    });
    expect(tap.take("people")).toEqual([]);
  });

  test("of a row that does not exist is ignored", async () => {
    expect(await apply("people", [update(1, { name: "Ada" })])).toEqual({
      counts: { received: 1, ignored: 1 },
      rowsDelta: 0,
    });
    expect(await rows("people")).toEqual([]);
  });
});

describe("a delete", () => {
  test("removes its row, and is ignored when there is none", async () => {
    await apply("people", [person(1), person(2)]);
    expect(await apply("people", [gone(1), gone(3), gone(1)])).toEqual({
      counts: { received: 3, deleted: 1, ignored: 2 },
      rowsDelta: -1,
    });
    expect(await rows("people")).toEqual([{ id: 2 }]);
  });
});

describe("changes of one row in one chunk", () => {
  test("apply in their order and are written once", async () => {
    const { counts } = await apply("people", [
      person(1, { name: "first" }),
      person(2, { name: "other" }),
      person(1, { name: "second" }),
      updateOf([1], { id: 1, age: 7 }),
    ]);
    expect(counts).toEqual({ received: 4, inserted: 2, updated: 2 });
    expect(await rows("people")).toEqual([
      { id: 1, name: "second", age: 7 },
      { id: 2, name: "other" },
    ]);
    expect(tap.take("people").map(({ op }) => op)).toEqual(["insert", "insert"]);
  });

  test("that come and go are not written at all", async () => {
    expect(await apply("people", [person(1), gone(1)])).toEqual({
      counts: { received: 2, inserted: 1, deleted: 1 },
      rowsDelta: 0,
    });
    expect(tap.take("people")).toEqual([]);
  });

  test("that go and come back as they were leave the document untouched", async () => {
    await apply("people", [person(1, { name: "Ada" })]);
    const before = await ids("people");
    tap.take("people");
    expect(await apply("people", [gone(1), person(1, { name: "Ada" })])).toEqual({
      counts: { received: 2, deleted: 1, inserted: 1 },
      rowsDelta: 0,
    });
    expect(tap.take("people")).toEqual([]);
    expect(await ids("people")).toEqual(before);
  });
});

describe("a version", () => {
  const entry = (version: bigint | null | undefined, bytes: number): RowChange =>
    upsertOf([1n, "a"], {
      account: { id: 1n },
      name: "a",
      ...(version !== undefined && { version }),
      bytes: new Uint8Array([bytes]).buffer,
    });
  const deleted = (version?: bigint | null): RowChange => deleteOf([1n, "a"], version);

  test.each([
    ["a lower one is stale", 5n, 4n, "stale"],
    ["a higher one is news", 5n, 6n, "updated"],
    ["an equal one is taken for news", 5n, 5n, "updated"],
    ["none is lower than any", 5n, undefined, "stale"],
    ["null is lower than any", 5n, null, "stale"],
    ["any is higher than none", undefined, 1n, "updated"],
    ["any is higher than null", null, -1n, "updated"],
    ["none equals none", undefined, undefined, "updated"],
    ["null equals none", undefined, null, "updated"],
  ] as const)("%s", async (_, stored, incoming, outcome) => {
    await apply("entries", [entry(stored, 1)]);
    expect((await apply("entries", [entry(incoming, 2)])).counts).toEqual({ received: 1, [outcome]: 1 });
    const [row] = await rows("entries");
    expect(new Uint8Array(row!.bytes as ArrayBuffer)).toEqual(new Uint8Array([outcome === "stale" ? 1 : 2]));
  });

  test.each([
    ["a lower one does not delete", 4n, "stale"],
    ["a higher one does", 6n, "deleted"],
    ["an equal one does", 5n, "deleted"],
    ["a delete without one does", undefined, "deleted"],
    ["a delete with null does", null, "deleted"],
  ] as const)("%s", async (_, version, outcome) => {
    await apply("entries", [entry(5n, 1)]);
    expect((await apply("entries", [deleted(version)])).counts).toEqual({ received: 1, [outcome]: 1 });
    expect(await rows("entries")).toHaveLength(outcome === "stale" ? 1 : 0);
  });

  test("of an update is that of the merged row", async () => {
    await apply("entries", [entry(5n, 1)]);
    const update = (row: Fields) => updateOf([1n, "a"], { account: { id: 1n }, name: "a", ...row });
    const bytes = new Uint8Array([9]).buffer;
    expect((await apply("entries", [update({ version: 4n, bytes })])).counts).toEqual({
      received: 1,
      stale: 1,
    });
    expect((await apply("entries", [update({ bytes })])).counts).toEqual({ received: 1, updated: 1 });
    expect((await apply("entries", [update({ version: 6n })])).counts).toEqual({ received: 1, updated: 1 });
    expect(await rows("entries")).toMatchObject([{ version: 6n, bytes }]);
  });

  test("orders the changes of one chunk too", async () => {
    const { counts } = await apply("entries", [entry(2n, 2), entry(3n, 3), entry(1n, 1), deleted(2n)]);
    expect(counts).toEqual({ received: 4, inserted: 1, updated: 1, stale: 2 });
    expect(await rows("entries")).toMatchObject([{ version: 3n }]);
  });
});

describe("several documents of one key, which an import by other means left", () => {
  async function withTwins(): Promise<string[]> {
    await t.run(async (ctx) => {
      await ctx.db.insert("people", { id: 1, name: "older twin" });
      await ctx.db.insert("people", { id: 1, name: "younger twin" });
      await ctx.db.insert("people", { id: 2 });
    });
    tap.take("people");
    return await ids("people");
  }

  test("become one by the next change of it", async () => {
    const [older, , other] = await withTwins();
    expect(await apply("people", [person(1, { name: "only child" })])).toEqual({
      counts: { received: 1, updated: 1 },
      rowsDelta: -1,
    });
    expect(await rows("people")).toEqual([{ id: 1, name: "only child" }, { id: 2 }]);
    expect(await ids("people")).toEqual([older, other]);
  });

  test("become one even by a change that changes nothing", async () => {
    await withTwins();
    expect(await apply("people", [person(1, { name: "older twin" })])).toEqual({
      counts: { received: 1, unchanged: 1 },
      rowsDelta: -1,
    });
    expect(await rows("people")).toEqual([{ id: 1, name: "older twin" }, { id: 2 }]);
  });

  test("go together", async () => {
    await withTwins();
    expect(await apply("people", [gone(1)])).toEqual({ counts: { received: 1, deleted: 1 }, rowsDelta: -2 });
    expect(await rows("people")).toEqual([{ id: 2 }]);
  });
});

test("rows without a key are appended, equal ones too", async () => {
  const row = { kind: "a", mirrorKey: "0".repeat(32) };
  const change = upsertOf([row.mirrorKey], row);
  expect(await apply("log", [change, change])).toEqual({
    counts: { received: 2, inserted: 2 },
    rowsDelta: 2,
  });
  expect(await rows("log")).toEqual([row, row]);
});

test("deletions of equal rows without a key read the copies once, and delete no more than there are", async () => {
  const row = { kind: "a", mirrorKey: "0".repeat(32) };
  const [add, remove] = [upsertOf([row.mirrorKey], row), deleteOf([row.mirrorKey])];
  await apply(
    "log",
    Array.from({ length: 300 }, () => add),
  );
  const changes = [...Array.from({ length: 301 }, () => remove), add, remove, add, remove, add];
  const queries = await t.run(async (ctx) => {
    const query = vi.spyOn(ctx.db, "query");
    const { counts, rowsDelta } = await applyRows(ctx.db, mirrors.get("log"), {
      rows: inOrder(changes),
      match: "append",
      tombstones: [],
      at: 0,
    });
    expect({ counts, rowsDelta }).toMatchObject({
      counts: { deleted: 302, ignored: 1, inserted: 3 },
      rowsDelta: -299,
    });
    return query.mock.calls.length;
  });
  expect(queries).toBe(1);
  expect(await rows("log")).toEqual([row]);
});

test("however changes are cut into chunks, the rows are those of applying one after the other", async () => {
  const anyId = fc.integer({ min: 0, max: 4 });
  const anyRest = fc.record(
    { name: fc.constantFrom("a", "b"), age: fc.constantFrom(1, null) },
    { requiredKeys: [] },
  );
  const anyChange: fc.Arbitrary<RowChange> = fc.oneof(
    fc.tuple(anyId, anyRest).map(([id, rest]) => person(id, rest)),
    fc
      .tuple(anyId, anyRest, fc.subarray(["name", "age"]))
      .map(([id, rest, unset]) => updateOf([id], { id, ...rest }, unset)),
    anyId.map(gone),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyChange, { maxLength: 8 }), { maxLength: 6 }), async (chunks) => {
      t = convexTest({ schema, modules: { "./_generated/api.ts": async () => Promise.resolve({}) } });
      const model = new Map<number, Row>();
      for (const change of chunks.flat()) applyToModel(model, change);
      let count = 0;
      for (const chunk of chunks) count += (await apply("people", chunk)).rowsDelta;
      const stored = (await rows("people")).sort((a, b) => (a.id as number) - (b.id as number));
      expect(stored).toEqual([...model].sort(([a], [b]) => a - b).map(([, row]) => row));
      expect(count).toBe(model.size);
    }),
    { numRuns: 60 },
  );
});

function applyToModel(model: Map<number, Row>, change: RowChange): void {
  const [id] = change.key as [number];
  const stored = model.get(id);
  if (change.op === "delete") model.delete(id);
  else if (change.op === "upsert") model.set(id, change.row as Row);
  else if (stored !== undefined) {
    const merged = { ...stored, ...(change.row as Row) };
    const unset = new Set(change.unset);
    model.set(id, Object.fromEntries(Object.entries(merged).filter(([name]) => !unset.has(name))));
  }
}
