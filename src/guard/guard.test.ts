import { anyApi, defineSchema, defineTable, mutationGeneric, queryGeneric } from "convex/server";
import { ConvexError, v } from "convex/values";
import { describe, expect, test } from "vitest";
import { mirrorTable } from "../schema/index.js";
import { guard, mirrorTableNames } from "./index.js";
import {
  backend,
  guardCtx,
  internalMutation,
  mutation,
  rawMutation,
  schema,
  seed,
  type RawCtx,
} from "./testing/app.js";

const functions = {
  addNote: mutation({
    args: { customer: v.id("customers"), text: v.string() },
    returns: v.id("notes"),
    handler: async (ctx, args) => await ctx.db.insert("notes", args),
  }),
  rename: mutation({
    args: { id: v.id("customers"), email: v.string() },
    handler: async (ctx, { id, email }) => {
      // @ts-expect-error a mirror is not written
      await ctx.db.patch("customers", id, { email });
    },
  }),
  bare: mutation(async (ctx, { label }: { label: string }) => await ctx.db.insert("tags", { label })),
  bareRename: mutation(async (ctx) => {
    // @ts-expect-error a mirror is not written
    await ctx.db.insert("customers", { id: 3n, email: "" });
  }),
  internal: internalMutation({
    args: {},
    returns: v.number(),
    handler: async (ctx) => (await ctx.db.query("customers").collect()).length,
  }),
  seed: rawMutation({ args: {}, handler: seed }),
  wrongReturn: mutation({ args: {}, returns: v.number(), handler: async () => "text" as never }),
  calling: mutation({
    args: {},
    handler: async (ctx) => {
      await ctx.scheduler.runAfter(0, anyApi.app!.internal as never);
      return await ctx.runMutation(anyApi.app!.internal as never);
    },
  }),
};
const app = anyApi.app!;

describe("a guarded builder", () => {
  test("registers functions that validate, write and return as Convex's own do", async () => {
    const t = backend(functions);
    const { customer } = await t.mutation(app.seed!);
    const id = await t.mutation(app.addNote!, { customer, text: "hello" });
    expect(await t.run(async ({ db }) => (await db.get("notes", id))?.text)).toBe("hello");
    await expect(t.mutation(app.addNote!, { customer, text: 3 })).rejects.toThrow("Validator error");
    await expect(t.mutation(app.wrongReturn!)).rejects.toThrow("Validator error");
    expect(await t.mutation(app.bare!, { label: "blue" })).toEqual(expect.any(String));
    expect(await t.mutation(app.internal!)).toBe(1);
  });

  test("refuses with an error that names the mirror, its source and owner, and what to do", async () => {
    const t = backend(functions);
    const { customer } = await t.mutation(app.seed!);
    const error = await t.mutation(app.rename!, { id: customer, email: "" }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConvexError);
    const { data } = error as ConvexError<Record<string, string>>;
    expect(data).toMatchObject({ code: "MirrorIsReadOnly", table: "customers", operation: "patch" });
    expect(data.message).toBe(
      'ctx.db.patch was refused: the table "customers" is a read-only mirror of "public.customers" ' +
        "(owner: billing team). The import owns its rows: a change made here is lost at the next sync or conflicts " +
        'with it. Write a table of your own that holds the key of the row in "customers", or change the row at its ' +
        'source, "public.customers".',
    );
    expect(data.message).toContain(data.remedy);
    await expect(t.mutation(app.bareRename!)).rejects.toThrow("MirrorIsReadOnly");
  });

  test("a refused write undoes the mutation", async () => {
    const t = backend({
      half: mutation(async (ctx) => {
        await ctx.db.insert("tags", { label: "half" });
        // @ts-expect-error a mirror is not written
        await ctx.db.insert("customers", { id: 1n, email: "" });
      }),
    });
    await expect(t.mutation(app.half!)).rejects.toThrow("MirrorIsReadOnly");
    expect(await t.run(({ db }) => db.query("tags").collect())).toEqual([]);
  });

  test("leaves scheduler, runMutation and the rest of ctx as they are", async () => {
    const t = backend(functions);
    expect(await t.mutation(app.calling!)).toBe(0);
    await t.run(async (raw) => {
      const { db: guardedDb, ...rest } = guardCtx(raw as RawCtx);
      const { db: rawDb, ...others } = raw;
      expect(rest).toEqual(others);
      expect(guardedDb).not.toBe(rawDb);
    });
  });

  test("keeps what the function exports: visibility and validators", () => {
    const exported = functions.addNote as unknown as Record<string, unknown> & { exportArgs(): string };
    expect({ ...exported }).toMatchObject({ isMutation: true, isPublic: true });
    expect(JSON.parse(exported.exportArgs())).toMatchObject({ type: "object", value: { text: {} } });
    expect({ ...functions.internal }).toMatchObject({ isInternal: true });
  });

  test("names what it cannot register", () => {
    expect(() => mutation({ args: {} } as never)).toThrow("write { args, handler: async (ctx, args) => … }");
  });
});

describe("guard does not start", () => {
  const builders = { mutation: mutationGeneric };
  const start = guard as (schema: unknown, builders: unknown) => unknown;
  const notes = defineTable({ text: v.string() });
  const mirror = mirrorTable({ id: v.string() }, { primaryKey: ["id"] });

  test.each<[string, unknown, unknown, string]>([
    ["without a schema", undefined, builders, "the first argument is not a schema"],
    ["with something else", { customers: mirror }, builders, "the first argument is not a schema"],
    ["without a mirror", defineSchema({ notes }), builders, "the schema declares no mirror"],
    ["without builders", schema, undefined, "the second argument"],
    ["with a builder that is undefined", schema, { mutation: undefined }, '"mutation" is not a builder'],
    ["with a builder named guardCtx", schema, { guardCtx: mutationGeneric }, 'the name "guardCtx" is taken'],
    [
      "with loose table names",
      { tables: { mirror }, strictTableNameTypes: false },
      builders,
      "strictTableNameTypes",
    ],
  ])("%s", (_, badSchema, badBuilders, message) => {
    expect(() => start(badSchema, badBuilders)).toThrow(message);
  });

  test("on a ctx without a writer", async () => {
    expect(() => guardCtx({} as never)).toThrow("no database writer");
    const t = backend({ read: queryGeneric(async (ctx) => void guardCtx(ctx as never)) });
    await expect(t.query(app.read!)).rejects.toThrow("no database writer");
  });
});

test("any builder may be guarded, under any name", () => {
  const own = guard(schema, { adminMutation: rawMutation });
  expect(Object.keys(own).sort()).toEqual(["adminMutation", "forLibrary", "guardCtx"]);
});

test("the names of the mirrors, as a value", () => {
  expect(mirrorTableNames(schema)).toEqual(["customers", "orders"]);
});
