// @vitest-environment node
import {
  type AnyDataModel,
  createFunctionHandle,
  defineSchema,
  defineTable,
  type GenericDatabaseReader,
  internalMutationGeneric,
} from "convex/server";
import {
  CommitTsPlaceholder,
  compareValues,
  convexToJson,
  type JSONValue,
  jsonToConvex,
  v,
  type Value,
} from "convex/values";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { attachIndexes } from "./indexes.js";
import { createMock, type MockDatabase, type PaginateArgs, type Query, type RangeFilter } from "./mock.js";

/** The writing half of convex-test's database, which only this test calls directly. */
type WritableDatabase = MockDatabase & {
  insert(table: string, value: Record<string, unknown>): string;
  patch(table: string | undefined, id: string, value: Record<string, unknown>): void;
  replace(table: string | undefined, id: string, value: Record<string, unknown>): void;
  delete(table: string | undefined, id: string): void;
  startQuery(query: Query): number;
};

const schema = defineSchema(
  {
    things: defineTable(v.any())
      .index("by_a", ["a"])
      .index("by_ab", ["a", "b"])
      .index("by_nested", ["n.x", "n.y.z", "a"])
      .index("by_b_created", ["b", "_creationTime"]),
    others: defineTable(v.any()).index("by_a", ["a"]),
  },
  { schemaValidation: false },
);
const INDEXES: Record<string, string[]> = {
  by_a: ["a", "_creationTime"],
  by_ab: ["a", "b", "_creationTime"],
  by_nested: ["n.x", "n.y.z", "a", "_creationTime"],
  by_b_created: ["b", "_creationTime"],
  by_creation_time: ["_creationTime"],
  by_id: ["_id"],
};

const mock = createMock({ schema, transactionLimits: false });
function pair(): { stock: WritableDatabase; indexed: WritableDatabase } {
  const stock = mock.createDatabase(schema) as WritableDatabase;
  const indexed = mock.createDatabase(schema) as WritableDatabase;
  attachIndexes(indexed);
  return { stock, indexed };
}

beforeEach(() => {
  // Both databases must give a document the same creation time.
  vi.spyOn(Date, "now").mockReturnValue(1_700_000_000_000);
});
afterEach(() => {
  vi.restoreAllMocks();
});

// --- random data and random queries

const commitTs = new CommitTsPlaceholder();

const scalar: fc.Arbitrary<Value | undefined> = fc.constantFrom<(Value | undefined)[]>(
  undefined,
  null,
  -5n,
  0n,
  2n ** 62n,
  -Infinity,
  -1,
  -0,
  0,
  1,
  1.5,
  NaN,
  false,
  true,
  "",
  "a",
  "b",
  "é",
  "\uffff",
  "\u{1f600}",
  commitTs,
);
const value: fc.Arbitrary<Value | undefined> = fc.oneof(
  // Few common values, so that equalities often match several documents.
  { weight: 12, arbitrary: fc.constantFrom<(Value | undefined)[]>(undefined, 1, "a") },
  { weight: 8, arbitrary: scalar },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2 }).map((bytes) => new Uint8Array(bytes).buffer) },
  {
    weight: 1,
    arbitrary: fc.array(
      scalar.map((item) => item ?? null),
      { maxLength: 2 },
    ),
  },
  { weight: 1, arbitrary: fc.record({ x: scalar.map((item) => item ?? null) }) },
);
const nested = fc.oneof(scalar, fc.record({ x: value, y: fc.oneof(scalar, fc.record({ z: value })) }));
const fields = fc.record({ a: value, b: value, n: nested }).map(withoutUndefined);

function withoutUndefined(input: unknown): Record<string, unknown> {
  const clean = (part: unknown): unknown =>
    typeof part === "object" && part !== null && Object.getPrototypeOf(part) === Object.prototype
      ? Object.fromEntries(
          Object.entries(part)
            .filter(([, child]) => child !== undefined)
            .map(([name, child]) => [name, clean(child)]),
        )
      : part;
  return clean(input) as Record<string, unknown>;
}

/** A query by an index: n equalities, then maybe bounds. Values of _id and _creationTime are picked when it runs. */
interface QuerySpec {
  table: string;
  index: string | null;
  equal: number;
  bounds: RangeFilter["type"][];
  values: (Value | undefined)[];
  order: "asc" | "desc";
  limit: number | null;
  filter: Value | undefined;
  filtered: boolean;
}
const querySpec: fc.Arbitrary<QuerySpec> = fc.record({
  table: fc.constantFrom("things", "things", "things", "others"),
  index: fc.constantFrom(null, ...Object.keys(INDEXES)),
  equal: fc.nat(3),
  bounds: fc.constantFrom<RangeFilter["type"][]>(
    [],
    ["Gt"],
    ["Gte"],
    ["Lt"],
    ["Lte"],
    ["Gt", "Lte"],
    ["Lt", "Gte"],
  ),
  values: fc.array(value, { minLength: 6, maxLength: 6 }),
  order: fc.constantFrom("asc", "desc"),
  limit: fc.constantFrom(null, 0, 1, 2, 5),
  filter: scalar,
  filtered: fc.boolean(),
});

const toJson = (input: Value | undefined): unknown =>
  input === undefined ? { $undefined: null } : convexToJson(input);

function buildQuery(spec: QuerySpec, ids: string[]): Query {
  const operators: unknown[] = [];
  if (spec.filtered)
    operators.push({ filter: { $neq: [{ $field: "b" }, { $literal: toJson(spec.filter) }] } });
  if (spec.limit !== null) operators.push({ limit: spec.limit });
  const indexed = spec.index !== null && (spec.table === "things" || ["by_a", "by_id"].includes(spec.index));
  if (!indexed || spec.index === null) {
    return { source: { type: "FullTableScan", tableName: spec.table, order: spec.order }, operators };
  }
  const paths = INDEXES[spec.index] ?? [];
  const pick = (path: string, position: number): unknown => {
    if (path === "_id") return ids[spec.equal % Math.max(ids.length, 1)] ?? "none";
    if (path === "_creationTime") return 1_700_000_000_000 + (spec.equal + 1) / 1000;
    return toJson(spec.values[position]);
  };
  const equal = Math.min(spec.equal, paths.length - 1);
  const range: RangeFilter[] = paths
    .slice(0, equal)
    .map((fieldPath, i) => ({ type: "Eq", fieldPath, value: pick(fieldPath, i) }));
  const boundPath = paths[equal];
  if (boundPath !== undefined) {
    for (const [i, type] of spec.bounds.entries()) {
      range.push({ type, fieldPath: boundPath, value: pick(boundPath, equal + i) });
    }
  }
  return {
    source: { type: "IndexRange", indexName: `${spec.table}.${spec.index}`, range, order: spec.order },
    operators,
  };
}

type Operation =
  | { type: "begin" | "commit" | "rollback" }
  | { type: "insert"; table: string; fields: Record<string, unknown> }
  | { type: "replace" | "patch"; pick: number; fields: Record<string, unknown> }
  | { type: "delete"; pick: number }
  | { type: "query" | "snapshot"; spec: QuerySpec }
  | { type: "paginate"; spec: QuerySpec; pageSize: number; maximumRowsRead: number | undefined };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constantFrom("begin" as const, "commit" as const, "rollback" as const) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("insert" as const),
      table: fc.constantFrom("things", "things", "others"),
      fields,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom("replace" as const, "patch" as const),
      pick: fc.nat(),
      fields,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("delete" as const), pick: fc.nat() }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constantFrom("query" as const, "snapshot" as const), spec: querySpec }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("paginate" as const),
      spec: querySpec,
      pageSize: fc.integer({ min: 1, max: 4 }),
      maximumRowsRead: fc.constantFrom(undefined, undefined, 3),
    }),
  },
);

/** A fresh copy each time: convex-test removes fields from what it is given. */
const json = (fields: Record<string, unknown>): JSONValue => convexToJson(fields as Value);

function readAll(db: WritableDatabase, query: Query): unknown[] {
  const queryId = db.startQuery(query);
  const results: unknown[] = [];
  for (;;) {
    const next = db.queryNext(queryId);
    if (next.done) return results;
    results.push(next.value);
  }
}

/** All pages, then every page again with its end cursor, as a live paginated query reads it. */
function readPages(
  db: WritableDatabase,
  query: Query,
  options: Pick<PaginateArgs, "pageSize" | "maximumRowsRead">,
) {
  const pages: unknown[] = [];
  let cursor: string | null = null;
  for (let i = 0; i < 200; i++) {
    const page = db.paginate({ query, cursor, ...options });
    pages.push(
      page,
      db.paginate({ query, cursor, endCursor: page.continueCursor, pageSize: options.pageSize }),
    );
    if (page.isDone) break;
    cursor = page.continueCursor;
  }
  return pages;
}

/** Applies one operation and says what could be seen of it. */
function apply(db: WritableDatabase, operation: Operation, ids: string[]): unknown {
  const depth = db._writes.length;
  const id = "pick" in operation ? ids[operation.pick % Math.max(ids.length, 1)] : undefined;
  switch (operation.type) {
    case "begin":
      if (depth < 4) db.startTransaction();
      return null;
    case "commit":
      if (depth > 0) db.commit(depth === 1 ? 42n : null);
      return null;
    case "rollback":
      if (depth > 0) db.rollbackWrites();
      return null;
    case "insert":
      return depth === 0
        ? null
        : db.insert(operation.table, jsonToConvex(json(operation.fields)) as Record<string, unknown>);
    case "replace":
    case "patch":
      if (depth === 0 || id === undefined || db.get(undefined, id) === null) return null;
      db[operation.type](undefined, id, json(operation.fields) as Record<string, unknown>);
      return null;
    case "delete":
      if (depth > 0 && id !== undefined && db.get(undefined, id) !== null) db.delete(undefined, id);
      return null;
    case "query":
      return readAll(db, buildQuery(operation.spec, ids));
    case "snapshot": {
      const layers = db.stashWrites();
      const results = readAll(db, buildQuery(operation.spec, ids));
      db.restoreWrites(layers);
      return results;
    }
    case "paginate": {
      const { operators, ...query } = buildQuery({ ...operation.spec, limit: null }, ids);
      return readPages(db, { ...query, operators }, operation);
    }
  }
}

describe("indexed database against stock convex-test", () => {
  test("gives the same answers to random queries, within transactions and after rollbacks", () => {
    let compared = 0;
    fc.assert(
      fc.property(
        fc.array(fields, { minLength: 5, maxLength: 20, size: "max" }),
        fc.array(operation, { minLength: 1, maxLength: 40, size: "max" }),
        (committed, operations) => {
          const { stock, indexed } = pair();
          const inserts = committed.map((fields) => ({ type: "insert" as const, table: "things", fields }));
          const ids: string[] = [];
          for (const operation of [
            { type: "begin" as const },
            ...inserts,
            { type: "commit" as const },
            ...operations,
          ]) {
            const expected = apply(stock, operation, ids);
            expect(apply(indexed, operation, ids)).toStrictEqual(expected);
            if (typeof expected === "string") ids.push(expected);
            if (Array.isArray(expected) && expected.length > 0) compared++;
          }
        },
      ),
      { numRuns: 250 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  test("refuses what convex-test refuses", () => {
    const { indexed } = pair();
    const query = (indexName: string, range: RangeFilter[]): Query => ({
      source: { type: "IndexRange", indexName, range, order: "asc" },
      operators: [],
    });
    expect(() => indexed.startQuery(query("things.by_nothing", []))).toThrow("not declared in the schema");
    const wrongField = query("things.by_ab", [{ type: "Eq", fieldPath: "b", value: 1 }]);
    expect(() => indexed.startQuery(wrongField)).toThrow('expected "a", got "b"');
  });

  test("orders values of different types as Convex does", () => {
    const { indexed } = pair();
    const ordered = [undefined, null, 1n, 1, false, "", new ArrayBuffer(0), [], {}] as const;
    indexed.startTransaction();
    for (const a of [...ordered].reverse()) indexed.insert("things", a === undefined ? {} : { a });
    const query: Query = {
      source: { type: "IndexRange", indexName: "things.by_a", range: [], order: "asc" },
      operators: [],
    };
    expect(readAll(indexed, query).map((doc) => (doc as { a?: Value }).a)).toStrictEqual([...ordered]);
  });

  test("text search still answers in insertion order", () => {
    const { stock, indexed } = pair();
    const source = {
      type: "Search" as const,
      indexName: "things.search",
      filters: [{ type: "Search" as const, fieldPath: "a", value: "hel" }],
    };
    for (const db of [stock, indexed]) {
      db.startTransaction();
      const ids = ["hello there", "nothing", "say hello"].map((a) => db.insert("things", { a }));
      db.commit(1n);
      db.startTransaction();
      db.delete(undefined, ids[0] ?? "");
      readAll(db, { source, operators: [] });
      db.rollbackWrites();
    }
    expect(readAll(indexed, { source, operators: [] })).toStrictEqual(
      readAll(stock, { source, operators: [] }),
    );
  });

  test("text search does not find what has no text", () => {
    const { indexed } = pair();
    indexed.startTransaction();
    for (const a of [null, "hello", 1n, undefined]) indexed.insert("things", a === undefined ? {} : { a });
    const source = {
      type: "Search" as const,
      indexName: "things.search",
      filters: [{ type: "Search" as const, fieldPath: "a", value: "hel" }],
    };
    expect(readAll(indexed, { source, operators: [] }).map((doc) => (doc as { a: Value }).a)).toStrictEqual([
      "hello",
    ]);
  });
});

test("a failed nested mutation leaves the indexes as they were", async () => {
  vi.restoreAllMocks();
  const { t, components } = createMock({ schema, transactionLimits: true });
  const root = components[""];
  if (root === undefined) throw new Error("no root component");
  attachIndexes(root.db);
  const fail = internalMutationGeneric(async (ctx) => {
    await ctx.db.insert("things", { a: "inner" });
    throw new Error("boom");
  });
  root.modules = () => Promise.resolve({ fail });
  const everything = async ({ db }: { db: GenericDatabaseReader<AnyDataModel> }) =>
    (
      await db
        .query("things")
        .withIndex("by_a" as never)
        .collect()
    ).map((doc: Record<string, unknown>) => doc.a);
  const seen = await t.mutation(async (ctx) => {
    await ctx.db.insert("things", { a: "outer" });
    const handle = await createFunctionHandle("module:fail" as never);
    await expect(ctx.runMutation(handle as never)).rejects.toThrow("boom");
    return await everything(ctx);
  });
  expect(seen).toEqual(["outer"]);
  expect(await t.query(everything)).toEqual(["outer"]);
});

test("values compare as in convex/values", () => {
  // The shortcut for identical values must not swallow the order of zeros.
  expect(compareValues(-0, 0)).toBe(-1);
});
