import type {
  GenericDatabaseReader,
  GenericDatabaseWriter,
  GenericMutationCtx,
  GenericQueryCtx,
} from "convex/server";
import { v, type GenericId } from "convex/values";
import type { Rules } from "convex-helpers/server/rowLevelSecurity";
import { describe, expectTypeOf, test } from "vitest";
import {
  guard,
  mirrorRules,
  type GuardableSchema,
  type GuardCannotStart,
  type GuardedCtx,
  type GuardedDatabaseWriter,
  type GuardedDb,
  type GuardedMutationCtx,
  type MirrorIsReadOnly,
  type MirrorTableNames,
  type WritableTable,
  type WritableTableNames,
} from "./index.js";
import {
  guardCtx,
  internalMutation,
  mutation,
  rawInternalMutation,
  rawMutation,
  schema,
  type DataModel,
} from "./testing/app.js";

type Db = GuardedDb<typeof schema>;
type Ctx = GuardedCtx<typeof schema>;
type RawDb = GenericDatabaseWriter<DataModel>;
type RawCtx = GenericMutationCtx<DataModel>;

describe("names", () => {
  test("mirrors and the rest share the tables out", () => {
    expectTypeOf<MirrorTableNames<typeof schema>>().toEqualTypeOf<"customers" | "orders">();
    expectTypeOf<WritableTableNames<typeof schema>>().toEqualTypeOf<"notes" | "tags">();
  });

  test("a writable table stays itself, a mirror becomes a sentence, any becomes never", () => {
    type Verdict<Table> = WritableTable<
      Table,
      "customers" | "orders",
      "customers" | "orders" | "notes" | "tags"
    >;
    expectTypeOf<Verdict<"notes">>().toEqualTypeOf<"notes">();
    expectTypeOf<Verdict<"notes" | "tags">>().toEqualTypeOf<"notes" | "tags">();
    expectTypeOf<Verdict<"customers">>().toEqualTypeOf<
      MirrorIsReadOnly<"Table 'customers' is a mirror: the import owns its rows. Write a table of your own that holds its key, or change the row at its source.">
    >();
    expectTypeOf<"notes">().not.toExtend<Verdict<"notes" | "customers">>();
    expectTypeOf<Verdict<any>>().toEqualTypeOf<never>();
  });
});

describe("the writer", () => {
  test("reads as Convex's own, and is not one", () => {
    expectTypeOf<Db>().toExtend<GenericDatabaseReader<DataModel>>();
    expectTypeOf<Ctx>().toExtend<GenericQueryCtx<DataModel>>();
    expectTypeOf<Db>().not.toExtend<RawDb>();
    expectTypeOf<Ctx>().not.toExtend<RawCtx>();
    expectTypeOf<RawDb>().not.toExtend<Db>();
    expectTypeOf<RawCtx>().not.toExtend<Ctx>();
  });

  test("no function of it is one of Convex's own", () => {
    expectTypeOf<Db>().not.toExtend<Pick<RawDb, "insert">>();
    expectTypeOf<Db>().not.toExtend<Pick<RawDb, "patch">>();
    expectTypeOf<Db>().not.toExtend<Pick<RawDb, "replace">>();
    expectTypeOf<Db>().not.toExtend<Pick<RawDb, "delete">>();
    expectTypeOf<Db>().not.toExtend<{ insert(table: string, value: any): Promise<any> }>();
    expectTypeOf<Db>().not.toExtend<{ patch(id: any, value: any): Promise<any> }>();
    expectTypeOf<Db>().not.toExtend<{ delete(id: any): Promise<any> }>();
  });

  test("guarding other mirrors is another type", () => {
    expectTypeOf<Db>().not.toExtend<GuardedDatabaseWriter<DataModel, "orders">>();
    expectTypeOf<GuardedDatabaseWriter<DataModel, "orders">>().not.toExtend<Db>();
  });

  test("the ctx has two names for one type", () => {
    expectTypeOf<Ctx>().toEqualTypeOf<GuardedMutationCtx<DataModel, MirrorTableNames<typeof schema>>>();
    expectTypeOf<Ctx["db"]>().toEqualTypeOf<Db>();
    expectTypeOf<Ctx["scheduler"]>().toEqualTypeOf<RawCtx["scheduler"]>();
    expectTypeOf<Ctx["runMutation"]>().toEqualTypeOf<RawCtx["runMutation"]>();
  });

  test("writes of the app's own tables are typed as by Convex", () => {
    const write = async (db: Db, note: GenericId<"notes">, customer: GenericId<"customers">) => {
      expectTypeOf(await db.insert("notes", { customer, text: "" })).toEqualTypeOf<GenericId<"notes">>();
      await db.patch("notes", note, { text: "" });
      // @ts-expect-error a field of another type
      await db.patch("notes", note, { text: 1 });
      // @ts-expect-error a field that there is not
      await db.insert("tags", { name: "" });
      // @ts-expect-error an id of another table
      await db.delete("tags", note);
      // @ts-expect-error a document without its fields
      await db.replace("notes", note, { text: "" });
    };
    expectTypeOf(write).toBeFunction();
  });
});

describe("the builders", () => {
  test("are typed as Convex's own but for ctx.db", () => {
    const definition = {
      args: { id: v.id("notes"), limit: v.optional(v.number()) },
      returns: v.union(v.null(), v.string()),
      handler: async (_ctx: GenericQueryCtx<DataModel>, args: { id: GenericId<"notes">; limit?: number }) =>
        args.id,
    };
    expectTypeOf(mutation(definition)).toEqualTypeOf(rawMutation(definition));
    expectTypeOf(internalMutation(definition)).toEqualTypeOf(rawInternalMutation(definition));
    const bare = async (_ctx: GenericQueryCtx<DataModel>, args: { text: string }) => args.text.length;
    expectTypeOf(mutation(bare)).toEqualTypeOf(rawMutation(bare));
    const nothing = { handler: async () => 1 };
    expectTypeOf(internalMutation(nothing)).toEqualTypeOf(rawInternalMutation(nothing));
  });

  test("infer ctx and args of a handler", () => {
    mutation({
      args: { id: v.id("notes") },
      returns: v.null(),
      handler: async (ctx, args) => {
        expectTypeOf(ctx).toEqualTypeOf<Ctx>();
        expectTypeOf(args).toEqualTypeOf<{ id: GenericId<"notes"> }>();
        return null;
      },
    });
    // @ts-expect-error the return value does not fit its validator
    mutation({ args: {}, returns: v.null(), handler: async () => 1 });
  });

  test("keep their names and visibility", () => {
    const own = guard(schema, { admin: rawInternalMutation });
    expectTypeOf<keyof typeof own>().toEqualTypeOf<"admin" | "guardCtx" | "forLibrary">();
    expectTypeOf(own.admin).toEqualTypeOf(internalMutation);
  });

  test("guardCtx keeps what else a ctx has", () => {
    expectTypeOf(guardCtx(null! as RawCtx)).toEqualTypeOf<Ctx>();
    expectTypeOf(guardCtx(null! as Ctx)).toExtend<Ctx>();
    expectTypeOf(guardCtx(null! as RawCtx & { user: string })).toExtend<Ctx & { user: string }>();
    expectTypeOf(guardCtx(null! as { db: RawDb; user: string })).toExtend<{ db: Db; user: string }>();
  });
});

test("a schema that would fail open is no schema for the guard", () => {
  type Says<Schema> = GuardableSchema<Schema> extends GuardCannotStart<infer Sentence> ? Sentence : "it can";
  expectTypeOf<Says<typeof schema>>().toEqualTypeOf<"it can">();
  expectTypeOf<Says<any>>().toExtend<`The schema is typed any${string}`>();
  expectTypeOf<Says<undefined>>().toExtend<`This is not a schema${string}`>();
});

test("mirrorRules fits convex-helpers' rules, and keeps those it was given", () => {
  expectTypeOf(mirrorRules(schema)).toExtend<Rules<{ user: string }, DataModel>>();
  const merged = mirrorRules(schema, {
    customers: { read: async (_ctx: { user: string }, customer: { email: string }) => customer.email !== "" },
    notes: { insert: async (_ctx: { user: string }) => true },
  });
  expectTypeOf(merged).toExtend<Rules<{ user: string }, DataModel>>();
  expectTypeOf(merged.customers.read).toBeFunction();
  expectTypeOf(merged.orders.modify).toBeFunction();
  // @ts-expect-error there is no table of this name
  mirrorRules(schema, { nowhere: { read: async () => true } });
});
