import { v, type GenericValidator } from "convex/values";
import { describe, expect, test } from "vitest";
import { contractOf, mirrorTable, type MirrorOptions } from "./index.js";

/** `mirrorTable` as JavaScript sees it: without the types that refuse most of this earlier. */
const declare = mirrorTable as unknown as (
  fields: unknown,
  options?: { [Name in keyof MirrorOptions]: unknown } | Record<string, unknown>,
) => unknown;

const fields = {
  id: v.int64(),
  name: v.string(),
  at: v.optional(v.union(v.number(), v.null())),
  address: v.object({ id: v.number(), line: v.optional(v.string()) }),
  tags: v.array(v.string()),
};

describe("fields are refused that", () => {
  test.each<[string, unknown, RegExp]>([
    ["are a validator", v.object({ id: v.number() }), /write the fields as an object.*mirrorTable\(\{ id/],
    ["have no validator", { id: "number" }, /"id" needs a validator such as v\.string\(\)/],
    ["have undefined for a validator", { id: undefined }, /"id" needs a validator/],
    ["begin with _", { _ID: v.number() }, /start with "_".*"_ID" arrives as "source_id"/],
    ["begin with $", { $x: v.number() }, /start with "\$".*"\$x" arrives as "source_x"/],
    ["a schema cannot declare", { "first name": v.string() }, /cannot declare the field "first name"/],
    ["begin with a digit", { "2nd": v.string() }, /cannot declare the field "2nd"/],
    ["are not ASCII", { naïve: v.string() }, /cannot declare the field "naïve"/],
    ["have no name", { "": v.string() }, /cannot declare the field ""/],
    ["are the importer's own", { mirrorKey: v.string() }, /"mirrorKey" is the importer's own/],
  ])("%s", (_, given, message) => {
    expect(() => declare(given)).toThrow(message);
    expect(() => declare(given)).toThrow(/^mirrorTable: /);
  });
});

describe("a primary key is refused that", () => {
  test.each<[string, unknown, RegExp]>([
    ["is a text", "id", /list of fields: primaryKey: \["id"\]/],
    ["is empty", [], /empty.*leave the option out for an append-only mirror/],
    ["has 17 fields", Array.from({ length: 17 }, () => "id"), /at most 16 fields/],
    ["names a field twice", ["id", "id"], /names "id" twice/],
    ["names a field twice in two spellings", ["address.id", ["address", "id"]], /names "address\.id" twice/],
    ["is Convex's _id", ["_id"], /"_id" is Convex's own.*arrives as "source_id"/],
    ["is Convex's _creationTime", ["_creationTime"], /arrives as "source_creationtime"/],
    ["names no field", ["nobody"], /no field "nobody"; the fields are id, name, at, address, tags/],
    ["names no part of an object", [["address", "nobody"]], /no field "nobody"; the fields are id, line/],
    ["looks into a field that is no object", ["name.first"], /"first" is not inside an object/],
    ["names a property of every object", ["toString"], /no field "toString"/],
    ["is optional", ["at"], /"at" is optional.*Drop v\.optional/],
    ["is optional inside an object", ["address.line"], /"address\.line" is optional/],
    ["is an object", ["address"], /"address" is of kind object; use a string, number/],
    ["is a list", ["tags"], /"tags" is of kind array/],
  ])("%s", (_, primaryKey, message) => {
    expect(() => declare(fields, { primaryKey })).toThrow(message);
  });

  test.each<[string, GenericValidator]>([
    ["any", v.any()],
    ["record", v.record(v.string(), v.number())],
    ["array", v.union(v.string(), v.array(v.string()))],
  ])("is of kind %s", (kind, validator) => {
    expect(() => declare({ id: validator }, { primaryKey: ["id"] })).toThrow(`of kind ${kind}`);
  });
});

describe("a version is refused that", () => {
  test.each<[string, GenericValidator]>([
    ["a boolean", v.boolean()],
    ["bytes", v.bytes()],
    ["any", v.any()],
    ["number or text", v.union(v.number(), v.string())],
    ["number or int64", v.union(v.number(), v.int64())],
    ["nothing but null", v.null()],
  ])("is %s", (_, at) => {
    expect(() => declare({ id: v.number(), at }, { version: "at" })).toThrow(
      /"at" must be of one kind that sorts/,
    );
  });

  test("names no field", () => {
    expect(() => declare(fields, { version: "nobody" })).toThrow(
      /"version" names "nobody".*no field "nobody"/,
    );
  });
});

test.each<[string, Record<string, unknown>, RegExp]>([
  [
    "an unknown option",
    { primarykey: ["id"] },
    /no option "primarykey"; the options are primaryKey, source, version, owner/,
  ],
  ["an empty source", { source: " " }, /"source" is empty.*namespace\.stream/],
])("%s is refused", (_, options, message) => {
  expect(() => declare(fields, options)).toThrow(message);
});

describe("a declaration is taken", () => {
  test("without options: rows have no key", () => {
    expect(contractOf(mirrorTable({ kind: v.string() }))).toMatchObject({
      primaryKey: null,
      source: null,
      version: null,
      owner: null,
    });
  });

  test("with all of them, paths in one spelling", () => {
    const table = mirrorTable(fields, {
      primaryKey: ["id", ["address", "id"]],
      source: "public.customers",
      version: "at",
      owner: "Sales",
    });
    const contract = contractOf(table);
    expect(contract).toMatchObject({
      primaryKey: ["id", "address.id"],
      source: "public.customers",
      version: "at",
      owner: "Sales",
    });
    expect(Object.isFrozen(contract)).toBe(true);
  });

  test.each<[string, GenericValidator]>([
    ["text", v.string()],
    ["int64", v.int64()],
    ["null", v.union(v.string(), v.null())],
    ["literals", v.union(v.literal("a"), v.literal(1))],
    ["bytes", v.bytes()],
    ["id", v.id("notes")],
  ])("with a key of %s", (_, id) => {
    expect(() => declare({ id }, { primaryKey: ["id"] })).not.toThrow();
  });
});
