// The writer, the table or the id loses its type.
import { v } from "convex/values";
import { mutation, type DatabaseWriter } from "./app/functions.js";
import type { Id, TableNames } from "./app/_generated/dataModel.js";

const row = { id: 1n, email: "ada@example.com" };

// case D01 db-as-any (bad)
export const d01 = mutation(async (ctx) => {
  // not refused: any
  await (ctx.db as any).insert("customers", row);
});

// case D02 ctx-as-any (bad)
export const d02 = mutation(async (ctx) => {
  // not refused: any
  await (ctx as any).db.insert("customers", row);
});

// case D03 annot-any (bad)
export const d03 = mutation(async (ctx) => {
  const db: any = ctx.db;
  // not refused: any
  await db.insert("customers", row);
});

// case D04 helper-any-ctx (bad)
const d04helper = async (ctx: any) => {
  // not refused: any
  await ctx.db.insert("customers", row);
};
export const d04 = mutation(async (ctx) => await d04helper(ctx));

// case D05 helper-any-id (bad)
export async function d05(db: DatabaseWriter, id: any) {
  // expect: error TS2345 "Argument of type 'any' is not assignable to parameter of type 'never'"
  await db.patch(id, { name: "" });
}

// case D06 structural-iface (bad)
interface Store {
  insert(table: string, value: unknown): Promise<unknown>;
}
export const d06 = mutation(async (ctx) => {
  // expect: error TS2322 "is not assignable to type 'Store'"
  const store: Store = ctx.db;
  await store.insert("customers", row);
});

// case D07 structural-param (bad)
const d07helper = async (ctx: { db: { patch(id: string, value: object): Promise<void> } }, id: string) => {
  await ctx.db.patch(id, { name: "" });
};
export const d07 = mutation({
  args: { id: v.id("customers") },
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "is not assignable to parameter of type '{ db: { patch(id: string, value: object): Promise<void>; }; }'"
    await d07helper(ctx, id);
  },
});

// case D08 structural-generic (bad)
const d08helper = async <Db extends { insert(table: string, value: object): Promise<unknown> }>(db: Db) => {
  await db.insert("customers", row);
};
export const d08 = mutation(async (ctx) => {
  // expect: error TS2345 "is not assignable to parameter of type '{ insert(table: string, value: object): Promise<unknown>; }'"
  await d08helper(ctx.db);
});

// case D09 id-cast (bad)
export const d09 = mutation({
  args: { id: v.string() },
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Say which table is written: db.patch('notes', id, value)."
    await ctx.db.patch(id as Id<"notes">, { text: "" });
  },
});

// case D10 id-any (bad)
export const d10 = mutation({
  args: { id: v.any() },
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "Argument of type 'any' is not assignable to parameter of type 'never'"
    await ctx.db.delete(id);
  },
});

// case D11 table-literal-lie (bad)
export const d11 = mutation(async (ctx) => {
  // not refused: a cast says another name than the value has
  await ctx.db.insert("customers" as string as "tags", { label: "" });
});

// case D12 ts-ignore (bad)
export const d12 = mutation(async (ctx) => {
  // not refused: the compiler is told to look away
  // @ts-ignore
  await ctx.db.insert("customers", row);
});

// case D13 eslint-disable (bad)
export const d13 = mutation(async (ctx) => {
  /* eslint-disable-next-line */ // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert("customers", row);
});

// case D14 hidden-db-table (bad)
export const d14 = mutation(async (ctx) => {
  // not refused: any (without it: TS2339, there is no table() in the types)
  await (ctx.db as any).table("customers").insert(row);
});

// case D15 raw-syscall (bad)
declare const Convex: { asyncSyscall(name: string, json: string): Promise<string> };
export const d15 = mutation(async () => {
  // not refused: goes past the writer
  await Convex.asyncSyscall("1.0/insert", JSON.stringify({ table: "customers", value: {} }));
});

// case D16 global-stash (bad)
let stash: DatabaseWriter;
export const d16 = mutation(async (ctx) => {
  stash = ctx.db;
  // expect: error TS2345 "Table 'customers' is a mirror"
  await stash.insert("customers", row);
});

// case D17 global-stash-any (bad)
export const d17 = mutation(async (ctx) => {
  (globalThis as any).stash = ctx.db;
  // not refused: any
  await (globalThis as any).stash.insert("customers", row);
});

// case D18 json-config-driven (bad)
export const d18 = mutation(async (ctx) => {
  const config = JSON.parse('{ "table": "orders" }') as { table: TableNames };
  for await (const { _id } of ctx.db.query(config.table)) {
    // expect: error TS2345 "narrow the type to WritableTableNames<typeof schema>"
    await ctx.db.delete(config.table, _id);
  }
});

// case D19 proxy (bad)
export const d19 = mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await new Proxy(ctx.db, {}).insert("customers", row);
});

// case D20 eval (bad)
export const d20 = mutation(async (ctx) => {
  // not refused: code in a string
  await new Function("db", 'return db.insert("customers", {})')(ctx.db);
});
