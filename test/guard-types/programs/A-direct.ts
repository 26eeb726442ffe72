// Writes to a mirror where it is declared, in both of Convex's signatures.
import { v } from "convex/values";
import { mutation } from "./app/functions.js";

const args = { id: v.id("customers") };
const row = { id: 1n, email: "ada@example.com" };

// case A01 insert-literal (bad)
export const a01 = mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror: the import owns its rows. Write a table of your own that holds its key, or change the row at its source."
  await ctx.db.insert("customers", row);
});

// case A02 patch-table-first (bad)
export const a02 = mutation({
  args,
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx.db.patch("customers", id, { email: "" });
  },
});

// case A03 replace-table-first (bad)
export const a03 = mutation({
  args,
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx.db.replace("customers", id, row);
  },
});

// case A04 delete-table-first (bad)
export const a04 = mutation({
  args,
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx.db.delete("customers", id);
  },
});

// case A05 patch-idonly (bad)
export const a05 = mutation({
  args,
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx.db.patch(id, { email: "" });
  },
});

// case A06 replace-idonly (bad)
export const a06 = mutation({
  args,
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx.db.replace(id, row);
  },
});

// case A07 delete-idonly (bad)
export const a07 = mutation({
  args,
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx.db.delete(id);
  },
});

// case A08 doc-id (bad)
export const a08 = mutation(async (ctx) => {
  const order = await ctx.db.query("orders").first();
  // expect: error TS2345 "Table 'orders' is a mirror"
  if (order !== null) await ctx.db.patch(order._id, { total: 0 });
});

// case A09 fk-id (bad)
export const a09 = mutation(async (ctx) => {
  const note = await ctx.db.query("notes").first();
  // expect: error TS2345 "Table 'customers' is a mirror"
  if (note !== null) await ctx.db.patch(note.customer, { name: "" });
});

// case A10 loop-delete (bad)
export const a10 = mutation(async (ctx) => {
  for await (const order of ctx.db.query("orders")) {
    // expect: error TS2345 "Table 'orders' is a mirror"
    await ctx.db.delete(order._id);
  }
});

// case A11 promise-all-map (bad)
export const a11 = mutation(async (ctx) => {
  const orders = await ctx.db.query("orders").collect();
  // expect: error TS2345 "Table 'orders' is a mirror"
  await Promise.all(orders.map((order) => ctx.db.delete("orders", order._id)));
});

// case A12 optional-chain (bad)
export const a12 = mutation({
  args,
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx?.db?.delete?.("customers", id);
  },
});
