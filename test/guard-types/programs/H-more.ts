// More ways to hide a write.
import { v } from "convex/values";
import { mutation, internalMutation, type DatabaseWriter, type MutationCtx } from "./app/functions.js";
import * as functions from "./app/functions.js";
import {
  action,
  internalQuery,
  type DatabaseReader,
  type DatabaseWriter as RawWriter,
} from "./app/_generated/server.js";
import type { Doc, Id } from "./app/_generated/dataModel.js";
import type { AnyDataModel, GenericDatabaseWriter } from "convex/server";

const row = { id: 1n, email: "ada@example.com" };

// case H01 structural-nocast (bad)
interface AnyStore {
  insert: (table: any, value: any) => Promise<unknown>;
}
export const h01 = mutation(async (ctx) => {
  // expect: error TS2322 "Type 'any' is not assignable to type 'never'"
  const store: AnyStore = ctx.db;
  await store.insert("customers", row);
});

// case H02 annot-lie (bad)
export const h02 = mutation(async (ctx) => {
  const table: "tags" = JSON.parse('"customers"');
  // not refused: any assigned to a literal type
  await ctx.db.insert(table, { label: "" });
});

// case H03 getter-any (bad)
class Holder {
  constructor(private readonly ctx: MutationCtx) {}
  get db(): any {
    return this.ctx.db;
  }
}
export const h03 = mutation(async (ctx) => {
  // not refused: any
  await new Holder(ctx).db.insert("customers", row);
});

// case H04 getter-any-id (bad)
class Ids {
  constructor(private readonly doc: Doc<"customers">) {}
  get id(): any {
    return this.doc._id;
  }
}
export async function h04(db: DatabaseWriter, doc: Doc<"customers">) {
  // expect: error TS2345 "Argument of type 'any' is not assignable to parameter of type 'never'"
  await db.delete(new Ids(doc).id);
}

// case H05 object-assign (bad)
export const h05 = mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await Object.assign({}, ctx.db).insert("customers", row);
});

// case H06 any-fn-arg (bad)
const invoke = (target: any, name: string, ...rest: any[]) => target[name](...rest);
export const h06 = mutation(async (ctx) => {
  // not refused: any
  await invoke(ctx.db, "insert", "customers", row);
});

// case H07 return-any (bad)
const untyped = (value: unknown) => value as any;
export const h07 = mutation(async (ctx) => {
  // not refused: any
  await untyped(ctx.db).insert("customers", row);
});

// case H08 literal-as-any (bad)
export const h08 = mutation(async (ctx) => {
  // expect: error TS2345 "Argument of type 'any' is not assignable to parameter of type 'never'"
  await ctx.db.insert("customers" as any, row);
});

// case H09 comma-call (bad)
export const h09 = mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await (0, ctx.db.insert)("customers", row);
});

// case H10 destructuring-assign (bad)
export const h10 = mutation(async (ctx) => {
  let write: (table: any, value: any) => Promise<unknown>;
  // expect: error TS2322 "Type 'any' is not assignable to type 'never'"
  ({ insert: write } = ctx.db);
  await write("customers", row);
});

// case H11 computed-destructure (bad)
export const h11 = mutation(async (ctx) => {
  const key = "insert";
  const { [key]: write } = ctx.db;
  // expect: error TS2345 "Table 'customers' is a mirror"
  await write("customers", row);
});

// case H12 enum (bad)
enum Table {
  Customers = "customers",
}
export const h12 = mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert(Table.Customers, row);
});

// case H13 type-arg (bad)
export const h13 = mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert<"customers">("customers", row);
});

// case H14 wrapper-class (bad)
class Wrapper {
  constructor(private readonly db: any) {}
  insert(table: string, value: object) {
    return this.db.insert(table, value);
  }
}
export const h14 = mutation(async (ctx) => {
  // not refused: any
  await new Wrapper(ctx.db).insert("customers", row);
});

// case H15 namespace-import (bad)
export const h15 = functions.mutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert("customers", row);
});

// case H16 anydatamodel (bad)
const h16helper = async (db: GenericDatabaseWriter<AnyDataModel>) => void (await db.insert("customers", row));
export const h16 = mutation(async (ctx) => {
  // expect: error TS2345 "is not assignable to parameter of type 'GenericDatabaseWriter<AnyDataModel>'"
  await h16helper(ctx.db);
});

// case H17 anydatamodel-id (bad)
const h17helper = async (db: GenericDatabaseWriter<AnyDataModel>, id: Id<any>) => await db.delete(id);
export const h17 = mutation({
  args: { id: v.id("customers") },
  handler: async (ctx, { id }) => {
    // expect: error TS2345 "is not assignable to parameter of type 'GenericDatabaseWriter<AnyDataModel>'"
    await h17helper(ctx.db, id);
  },
});

// case H18 keyof-loop (bad)
export const h18 = mutation(async (ctx) => {
  for (const key in ctx.db) {
    // not refused: any
    if (key === "insert") await (ctx.db as any)[key]("customers", row);
  }
});

// case H19 generic-T-ctx (bad)
export async function h19<Ctx extends MutationCtx>(ctx: Ctx) {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert("customers", row);
}

// case H20 pick-writer (bad)
export async function h20(db: Pick<DatabaseWriter, "insert">) {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await db.insert("customers", row);
}

// case H21 partial-writer (bad)
export async function h21(db: Partial<DatabaseWriter>) {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await db.insert?.("customers", row);
}

// case H22 fn-type-param (bad)
const h22helper = async (insert: DatabaseWriter["insert"]) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await insert("customers", row);
};
export const h22 = mutation(async (ctx) => await h22helper(ctx.db.insert));

// case H23 fn-type-value (bad)
export const h23 = mutation(async (ctx) => {
  // expect: error TS2322 "is not assignable to type '(table: "customers", value: object) => Promise<unknown>'"
  const insert: (table: "customers", value: object) => Promise<unknown> = ctx.db.insert;
  await insert("customers", row);
});

// case H24 dynamic-template (bad)
export const h24 = mutation(async (ctx) => {
  const table = `${"custom"}ers` as any;
  // expect: error TS2345 "Argument of type 'any' is not assignable to parameter of type 'never'"
  await ctx.db.insert(table, row);
});

// case H25 record-map (bad)
const byKind = { person: "customers", remark: "notes" } as const;
export const h25 = mutation({
  args: { kind: v.union(v.literal("person"), v.literal("remark")), id: v.any() },
  handler: async (ctx, { kind, id }) => {
    // expect: error TS2345 "Table 'customers' is a mirror"
    await ctx.db.delete(byKind[kind], id);
  },
});

// case H26 id-in-array (bad)
export const h26 = mutation({
  args: { ids: v.array(v.id("orders")) },
  handler: async (ctx, { ids }) => {
    // expect: error TS2345 "Table 'orders' is a mirror"
    for (const id of ids) await ctx.db.delete(id);
  },
});

// case H27 reader-downcast (bad)
export async function h27(db: DatabaseReader) {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await (db as DatabaseWriter).insert("customers", row);
}

// case H28 void-union (bad)
export async function h28(ctx: MutationCtx | undefined) {
  // expect: error TS2345 "Table 'customers' is a mirror"
  return ctx ? await ctx.db.insert("customers", row) : undefined;
}

// case H29 promise-chain (bad)
export const h29 = mutation((ctx) =>
  ctx.db
    .query("orders")
    .first()
    // expect: error TS2345 "Table 'orders' is a mirror"
    .then((order) => order && ctx.db.delete("orders", order._id)),
);

// case H30 internal-action-helper (clean)
const push = functions.internalMutation(async (ctx, { label }: { label: string }) => {
  await ctx.db.insert("tags", { label });
});
export const h30 = action(async () => typeof push);

/* eslint-disable */
// case H31 eslint-off-file (bad)
export const h31 = internalMutation(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert("customers", row);
});
/* eslint-enable */

// case H33 normalize-good (clean)
export const h33 = mutation({
  args: { id: v.string() },
  handler: async (ctx, args) => {
    const id = ctx.db.normalizeId("notes", args.id);
    if (id !== null) await ctx.db.delete("notes", id);
  },
});

// case H34 any-lookalikes (clean)
export const h34 = mutation(async () => {
  const cache: any = new Map();
  cache.delete("customers");
});

// case H35 formdata (clean)
export const h35 = internalQuery(async () => {
  const form = new URLSearchParams();
  form.delete("customers");
});

// case H36 patch-body-mirror-id (clean)
export const h36 = mutation({
  args: { note: v.id("notes"), customer: v.id("customers") },
  handler: async (ctx, { note, customer }) => await ctx.db.patch("notes", note, { customer }),
});

// case H37 replace-string-typed (clean)
export const h37 = mutation(async () => "customers".replace("customers", "tags"));

// case H38 reader-downcast-raw (bad)
export async function h38(db: DatabaseReader) {
  // not refused: a cast to Convex's own writer, from a reader that Convex's writer extends
  await (db as RawWriter).insert("customers", row);
}

// case H39 cast-to-raw (bad)
export const h39 = mutation(async (ctx) => {
  // expect: error TS2352 "may be a mistake"
  await (ctx.db as RawWriter).insert("customers", row);
});

// case H40 double-cast-to-raw (bad)
export const h40 = mutation(async (ctx) => {
  // not refused: a cast through unknown
  await (ctx.db as unknown as RawWriter).insert("customers", row);
});

// case H41 never-table (bad)
export const h41 = mutation(async (ctx) => {
  // not refused: never is assignable to every type
  await ctx.db.insert("customers" as never, row as never);
});
