import { defineSchema } from "convex/server";
import { v, type GenericValidator } from "convex/values";
import { describe, expect, test } from "vitest";
import { AppMirrors } from "../../src/client/mirrors.js";
import { tableOf, type FivetranMirror } from "../../src/http/fivetran/schema.js";
import type { FivetranOption } from "../../src/schema/fivetran.js";
import { mirrorTable, type MirrorOptions } from "../../src/schema/index.js";
import { App } from "../harness.js";
import { createTable, describeTable, FIVETRAN_TYPES, readSchema, type Column } from "./connector.js";
import { ENDPOINTS, getSchema, HEADERS, tablesOf } from "./support.js";

const SYNCED: Column = { name: "_fivetran_synced", type: "UTC_DATETIME" };
const DELETED: Column = { name: "_fivetran_deleted", type: "BOOLEAN" };
const ID: Column = { name: "_fivetran_id", type: "STRING", pk: true };
const KEY: Column = { name: "k", type: "LONG", pk: true };

/** What the connector says to each of its calls, when a mirror is `s.t` of these fields and options. */
function connectorOf(
  fields: Record<string, GenericValidator>,
  fivetran: FivetranOption = {},
  options: Partial<MirrorOptions> = {},
) {
  const declare = mirrorTable as unknown as (
    fields: Record<string, GenericValidator>,
    options: MirrorOptions,
  ) => ReturnType<typeof mirrorTable>;
  const table = declare(fields, { primaryKey: ["k"], source: "s.t", fivetran, ...options });
  const { all } = new AppMirrors(defineSchema({ t: table }) as never, "a key for hashes, of 16 bytes");
  const tables = readSchema(
    200,
    JSON.stringify({ tables: all.map((each) => tableOf(each as FivetranMirror)) }),
  );
  return {
    create: (...columns: Column[]) => createTable(tables, "s_t", columns),
    describe: () => describeTable(tables, "s_t"),
  };
}

/** Validators of a field that a column of each type may feed. */
const FIELDS: Record<string, GenericValidator[]> = {
  BOOLEAN: [v.boolean(), v.literal(true)],
  SHORT: [v.number(), v.union(v.literal(1), v.literal(2))],
  INT: [v.number()],
  LONG: [v.int64(), v.literal(5n)],
  FLOAT: [v.number()],
  DOUBLE: [v.number()],
  DECIMAL: [v.string()],
  NAIVE_DATE: [v.string()],
  NAIVE_TIME: [v.string()],
  NAIVE_DATETIME: [v.string()],
  UTC_DATETIME: [v.number()],
  BINARY: [v.bytes()],
  XML: [v.string()],
  STRING: [v.string(), v.union(v.literal("a"), v.literal("b")), v.id("notes")],
  JSON: [
    v.any(),
    v.object({ a: v.number() }),
    v.array(v.string()),
    v.record(v.string(), v.any()),
    v.union(v.object({}), v.array(v.any())),
  ],
  UNSPECIFIED: [v.union(v.string(), v.number())],
};

describe("the schema that the connector gets", () => {
  test.each(FIVETRAN_TYPES)(
    "FIVETRAN-7: a column of the type %s, nullable or not, optional or not",
    (type) => {
      for (const validator of FIELDS[type]!) {
        for (const nullable of [validator, v.union(v.null(), validator as never)]) {
          for (const field of [nullable, v.optional(nullable as never)]) {
            const connector = connectorOf({ k: v.int64(), c: field });
            expect(connector.create(KEY, SYNCED, { name: "c", type })).toBe(null);
          }
        }
      }
    },
  );

  test("FIVETRAN-7: a table of all types, and how Fivetran sees it", () => {
    const columns = FIVETRAN_TYPES.map((type) => ({ name: `c_${type.toLowerCase()}`, type }));
    const fields = Object.fromEntries(columns.map(({ name, type }) => [name, FIELDS[type]![0]!]));
    const connector = connectorOf({ k: v.int64(), ...fields });
    expect(connector.create(KEY, SYNCED, ...columns)).toBe(null);
    // As the connector was recorded to describe such a table.
    expect(connector.describe()?.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "_fivetran_synced UTC_DATETIME",
      "c_binary BINARY",
      "c_boolean BOOLEAN",
      "c_decimal STRING",
      "c_double DOUBLE",
      "c_float DOUBLE",
      "c_int DOUBLE",
      "c_json JSON",
      "c_long LONG",
      "c_naive_date STRING",
      "c_naive_datetime STRING",
      "c_naive_time STRING",
      "c_short DOUBLE",
      "c_string STRING",
      "c_unspecified UNSPECIFIED",
      "c_utc_datetime DOUBLE",
      "c_xml STRING",
      "k LONG",
    ]);
  });

  const TABLES: [string, Record<string, GenericValidator>, FivetranOption, string[], Column[]][] = [
    ["a soft delete", { k: v.int64() }, { softDelete: true }, ["k"], [KEY, SYNCED, DELETED]],
    [
      "_fivetran_id",
      { a: v.string() },
      { id: true },
      ["fivetran.id"],
      [ID, SYNCED, { name: "a", type: "STRING" }],
    ],
    [
      "_fivetran_id and a soft delete",
      { a: v.string() },
      { id: true, softDelete: true },
      ["fivetran.id"],
      [ID, SYNCED, DELETED, { name: "a", type: "STRING" }],
    ],
    [
      "columns that begin with an underscore",
      { k: v.int64() },
      { columns: { file: v.optional(v.string()), line: v.union(v.int64(), v.null()) } },
      ["k"],
      [KEY, SYNCED, { name: "_file", type: "STRING" }, { name: "_line", type: "LONG" }],
    ],
    [
      "a key of such a column",
      { a: v.string() },
      { softDelete: true, columns: { line: v.int64() } },
      ["fivetran.columns.line"],
      [SYNCED, DELETED, { name: "_line", type: "LONG", pk: true }, { name: "a", type: "STRING" }],
    ],
    [
      "columns that begin with two underscores, in the key too",
      { a: v.string() },
      { columns: { _x: v.int64(), __Y__z: v.optional(v.string()), line: v.optional(v.int64()) } },
      ["fivetran.columns.source_x"],
      [
        SYNCED,
        { name: "__x", type: "LONG", pk: true },
        { name: "___Y__z", type: "STRING" },
        { name: "_line", type: "LONG" },
        { name: "a", type: "STRING" },
      ],
    ],
    [
      "a key of several columns, in whatever order",
      { z: v.string(), B: v.string(), a: v.int64() },
      { softDelete: true },
      ["z", "a", "B"],
      [
        SYNCED,
        DELETED,
        { name: "B", type: "STRING", pk: true },
        { name: "a", type: "LONG", pk: true },
        { name: "z", type: "STRING", pk: true },
      ],
    ],
  ];

  test.each(TABLES)("FIVETRAN-7: %s", (_, fields, fivetran, primaryKey, columns) => {
    const connector = connectorOf(fields, fivetran, { primaryKey });
    expect(connector.create(...columns)).toBe(null);
    const told = connector.describe()!;
    expect(
      told
        .filter(({ pk }) => pk)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(
      columns
        .filter(({ pk }) => pk)
        .map(({ name }) => name)
        .sort(),
    );
    expect(told.map(({ name }) => name).sort()).toEqual(columns.map(({ name }) => name).sort());
  });

  test("FIVETRAN-7: has the source's columns, not the fields: renamed, hashed, the importer's own", () => {
    const connector = connectorOf(
      {
        key: v.int64(),
        mail: v.string(),
        goneAt: v.optional(v.number()),
        rest: v.optional(v.record(v.string(), v.any())),
      },
      {},
      {
        primaryKey: ["key"],
        columns: { key: "k", mail: "e_mail" },
        hash: ["mail"],
        onDelete: "soft",
        deletedField: "goneAt",
        overflow: "rest",
      },
    );
    expect(connector.create(KEY, SYNCED, { name: "e_mail", type: "STRING" })).toBe(null);
  });

  test("FIVETRAN-8: a field may be stored as another type than Fivetran's", () => {
    const connector = connectorOf(
      { k: v.number(), price: v.number() },
      { types: { k: "LONG", price: "DECIMAL" } },
    );
    expect(connector.create(KEY, SYNCED, { name: "price", type: "DECIMAL" })).toBe(null);
  });

  test("FIVETRAN-9: a column that the source dropped blocks until it is retired; its field stays", () => {
    const fields = { k: v.int64(), fax: v.optional(v.string()) };
    const columns = { line: v.optional(v.int64()) };
    const left = [KEY, SYNCED];
    expect(connectorOf(fields, { columns }).create(...left)).toMatch(
      /`fax` field that is missing in your data/,
    );
    expect(connectorOf(fields, { columns, retired: ["fax", "_line"] }).create(...left)).toBe(null);
    const odd = { _x: v.optional(v.int64()) };
    expect(connectorOf({ k: v.int64() }, { columns: odd, retired: ["__x"] }).create(...left)).toBe(null);
  });

  test("FIVETRAN-9: a column that the source added is an optional field, or is dropped with its type", () => {
    const columns = [KEY, SYNCED, { name: "fax", type: "STRING" }, { name: "_row", type: "LONG" }];
    expect(connectorOf({ k: v.int64() }).create(...columns)).toMatch(
      /`fax` is missing from your Convex schema/,
    );
    expect(
      connectorOf(
        { k: v.int64(), fax: v.optional(v.union(v.string(), v.null())) },
        { columns: { row: v.optional(v.int64()) } },
      ).create(...columns),
    ).toBe(null);
    expect(
      connectorOf(
        { k: v.int64() },
        { types: { fax: "STRING", _row: "LONG" } },
        { drop: ["fax", "fivetran.columns.row"] },
      ).create(...columns),
    ).toBe(null);
    expect(
      connectorOf({ k: v.int64() }, { types: { __x: "LONG" } }, { drop: ["fivetran.columns._x"] }).create(
        KEY,
        SYNCED,
        { name: "__x", type: "LONG" },
      ),
    ).toBe(null);
  });

  test("FIVETRAN-10: a table that fits no table of Fivetran's breaks none of the others", () => {
    const table = (k: GenericValidator, source: string, options: Partial<MirrorOptions> = {}) =>
      (mirrorTable as unknown as (fields: object, options: object) => never)(
        { k },
        { primaryKey: ["k"], source, fivetran: {}, ...options },
      );
    const { all } = new AppMirrors(
      defineSchema({
        mixed: table(v.union(v.string(), v.number(), v.int64()), "s.mixed"),
        nothing: table(v.null(), "s.nothing"),
        inner: table(v.object({ id: v.string() }), "s.inner", { primaryKey: ["k.id"] }),
        system: table(v.string(), "_system.table"),
        odd: table(v.string(), "a schema.*name!of.table"),
        good: table(v.int64(), "s.good"),
      }) as never,
    );
    const tables = readSchema(
      200,
      JSON.stringify({ tables: all.map((each) => tableOf(each as FivetranMirror)) }),
    );
    expect(createTable(tables, "s_good", [KEY, SYNCED])).toBe(null);
    expect(createTable(tables, "s_mixed", [KEY, SYNCED])).toMatch(/`k` has a type in Convex/);
    expect(describeTable(tables, "s_mixed")?.map(({ type }) => type)).toEqual([
      "UTC_DATETIME",
      "UNSPECIFIED",
    ]);
  });
});

describe("the answer of get_schema", () => {
  test("FIVETRAN-7: has the mirrors for Fivetran that the token opens, and no other", async () => {
    const app = await App.start();
    expect((await tablesOf(app))?.map(({ tableName }) => tableName)).toEqual([
      "s_books",
      "s_plain",
      "s_unkeyed",
      "s_each_sync",
      "s_ordered",
    ]);
    app.token = await app.createToken("narrow", ["plain", "users"]);
    expect((await tablesOf(app))?.map(({ tableName }) => tableName)).toEqual(["s_plain"]);
  });

  test("FIVETRAN-11: where no mirror is for Fivetran, the connection test says what to do", async () => {
    const app = await App.start(["users"]);
    const { status, text } = await getSchema(app);
    expect(status).toBe(400);
    expect(() => readSchema(status, text)).toThrow(/Add the option fivetran: \{\} to a mirrorTable/);
  });
});

test("FIVETRAN-12: every call needs a token that may write", async () => {
  const app = await App.start();
  for (const [method, path, body] of ENDPOINTS) {
    const right = await app.send(method, path, body, HEADERS);
    expect(right.status, `${path}: ${right.text}`).toBe(200);
  }
  const readOnly = (await app.call("createToken", {
    name: "reader",
    mirrors: ["*"],
    access: "read",
  })) as string;
  const none = { Authorization: null };
  for (const [authorization, status, code] of [
    [`Convex ${readOnly}`, 403, "OperationNotPermitted"],
    ["Convex prod:test|abc", 401, "BadAdminKey"],
    [null, 403, "BadDeployKey"],
  ] as const) {
    for (const [method, path, body] of ENDPOINTS) {
      const answer = await app.send(method, path, body, {
        ...HEADERS,
        ...none,
        Authorization: authorization,
      });
      expect([answer.status, answer.json().code], path).toEqual([status, code]);
    }
  }
});
