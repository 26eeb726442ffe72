import { defineSchema, defineTable, type DataModelFromSchemaDefinition } from "convex/server";
import { v } from "convex/values";
import { expectTypeOf, test } from "vitest";
import { mirrorTable, type MirrorTableNames } from "./index.js";

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
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the case under test
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
