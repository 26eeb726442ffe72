import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, expectTypeOf, test } from "vitest";
import { exportContracts, exportTable, mirrorTable, type ExportTableNames } from "./index.js";

const loose = exportTable as (table: unknown, options?: unknown) => unknown;

describe("exportTable", () => {
  const schema = defineSchema({
    orders: exportTable(defineTable({ total: v.number(), card: v.string() }).index("by_total", ["total"]), {
      exclude: ["card"],
    }),
    shapes: exportTable(
      defineTable(v.union(v.object({ r: v.number() }), v.object({ w: v.number(), h: v.number() }))),
      { exclude: ["h"] },
    ),
    anything: exportTable(defineTable(v.any()), { exclude: ["secret"] }),
    customers: mirrorTable(
      { id: v.int64(), ssn: v.string() },
      { primaryKey: ["id"], export: { exclude: ["ssn"] } },
    ),
    events: mirrorTable({ kind: v.string() }, { export: true }),
    closed: mirrorTable({ kind: v.string() }, { export: false }),
    notes: defineTable({ text: v.string() }),
  });

  test("exported tables, with what never leaves, are known by value and by type", () => {
    expect(
      Object.fromEntries([...exportContracts(schema)].map(([name, { exclude }]) => [name, exclude])),
    ).toEqual({
      orders: ["card"],
      shapes: ["h"],
      anything: ["secret"],
      customers: ["ssn"],
      events: [],
    });
    expectTypeOf<ExportTableNames<typeof schema>>().toEqualTypeOf<"orders" | "shapes" | "anything">();
    expectTypeOf<ExportTableNames<any>>().toEqualTypeOf<never>();
  });

  test("the table stays what it was", () => {
    expect(schema.tables.orders[" indexes"]()).toEqual([{ indexDescriptor: "by_total", fields: ["total"] }]);
    expectTypeOf(schema.tables.orders.validator).toEqualTypeOf(
      defineTable({ total: v.number(), card: v.string() }).validator,
    );
  });

  test("an index that is added outside would lose the brand, so the schema does not compile", () => {
    const late = exportTable(defineTable({ total: v.number() })).index("by_total", ["total"]);
    // @ts-expect-error an index is written inside
    defineSchema({ late });
  });

  test("fields that are none, and mirrors, are refused by the compiler and with a reason", () => {
    // @ts-expect-error there is no such field
    expect(() => exportTable(defineTable({ a: v.string() }), { exclude: ["b"] })).toThrow(
      '"exclude" names "b", but there is no field "b"; the fields are a.',
    );
    // @ts-expect-error readers need it
    expect(() => exportTable(defineTable({ a: v.string() }), { exclude: ["_id"] })).toThrow(
      "which readers need",
    );
    // @ts-expect-error a mirror has an option
    expect(() => exportTable(mirrorTable({ a: v.string() }))).toThrow("mirrorTable({ … }, { export: true })");
    // @ts-expect-error there is no such field
    expect(() => mirrorTable({ a: v.string() }, { export: { exclude: ["b"] } })).toThrow(
      'mirrorTable: "exclude" names "b"',
    );
  });

  test.each([
    [{ a: v.string() }, {}, "pass a table"],
    [undefined, {}, "pass a table"],
    [defineTable({ a: v.string() }), null, "write the options"],
    [defineTable({ a: v.string() }), { exlude: [] }, 'no option "exlude"'],
    [defineTable({ a: v.string() }), { exclude: "a" }, "is a list of fields"],
    [defineTable({ a: v.string() }), { exclude: [1] }, "is a list of names"],
    [defineTable({ a: v.object({ b: v.string() }) }), { exclude: ["a.b"] }, "not of an object inside"],
  ])("refuses %j with %j", (table, options, message) => {
    expect(() => loose(table, options)).toThrow(message);
  });
});
