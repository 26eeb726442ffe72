import { defineSchema, defineTable, type DataModelFromSchemaDefinition } from "convex/server";
import { v } from "convex/values";
import { expectTypeOf, test } from "vitest";
import { mirrorTable, type MirrorContract, type MirrorTableNames } from "./index.js";

const _schema = defineSchema({
  customers: mirrorTable(
    { id: v.int64(), email: v.string(), address: v.object({ id: v.string() }) },
    { primaryKey: ["id", ["address", "id"]], source: "public.customers", version: "email" },
  )
    .index("by_email", ["email"])
    .searchIndex("search_email", { searchField: "email" }),
  events: mirrorTable({ kind: v.string() }),
  notes: defineTable({ customerId: v.int64() }).index("by_customer", ["customerId"]),
});
type AnySchema = any;
type DataModel = DataModelFromSchemaDefinition<typeof _schema>;

test("the brand survives .index() and .searchIndex(), and plain tables have none", () => {
  expectTypeOf<MirrorTableNames<typeof _schema>>().toEqualTypeOf<"customers" | "events">();
});

test("a schema whose names are unknown makes every table a mirror, not none", () => {
  expectTypeOf<MirrorTableNames<AnySchema>>().toEqualTypeOf<string>();
  expectTypeOf<MirrorTableNames<{ tables: Record<string, never> }>>().toEqualTypeOf<string>();
});

test("nested and composite keys type the index", () => {
  expectTypeOf<DataModel["customers"]["indexes"]["by_primary_key"]>().toEqualTypeOf<
    ["id", "address.id", "_creationTime"]
  >();
  expectTypeOf<DataModel["customers"]["indexes"]["by_email"]>().toEqualTypeOf<["email", "_creationTime"]>();
});

test("a mirror without a key carries the key made from its content", () => {
  expectTypeOf<DataModel["events"]["document"]["mirrorKey"]>().toEqualTypeOf<string>();
  expectTypeOf<DataModel["customers"]["document"]>().not.toHaveProperty("mirrorKey");
});

test("a key or version that is no field does not compile", () => {
  // @ts-expect-error "nope" is not a field
  expectTypeOf(() => mirrorTable({ id: v.string() }, { primaryKey: ["nope"] })).toBeFunction();
  // @ts-expect-error "nope" is not a field
  expectTypeOf(() => mirrorTable({ id: v.string() }, { version: "nope" })).toBeFunction();
});

test("the option for Fivetran adds a field, whose parts keys, versions and indexes may name", () => {
  const _tables = defineSchema({
    plain: mirrorTable(
      { id: v.int64() },
      { primaryKey: ["id"], version: "fivetran.synced", fivetran: { softDelete: true } },
    ).index("live", ["fivetran.deleted"]),
    lines: mirrorTable(
      { text: v.string() },
      {
        primaryKey: ["fivetran.id", ["fivetran", "columns", "line"]],
        fivetran: {
          id: true,
          columns: { line: v.int64(), file: v.optional(v.string()), __Y__z_: v.int64() },
        },
        where: (row) => row.fivetran.deleted !== true,
      },
    ),
  });
  type Model = DataModelFromSchemaDefinition<typeof _tables>;
  expectTypeOf<Model["plain"]["document"]["fivetran"]>().toEqualTypeOf<
    { synced?: number; deleted?: boolean | null; id?: string } | undefined
  >();
  expectTypeOf<Model["lines"]["document"]["fivetran"]["id"]>().toEqualTypeOf<string>();
  expectTypeOf<Model["lines"]["document"]["fivetran"]["columns"]>().toEqualTypeOf<{
    line: bigint;
    file?: string;
    source_y_z: bigint;
  }>();
  expectTypeOf<Model["lines"]["indexes"]["by_primary_key"]>().toEqualTypeOf<
    ["fivetran.id", "fivetran.columns.line", "_creationTime"]
  >();
  expectTypeOf<Model["plain"]["indexes"]["live"]>().toEqualTypeOf<["fivetran.deleted", "_creationTime"]>();
  expectTypeOf(() =>
    // @ts-expect-error without the option there is no such field
    mirrorTable({ id: v.string() }, { primaryKey: ["fivetran.id"] }),
  ).toBeFunction();
});

test("options name fields of the mirror, and the filter sees its row", () => {
  mirrorTable(
    { id: v.string(), email: v.optional(v.string()), deletedAt: v.optional(v.number()), rest: v.any() },
    {
      primaryKey: ["id"],
      onDelete: "soft",
      deletedField: "deletedAt",
      drift: { types: "freeze", unknownFields: "evolve" },
      overflow: "rest",
      expectEvery: "15 minutes",
      columns: { email: "E-Mail" },
      drop: ["ssn"],
      hash: ["email"],
      where: (row) => {
        expectTypeOf(row.id).toEqualTypeOf<string>();
        expectTypeOf(row.email).toEqualTypeOf<string | undefined>();
        expectTypeOf(row).not.toHaveProperty("_id");
        return row.id !== "";
      },
    },
  );
  mirrorTable(
    { kind: v.string() },
    { drift: "discard_row", where: (row) => row.kind === "a", expectEvery: 60_000 },
  );
});

test("options that make no sense do not compile", () => {
  const fields = { id: v.string(), deletedAt: v.optional(v.number()) };
  const declare = {
    // @ts-expect-error "nope" is not a field
    deletedField: () => mirrorTable(fields, { primaryKey: ["id"], onDelete: "soft", deletedField: "nope" }),
    // @ts-expect-error a mirror without a key has no soft deletes
    keyless: () => mirrorTable(fields, { onDelete: "soft", deletedField: "deletedAt" }),
    // @ts-expect-error there is no such policy
    drift: () => mirrorTable(fields, { drift: "ignore" }),
    // @ts-expect-error there is no such kind of drift
    driftOf: () => mirrorTable(fields, { drift: { columns: "freeze" } }),
    // @ts-expect-error "nope" is not a field
    overflow: () => mirrorTable(fields, { overflow: "nope" }),
    // @ts-expect-error weeks are not a unit
    expectEvery: () => mirrorTable(fields, { expectEvery: "2 weeks" }),
    // @ts-expect-error "nope" is not a field
    columns: () => mirrorTable(fields, { columns: { nope: "x" } }),
    // @ts-expect-error "nope" is not a field
    hash: () => mirrorTable(fields, { hash: ["nope"] }),
    // @ts-expect-error the row has no such field
    where: () => mirrorTable(fields, { where: (row) => "a" === row.nope }),
  };
  expectTypeOf(declare).toBeObject();
});

test("the contract tells the guards nothing but that the table is a mirror", () => {
  const table = mirrorTable({ id: v.string() }, { primaryKey: ["id"], where: (row) => row.id !== "" });
  expectTypeOf(table.mirror).toEqualTypeOf<MirrorContract>();
});
