// Writes in functions and classes that are handed the ctx, the writer or the table.
import type { WritableTableNames } from "convex-streaming-import/guard";
import { asyncMap } from "convex-helpers";
import { v } from "convex/values";
import { mutation, type DatabaseWriter, type MutationCtx } from "./app/functions.js";
import type { Id, TableNames } from "./app/_generated/dataModel.js";
import schema from "./app/schema.js";
import { removeOrder } from "./helpers/reexport.js";

const args = { id: v.id("customers") };
const row = { id: 1n, email: "ada@example.com" };

// case C01 helper-ctx (bad)
export async function c01(ctx: MutationCtx) {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert("customers", row);
}

// case C02 helper-db (bad)
export async function c02(db: DatabaseWriter, id: Id<"orders">) {
  // expect: error TS2345 "Table 'orders' is a mirror"
  await db.delete("orders", id);
}

// case C03 helper-table-literal-type (bad)
export async function c03(db: DatabaseWriter, table: "orders", id: Id<"orders">) {
  // expect: error TS2345 "Table 'orders' is a mirror"
  await db.delete(table, id);
}

// case C04 helper-generic-table (bad)
export async function c04<Table extends TableNames>(db: DatabaseWriter, table: Table, id: Id<Table>) {
  // expect: error TS2345 "WritableTable<Table, "
  await db.delete(table, id);
}

// case C05 helper-tablenames (bad)
export async function c05(db: DatabaseWriter, table: TableNames) {
  for await (const { _id } of db.query(table)) {
    // expect: error TS2345 "narrow the type to WritableTableNames<typeof schema>"
    await db.delete(table, _id);
  }
}

// case C06 helper-generic-id (bad)
export async function c06<Table extends TableNames>(db: DatabaseWriter, id: Id<Table>) {
  // expect: error TS2345 "Table extends "customers" | "orders" ? MirrorIsReadOnly<`Table '${Table}' is a mirror"
  await db.delete(id);
}

// case C07 class-field (bad)
export class C07 {
  constructor(private readonly db: DatabaseWriter) {}
  async save() {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await this.db.insert("customers", row);
  }
}

// case C08 class-ctx-method (bad)
export class C08 {
  async save(ctx: MutationCtx) {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx.db.insert("customers", row);
  }
}

export const c10 = mutation(async (ctx) => {
  const order = await ctx.db.query("orders").first();
  if (order !== null) await removeOrder(ctx, order._id);
});

export const c11 = mutation(async (ctx) => {
  const { touchOrder } = await import("./helpers/dynamic.js");
  await touchOrder(ctx.db);
});

// case C12 closure-factory (bad)
const saver = (db: DatabaseWriter) => ({
  // expect: error TS2345 "Table 'customers' is a mirror"
  save: () => db.insert("customers", row),
});
export const c12 = mutation(async (ctx) => void (await saver(ctx.db).save()));

// case C13 returned-db (bad)
const writerOf = (ctx: MutationCtx) => ctx.db;
export const c13 = mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await writerOf(ctx).insert("customers", row);
});

// case C14 ternary-table (bad)
export const c14 = mutation({
  args: { all: v.boolean(), id: v.any() },
  handler: async (ctx, { all, id }) => {
    // expect: error TS2345 "Table 'orders' is a mirror"
    await ctx.db.delete(all ? "orders" : "notes", id);
  },
});

// case C15 union-id (bad)
export const c15 = mutation({
  args: { id: v.union(v.id("customers"), v.id("notes")) },
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx.db.delete(id);
  },
});

// case C16 table-const-array (bad)
const TABLES = ["customers", "notes"] as const;
export const c16 = mutation(async (ctx) => {
  for (const table of TABLES) {
    for await (const { _id } of ctx.db.query(table)) {
      // expect: error TS2345 "Table 'customers' is a mirror"
      await ctx.db.delete(table, _id);
    }
  }
});

// case C17 schema-keys (bad)
export const c17 = mutation(async (ctx) => {
  for (const table of Object.keys(schema.tables) as TableNames[]) {
    for await (const { _id } of ctx.db.query(table)) {
      // expect: error TS2345 "narrow the type to WritableTableNames<typeof schema>"
      await ctx.db.delete(table, _id);
    }
  }
});

// case C18 string-table (bad)
export async function c18(db: DatabaseWriter, table: string, value: never) {
  // expect: error TS2345 "narrow the type to WritableTableNames<typeof schema>"
  await db.insert(table, value);
}

// case C19 asyncmap (bad)
export const c19 = mutation(async (ctx) => {
  // expect: error TS2345 "Table 'orders' is a mirror"
  await asyncMap(ctx.db.query("orders").collect(), (order) => ctx.db.delete("orders", order._id));
});

// case C20 helper-guarded-ctx (clean)
export async function c20(ctx: MutationCtx, id: Id<"customers">) {
  await ctx.db.insert("notes", { customer: id, text: "" });
}
export const c20caller = mutation({ args, handler: async (ctx, { id }) => await c20(ctx, id) });

// case C21 helper-generic-writable (clean)
export async function c21<Table extends WritableTableNames<typeof schema>>(
  db: DatabaseWriter,
  table: Table,
  ids: Id<Table>[],
) {
  for (const id of ids) await db.delete(table, id);
}
