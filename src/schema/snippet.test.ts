// @vitest-environment node
// A snippet is code: these tests run it, which edge-runtime does not allow.
import { defineSchema } from "convex/server";
import { type GenericValidator, v } from "convex/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanFields } from "../core/rows/identifiers.js";
import { parseJson } from "../core/rows/json.js";
import { compileMirror, prepareRow } from "../core/rows/row.js";
import type { Json, JsonObject } from "../core/rows/values.js";
import { contractOf, mirrorTable } from "./index.js";
import { mirrorSnippet } from "./snippet.js";

type Mirror = { validator: { fields: Record<string, GenericValidator> } };

/** What `defineSchema` makes of a snippet that somebody has pasted into it. */
function paste(snippet: string): Record<string, Mirror> {
  const evaluate = new Function("v", "mirrorTable", `return {\n${snippet}\n};`) as (
    ...args: unknown[]
  ) => Record<string, never>;
  return defineSchema(evaluate(v, mirrorTable)).tables;
}

/** A JSON schema as Airbyte's catalogs have it. */
const CUSTOMERS: Json = {
  type: "object",
  required: ["id", "active", "address", "_rev"],
  properties: {
    id: { type: "integer" },
    email: { type: ["null", "string"] },
    balance: { type: ["number", "null"] },
    active: { type: "boolean" },
    tags: { type: ["null", "array"], items: { type: "string" } },
    address: {
      type: "object",
      required: ["_geo"],
      properties: {
        line: { type: ["null", "string"] },
        _geo: { type: "object", properties: { lat: { type: "number" } } },
      },
    },
    anything: {},
    either: { oneOf: [{ type: "string" }, { type: "integer" }, { type: "null" }] },
    _rev: { type: "string" },
    "first name": { type: "string" },
    _ab_cdc_lsn: { type: "number" },
    _ab_cdc_deleted_at: { type: "string" },
  },
};

test("a snippet spells out what the schema says", () => {
  expect(mirrorSnippet("crm_customers", CUSTOMERS, ["id"])).toBe(`crm_customers: mirrorTable(
  {
    id: v.int64(),
    email: v.optional(v.union(v.string(), v.null())),
    balance: v.optional(v.union(v.number(), v.null())),
    active: v.boolean(),
    tags: v.optional(v.union(v.array(v.string()), v.null())),
    address: v.object({ line: v.optional(v.union(v.string(), v.null())), source_geo: v.object({ lat: v.optional(v.number()) }) }),
    anything: v.optional(v.any()),
    either: v.optional(v.union(v.string(), v.int64(), v.null())),
    source_rev: v.string(),
    // "first name": a mirror cannot declare this name
  },
  { primaryKey: ["id"] },
),`);
});

test("a snippet runs as it is, and declares a mirror", () => {
  const { crm_customers: mirror } = paste(mirrorSnippet("crm_customers", CUSTOMERS, ["id"]));
  expect(contractOf(mirror)).toMatchObject({ primaryKey: ["id"] });
  expect(Object.keys(mirror!.validator.fields)).toContain("source_rev");
});

test("the fields of a key are not nullable, as a key wants them", () => {
  const schema = { properties: { a: { type: ["null", "integer"] }, b: { type: ["null", "integer"] } } };
  const snippet = mirrorSnippet("t", schema, ["a"]);
  expect(snippet).toContain("a: v.int64(),");
  expect(snippet).toContain("b: v.optional(v.union(v.int64(), v.null())),");
});

test("a schema of a database, which never says null, means that any column but the key may be null", () => {
  const integer = { type: "number", airbyte_type: "integer" };
  const properties = {
    id: integer,
    visits: integer,
    ratio: { type: "number" },
    tags: { type: "array", items: { type: "string" } },
    point: { type: "object", properties: { x: { type: "number" } } },
  };
  expect(mirrorSnippet("t", { properties }, ["id"])).toBe(`t: mirrorTable(
  {
    id: v.int64(),
    visits: v.union(v.int64(), v.null()),
    ratio: v.union(v.number(), v.null()),
    tags: v.union(v.array(v.string()), v.null()),
    point: v.union(v.object({ x: v.union(v.number(), v.null()) }), v.null()),
  },
  { primaryKey: ["id"] },
),`);
});

test.each<[Json, string]>([
  [{ type: "integer" }, "v.int64()"],
  [{ type: "integer", format: "int64" }, "v.int64()"],
  [{ type: "integer", format: "unix-time" }, "v.number()"],
  [{ type: "integer", minimum: 0, maximum: 150 }, "v.number()"],
  [{ type: "integer", minimum: 0 }, "v.int64()"],
  [{ type: ["integer", "number"] }, "v.number()"],
  [{ type: "number" }, "v.number()"],
])("%j is %s", (type, code) => {
  expect(mirrorSnippet("t", { properties: { n: type } }, ["n"])).toContain(`n: ${code},`);
});

test("GENERATE-6: a declaration takes every row that conforms to the schema that it was made from", () => {
  const leaf = fc.constantFrom<Json>(
    { type: "string" },
    { type: ["null", "string"] },
    { type: "integer" },
    { type: ["null", "number"] },
    { type: ["integer", "string"] },
    { type: "boolean" },
    {},
  );
  const { schema } = fc.letrec<{ schema: Json; object: Json }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      leaf,
      tie("object"),
      fc.tuple(tie("schema"), fc.boolean()).map(([items, isNull]) => ({
        type: isNull ? ["null", "array"] : "array",
        items,
      })),
    ),
    object: fc
      .tuple(fc.dictionary(fc.constantFrom("a", "_b", "c"), tie("schema")), fc.subarray(["a", "_b", "c"]))
      .map(([properties, required]) => ({ type: "object", properties, required }) as Json),
  }));
  const table = fc.tuple(schema, schema, fc.subarray(["x", "_y"])).map(([x, y, required]) => ({
    properties: { id: { type: "integer" }, x, _y: y, known: { type: ["null", "string"] } },
    required,
  }));
  const rows = table.chain((made) =>
    fc.tuple(fc.constant(made), fc.array(conforming(made), { maxLength: 5 })),
  );
  fc.assert(
    fc.property(rows, ([made, all]) => {
      const { t: mirror } = paste(mirrorSnippet("t", made, ["id"]));
      const compiled = compileMirror(mirror!.validator as never, contractOf(mirror)!);
      for (const row of all) {
        const change = { op: "upsert" as const, row: cleanFields({ ...(row as JsonObject), id: 1 }) };
        expect(prepareRow(compiled, change)).not.toHaveProperty("problem");
      }
    }),
  );
});

/** Values that a JSON schema admits. */
function conforming(schema: Json): fc.Arbitrary<Json> {
  const {
    type,
    properties = {},
    required = [],
    items = {},
  } = schema as {
    type?: string | string[];
    properties?: JsonObject;
    required?: string[];
    items?: Json;
  };
  const ofType = (each: string | undefined): fc.Arbitrary<Json> => {
    switch (each) {
      case "null":
        return fc.constant(null);
      case "string":
        return fc.string();
      case "integer":
        return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => parseJson(String(n)));
      case "number":
        return fc.double({ noNaN: true, noDefaultInfinity: true });
      case "boolean":
        return fc.boolean();
      case "array":
        return fc.array(conforming(items), { maxLength: 3 });
      case "object": {
        const fields = Object.fromEntries(
          Object.entries(properties).map(([name, part]) => [name, conforming(part)]),
        );
        const requiredKeys = required.filter((name) => name in fields);
        return fc.record(fields, { requiredKeys, noNullPrototype: true });
      }
      default:
        return fc.oneof(fc.constant(null), fc.string(), fc.nat());
    }
  };
  if (type === undefined && Object.keys(properties).length > 0) return ofType("object");
  return Array.isArray(type) ? fc.oneof(...type.map(ofType)) : ofType(type);
}

test("an object with a name that a schema cannot declare is kept whole", () => {
  const schema = { properties: { o: { type: "object", properties: { "bad name": { type: "string" } } } } };
  expect(mirrorSnippet("t", schema, null)).toContain("o: v.any(),");
});

test("columns whose names become the same are told apart, as their values are", () => {
  const schema = {
    properties: { _a: { type: "string" }, __a: { type: "number" }, source_a: { type: "boolean" } },
  };
  expect(mirrorSnippet("t", schema, null).match(/^ {4}\w+/gm)).toHaveLength(3);
  expect(Object.keys(paste(mirrorSnippet("t", schema, null)).t!.validator.fields)).toHaveLength(4);
});

test("what is nested deep is v.any()", () => {
  const nested = (depth: number): Json =>
    depth === 0 ? { type: "string" } : { type: "object", properties: { x: nested(depth - 1) } };
  const snippet = mirrorSnippet("t", { properties: { deep: nested(10) } }, null);
  expect(snippet).toContain("x: v.any()");
  expect(snippet.match(/v\.object/g)).toHaveLength(3);
});

test.each<[Json]>([[null], [{}], ["schema"], [[]], [{ properties: null }], [{ properties: [] }]])(
  "a schema that says nothing (%j) leaves the columns to the reader",
  (schema) => {
    expect(mirrorSnippet("t", schema, null)).toBe("t: mirrorTable(\n  { /* the stream's columns */ },\n),");
    expect(paste(mirrorSnippet("t", schema, null))).toHaveProperty("t");
  },
);

test("a snippet of a very wide stream is bounded, and says what it leaves out", () => {
  const properties = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [`c${String(i)}`, { type: "string" }]),
  );
  const snippet = mirrorSnippet("t", { properties }, null);
  expect(snippet.length).toBeLessThan(60_000);
  const [, left] = /and (\d+) more columns/.exec(snippet)!;
  expect(Number(left) + snippet.match(/v\.string\(\)/g)!.length).toBe(20_000);
});

describe("whatever the schema", () => {
  const anyName = fc.oneof(
    fc.constantFrom(
      "id",
      "__proto__",
      "constructor",
      "_id",
      "$x",
      "a b",
      "",
      '"',
      "\n",
      "*/",
      "`${x}",
      "2nd",
    ),
    fc.string({ unit: "binary" }),
  );
  const { anySchema } = fc.letrec<{ anySchema: Json }>((tie) => ({
    anySchema: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Json>(
        null,
        {},
        { type: "string" },
        { type: ["null", "integer"] },
        { type: "strange" },
        7,
      ),
      fc.jsonValue() as fc.Arbitrary<Json>,
      tie("anySchema").map((items): Json => ({ type: "array", items })),
      fc.dictionary(anyName, tie("anySchema")).map((properties): Json => ({ type: "object", properties })),
      fc.array(tie("anySchema"), { maxLength: 3 }).map((oneOf): Json => ({ oneOf })),
    ),
  }));

  test("the snippet is code that runs, and declares what it says", () => {
    fc.assert(
      fc.property(fc.dictionary(anyName, anySchema), (properties) => {
        const snippet = mirrorSnippet("t", { properties }, null);
        const { mirrorKey, ...declared } = paste(snippet).t!.validator.fields;
        expect(mirrorKey).toBeDefined();
        expect(Object.keys(declared).length).toBeLessThanOrEqual(Object.keys(properties).length);
        for (const name of Object.keys(declared)) expect(snippet).toContain(`    ${name}: v.`);
      }),
    );
  });
});
