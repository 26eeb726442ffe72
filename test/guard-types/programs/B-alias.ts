// The writer under another name, taken apart, or called in a roundabout way.
import { v } from "convex/values";
import { mutation } from "./app/functions.js";

const args = { id: v.id("customers") };
const row = { id: 1n, email: "ada@example.com" };

// case B01 destructure-db (bad)
export const b01 = mutation(async (ctx) => {
  const { db } = ctx;
  // expect: error TS2345 "Table 'customers' is a mirror"
  await db.insert("customers", row);
});

// case B02 param-destructure (bad)
export const b02 = mutation(async ({ db }) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await db.insert("customers", row);
});

// case B03 rename (bad)
export const b03 = mutation(async (ctx) => {
  const { db: store } = ctx;
  const again = store;
  // expect: error TS2345 "Table 'customers' is a mirror"
  await again.insert("customers", row);
});

// case B04 element-access (bad)
export const b04 = mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx["db"]["insert"]("customers", row);
});

// case B05 const-key (bad)
export const b05 = mutation(async (ctx) => {
  const key = "insert";
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db[key]("customers", row);
});

// case B06 dynamic-key (bad)
export const b06 = mutation({
  args,
  handler: async (ctx, { id }) => {
    const key = Math.random() > 0.5 ? "patch" : "replace";
    // expect: error TS2349 "This expression is not callable"
    await ctx.db[key]("customers", id, row);
  },
});

// case B07 call (bad)
export const b07 = mutation(async (ctx) => {
  // expect: error TS2345 "Name a table of the schema that is not a mirror"
  await ctx.db.insert.call(ctx.db, "customers", row);
});

// case B08 apply (bad)
export const b08 = mutation(async (ctx) => {
  // expect: error TS2322 "Name a table of the schema that is not a mirror"
  await ctx.db.insert.apply(ctx.db, ["customers", row]);
});

// case B09 bind (bad)
export const b09 = mutation(async (ctx) => {
  const insert = ctx.db.insert.bind(ctx.db);
  // expect: error TS2345 "Table 'customers' is a mirror"
  await insert("customers", row);
});

// case B10 detached (bad)
export const b10 = mutation(async (ctx) => {
  const insert = ctx.db.insert;
  // expect: error TS2345 "Table 'customers' is a mirror"
  await insert("customers", row);
});

// case B11 destructure-method (bad)
export const b11 = mutation({
  args,
  handler: async (ctx, { id }) => {
    const { delete: remove } = ctx.db;
    // expect: error TS2345 "Table 'customers' is a mirror"
    await remove("customers", id);
  },
});

// case B12 callback-value (bad)
export const b12 = mutation(async (ctx) => {
  const ids = (await ctx.db.query("orders").collect()).map((order) => order._id);
  // expect: error TS2345 "Type 'Id<"orders">' is not assignable to type 'never'"
  await Promise.all(ids.map(ctx.db.delete));
});

// case B13 nested-destructure (bad)
export const b13 = mutation(async ({ db: { insert } }) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await insert("customers", row);
});

// case B14 spread-ctx (bad)
export const b14 = mutation(async (ctx) => {
  const more = { ...ctx, requestId: 1 };
  // expect: error TS2345 "Table 'customers' is a mirror"
  await more.db.insert("customers", row);
});

// case B15 spread-db (bad)
export const b15 = mutation(async (ctx) => {
  const db = { ...ctx.db };
  // expect: error TS2345 "Table 'customers' is a mirror"
  await db.insert("customers", row);
});

// case B16 reflect-apply (bad)
export const b16 = mutation(async (ctx) => {
  // not refused: Reflect.apply takes any function, with any arguments
  await Reflect.apply(ctx.db.insert, ctx.db, ["customers", row]);
});

// case B17 reflect-get (bad)
export const b17 = mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await Reflect.get(ctx.db, "insert")("customers", row);
});

// case B18 object-values (bad)
export const b18 = mutation(async (ctx) => {
  for (const [name, write] of Object.entries(ctx.db)) {
    // not refused: Object.entries of an object gives any
    if (name === "insert") await write("customers", row);
  }
});
