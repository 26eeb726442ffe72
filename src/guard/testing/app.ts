import { convexTest, type TestConvex } from "convex-test";
import {
  defineSchema,
  defineTable,
  internalMutationGeneric,
  mutationGeneric,
  type DataModelFromSchemaDefinition,
  type GenericMutationCtx,
  type MutationBuilder,
  type SchemaDefinition,
} from "convex/server";
import { ConvexError, v, type GenericId } from "convex/values";
import { mirrorTable } from "../../schema/index.js";
import { guard, MIRROR_IS_READ_ONLY, type MirrorIsReadOnlyData } from "../index.js";

/** Two mirrors and two tables of the app's own. */
export const schema = defineSchema({
  customers: mirrorTable(
    { id: v.int64(), email: v.string() },
    { primaryKey: ["id"], source: "public.customers", owner: "billing team" },
  ).index("by_email", ["email"]),
  orders: mirrorTable({ number: v.string() }, { primaryKey: ["number"] }),
  notes: defineTable({ customer: v.id("customers"), text: v.string() }).index("by_customer", ["customer"]),
  tags: defineTable({ label: v.string() }),
});
export type DataModel = DataModelFromSchemaDefinition<typeof schema>;
export type RawCtx = GenericMutationCtx<DataModel>;

/** Convex's own builders, typed as `_generated/server` types them. */
export const rawMutation = mutationGeneric as MutationBuilder<DataModel, "public">;
export const rawInternalMutation = internalMutationGeneric as MutationBuilder<DataModel, "internal">;

export const { mutation, internalMutation, guardCtx, forLibrary } = guard(schema, {
  mutation: rawMutation,
  internalMutation: rawInternalMutation,
});

/** A backend in which the functions of `module` are found as `anyApi.app.<name>`. */
export function backend(
  module: Record<string, unknown> = {},
): TestConvex<SchemaDefinition<(typeof schema)["tables"], true>> {
  return convexTest(schema, { "./_generated/server.js": async () => ({}), "./app.js": async () => module });
}

/** One row of every table, written past the guard as an import would. */
export interface Rows {
  customer: GenericId<"customers">;
  order: GenericId<"orders">;
  note: GenericId<"notes">;
  tag: GenericId<"tags">;
}

export async function seed({ db }: RawCtx): Promise<Rows> {
  const customer = await db.insert("customers", { id: 1n, email: "ada@example.com" });
  return {
    customer,
    order: await db.insert("orders", { number: "A-1" }),
    note: await db.insert("notes", { customer, text: "first" }),
    tag: await db.insert("tags", { label: "new" }),
  };
}

/** What a refused write threw; fails when `write` did something else. */
export async function refusal(write: () => unknown): Promise<MirrorIsReadOnlyData> {
  try {
    await write();
  } catch (error) {
    if (error instanceof ConvexError && error.data.code === MIRROR_IS_READ_ONLY) return error.data;
    throw error;
  }
  throw new Error("the write was not refused");
}
