// Code that writes no mirror.
import type { WritableTableNames } from "convex-streaming-import/guard";
import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
import { crud } from "convex-helpers/server/crud";
import { filter } from "convex-helpers/server/filter";
import { makeMigration } from "convex-helpers/server/migrations";
import { paginator } from "convex-helpers/server/pagination";
import { getManyFrom } from "convex-helpers/server/relationships";
import { stream } from "convex-helpers/server/stream";
import { Triggers } from "convex-helpers/server/triggers";
import { makeFunctionReference } from "convex/server";
import { v } from "convex/values";
import {
  query,
  type DatabaseReader,
  type MutationCtx as RawCtx,
  type QueryCtx,
} from "./app/_generated/server.js";
import type { DataModel, Id } from "./app/_generated/dataModel.js";
import { forLibrary, guardCtx, internalMutation, mutation, type DatabaseWriter } from "./app/functions.js";
import schema from "./app/schema.js";

// case G01 insert-users (clean)
export const g01 = mutation(async (ctx) => {
  const id: Id<"tags"> = await ctx.db.insert("tags", { label: "new" });
  return id;
});

// case G02 patch-users-tablefirst (clean)
export const g02 = mutation({
  args: { id: v.id("notes") },
  returns: v.null(),
  handler: async (ctx, { id }) => {
    await ctx.db.patch("notes", id, { text: "changed" });
    await ctx.db.replace("notes", id, { ...(await ctx.db.get("notes", id))!, text: "again" });
    return null;
  },
});

// case G03 read-mirror (clean)
export const g03 = mutation(async (ctx) => {
  const customer = await ctx.db
    .query("customers")
    .withIndex("by_email", (q) => q.eq("email", "ada@example.com"))
    .unique();
  if (customer === null) return null;
  const files = await ctx.db.system.query("_storage").collect();
  return { name: (await ctx.db.get("customers", customer._id))?.name, files, at: ctx.db.vars.commitTs };
});

// case G04 map-delete (clean)
export const g04 = mutation(async () => new Map([["customers", 1]]).delete("customers"));

// case G05 insert-cart-with-mirror-id (clean)
export const g05 = mutation({
  args: { order: v.id("orders") },
  handler: async (ctx, { order }) => await ctx.db.insert("carts", { items: [order] }),
});

// case G06 local-class-insert (clean)
class Registry {
  insert(_table: string, _value: unknown) {}
}
export const g06 = mutation(async () => new Registry().insert("customers", {}));

// case G07 query-only-helper (clean)
const ordersOf = (ctx: QueryCtx, id: Id<"customers">) =>
  ctx.db.query("orders").filter((q) => q.eq(q.field("customer"), id));
const notesOf = (db: DatabaseReader, id: Id<"customers">) =>
  getManyFrom(db, "notes", "by_customer", id, "customer");
export const g07 = mutation({
  args: { id: v.id("customers") },
  handler: async (ctx, { id }) => [await ordersOf(ctx, id).collect(), await notesOf(ctx.db, id)],
});

// case G08 const-table-users (clean)
const TABLE = "tags";
export const g08 = mutation(async (ctx) => await ctx.db.insert(TABLE, { label: "" }));

// case G09 loop-users-tablefirst (clean)
export const g09 = mutation(async (ctx) => {
  for await (const tag of ctx.db.query("tags")) await ctx.db.delete("tags", tag._id);
});

// case G10 generic-excluding (clean)
export async function g10<Table extends WritableTableNames<typeof schema>>(
  db: DatabaseWriter,
  table: Table,
  id: Id<Table>,
) {
  await db.delete(table, id);
}
export const g10caller = mutation({
  args: { id: v.id("notes") },
  handler: async (ctx, { id }) => await g10(ctx.db, "notes", id),
});

// case G11 storage-delete (clean)
export const g11 = mutation({
  args: { id: v.id("_storage") },
  handler: async (ctx, { id }) => await ctx.storage.delete(id),
});

// case G12 schedule (clean)
const later = makeFunctionReference<"mutation", { text: string }>("notes:add");
export const g12 = mutation(async (ctx) => {
  await ctx.scheduler.runAfter(0, later, { text: "" });
  await ctx.runMutation(later, { text: "" });
});

// case G13 idonly-users (clean)
export const g13 = mutation({
  args: { id: v.id("notes") },
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Say which table is written: db.delete('notes', id). The server then compares it with the id."
    await ctx.db.delete(id);
  },
});

// case G14 union-nonmirror (clean)
export const g14 = mutation({
  args: { id: v.union(v.id("notes"), v.id("tags")) },
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Say which table is written: db.delete('notes', id)"
    await ctx.db.delete(id);
  },
});

// case G15 trigger-on-mirror-read (clean)
const triggers = new Triggers<DataModel>();
triggers.register("notes", async (ctx, change) => {
  if (change.newDoc) await ctx.db.get("customers", change.newDoc.customer);
});
export const g15 = customMutation(
  forLibrary(mutation),
  customCtx((ctx) => guardCtx(triggers.wrapDB(ctx))),
);

// case G17 two-writable-tables (clean)
export const g17 = mutation({
  args: { table: v.union(v.literal("notes"), v.literal("tags")), id: v.any() },
  handler: async (ctx, { table, id }) => await ctx.db.delete(table, id),
});

// case G18 explicit-type-argument (clean)
export const g18 = mutation(async (ctx) => await ctx.db.insert<"tags">("tags", { label: "" }));

// case G19 helpers-that-read (clean)
export const g19 = mutation(async (ctx) => {
  const big = await filter(ctx.db.query("orders"), (order) => order.total > 100).collect();
  const page = await paginator(ctx.db, schema).query("orders").paginate({ cursor: null, numItems: 10 });
  const streamed = await stream(ctx.db, schema).query("customers").withIndex("by_email").take(1);
  return [big.length, page.page.length, streamed.length];
});

// case G20 helpers-for-either-ctx (clean)
const either = async (ctx: QueryCtx | RawCtx) => await ctx.db.query("customers").first();
const slim = async (ctx: { db: DatabaseReader; auth: QueryCtx["auth"] }) => await ctx.auth.getUserIdentity();
export const g20 = mutation(async (ctx) => [await either(ctx), await slim(ctx)]);

// case G21 the-rest-of-ctx (clean)
export const g21 = mutation(async (ctx) => {
  const url = await ctx.storage.generateUploadUrl();
  return [url, await ctx.auth.getUserIdentity(), await ctx.meta.getTransactionMetrics()];
});

// case G22 crud-of-own-table (clean)
export const g22 = crud(schema, "tags", query, forLibrary(mutation));

// case G23 migration-of-own-table (clean)
const migration = makeMigration(forLibrary(internalMutation), { migrationTable: "migrations" as never });
export const g23 = migration({ table: "notes", migrateOne: (_ctx, note) => ({ text: note.text.trim() }) });
