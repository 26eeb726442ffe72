import { convexTest } from "convex-test";
import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
import { wrapDatabaseWriter } from "convex-helpers/server/rowLevelSecurity";
import { Triggers } from "convex-helpers/server/triggers";
import {
  anyApi,
  defineSchema,
  defineTable,
  internalMutationGeneric,
  mutationGeneric,
  type DataModelFromSchemaDefinition,
  type MutationBuilder,
} from "convex/server";
import { v } from "convex/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exportTable, mirrorTable } from "../schema/index.js";
import { guard, type ExportComponent, type GuardedCtx } from "./index.js";

const schema = defineSchema({
  customers: mirrorTable({ id: v.int64() }, { primaryKey: ["id"], export: true }),
  orders: exportTable(defineTable({ n: v.number() })),
  lines: exportTable(defineTable({ n: v.number() })),
  notes: defineTable({ n: v.number() }),
  feed: defineTable({ changes: v.any() }),
});
type DataModel = DataModelFromSchemaDefinition<typeof schema>;
type Ctx = GuardedCtx<typeof schema>;
type Change = { table: string; written: string[]; deleted: string[] };

const rawMutation = mutationGeneric as MutationBuilder<DataModel, "public">;
const rawInternalMutation = internalMutationGeneric as MutationBuilder<DataModel, "internal">;
const app = anyApi.app!;
// In the place of the component's: a table of the app that keeps every call.
const component = { changeFeed: { record: app.record } } as unknown as ExportComponent;
const { mutation, internalMutation, guardCtx, forLibrary } = guard(
  schema,
  { mutation: rawMutation, internalMutation: rawInternalMutation },
  component,
);

function backend(module: Record<string, unknown>) {
  const record = rawInternalMutation({
    args: { changes: v.array(v.any()) },
    handler: async (ctx, { changes }) => void (await ctx.db.insert("feed", { changes: changes as unknown })),
  });
  const t = convexTest(schema, {
    "./_generated/server.js": async () => ({}),
    "./app.js": async () => ({ record, ...module }),
  });
  return {
    t,
    run: async (name: string, args: Record<string, unknown> = {}) =>
      (await t.mutation(app[name]!, args)) as unknown,
    /** The calls so far, without their ids' order. */
    feed: async () =>
      (await t.run(({ db }) => db.query("feed").collect())).map(({ changes }) => changes as Change[]),
  };
}

describe("a guarded builder records what it changes in exported tables", () => {
  test("with one call for all of them, and none where there is nothing to record", async () => {
    const { run, feed } = backend({
      many: mutation(async (ctx) => {
        const kept = await ctx.db.insert("orders", { n: 1 });
        const gone = await ctx.db.insert("orders", { n: 2 });
        const line = await ctx.db.insert("lines", { n: 3 });
        await ctx.db.patch("orders", kept, { n: 4 });
        await ctx.db.delete("orders", gone);
        await ctx.db.replace("lines", line, { n: 5 });
        return { kept, gone, line };
      }),
      none: internalMutation(async (ctx) => {
        await ctx.db.insert("notes", { n: 1 });
        await ctx.db.query("orders").collect();
      }),
    });
    const { kept, gone, line } = (await run("many")) as Record<string, string>;
    await run("none");
    expect(await feed()).toEqual([
      [
        { table: "orders", written: [kept], deleted: [gone] },
        { table: "lines", written: [line], deleted: [] },
      ],
    ]);
  });

  test("in the old form of a write, by the hidden ctx.db.table, and by functions that are taken off", async () => {
    const { run, feed } = backend({
      old: mutation(async (ctx) => {
        const db = ctx.db as any;
        const id = await db.table("orders").insert({ n: 1 });
        const { patch } = db;
        await patch(id, { n: 2 });
        const other = await db.insert("lines", { n: 2 });
        await db.delete(other);
        return { id, other };
      }),
    });
    const { id, other } = (await run("old")) as Record<string, string>;
    expect(await feed()).toEqual([
      [
        { table: "orders", written: [id], deleted: [] },
        { table: "lines", written: [], deleted: [other] },
      ],
    ]);
  });

  test("only what succeeded: not a write that failed, not one that was rolled back", async () => {
    const { run, feed } = backend({
      inner: internalMutation(async (ctx) => {
        await ctx.db.insert("orders", { n: 2 });
        throw new Error("no");
      }),
      outer: mutation(async (ctx) => {
        const id = await ctx.db.insert("orders", { n: 1 });
        await ctx.db.insert("orders", { n: "text" } as never).catch(() => undefined);
        await (ctx.runMutation(app.inner!) as Promise<unknown>).catch(() => undefined);
        return id;
      }),
      failing: mutation(async (ctx) => {
        await ctx.db.insert("orders", { n: 1 });
        throw new Error("no");
      }),
    });
    const id = await run("outer");
    await expect(run("failing")).rejects.toThrow("no");
    expect(await feed()).toEqual([[{ table: "orders", written: [id], deleted: [] }]]);
  });

  test("writes that the handler does not wait for; what comes after its end is refused", async () => {
    let kept: Ctx | undefined;
    const { run, feed } = backend({
      hasty: mutation(async (ctx) => {
        kept = ctx;
        void ctx.db.insert("orders", { n: 1 });
      }),
    });
    await run("hasty");
    expect((await feed()).flat()).toMatchObject([{ table: "orders", deleted: [] }]);
    await expect(kept!.db.insert("orders", { n: 1 })).rejects.toThrow("the handler has returned");
  });

  test("more rows than an argument may hold", async () => {
    const { run, feed } = backend({
      bulk: mutation(async (ctx) => {
        for (let n = 0; n < 8_001; n++) await ctx.db.insert("orders", { n });
      }),
    });
    await run("bulk");
    expect((await feed()).map((call) => call.map(({ written }) => written.length))).toEqual([[8_000, 1]]);
  });
});

describe("with libraries", () => {
  const triggers = new Triggers<DataModel>();
  triggers.register("orders", async (ctx, change) => {
    if (change.newDoc?.n === 1) await ctx.db.insert("lines", { n: 10 });
    if (change.newDoc?.n === 2) await ctx.innerDb.insert("lines", { n: 20 });
  });
  const withTriggers = customMutation(
    forLibrary(mutation),
    customCtx((ctx) => guardCtx(triggers.wrapDB(ctx))),
  );
  const withRules = customMutation(
    forLibrary(mutation),
    customCtx((ctx) => guardCtx({ ...ctx, db: wrapDatabaseWriter(ctx, ctx.db, {}) })),
  );
  const twice = customMutation(
    customMutation(
      forLibrary(mutation),
      customCtx(() => ({ user: "ada" })),
    ),
    customCtx(guardCtx),
  );

  test.each([
    ["triggers, whose own writes count", withTriggers, 3],
    ["row-level security", withRules, 2],
    ["customisations of customisations", twice, 2],
  ])("with %s", async (_name, builder, rows) => {
    const { t, run, feed } = backend({
      add: (builder as typeof withTriggers)({
        args: { n: v.number() },
        handler: async (ctx, { n }) => {
          await ctx.db.insert("orders", { n });
          await ctx.db.insert("lines", { n });
        },
      }),
    });
    await run("add", { n: 1 });
    const calls = await feed();
    expect(calls).toHaveLength(1);
    expect(calls[0]!.flatMap(({ written }) => written)).toHaveLength(rows);
    await run("add", { n: 2 });
    const ids = (await feed()).flat().flatMap(({ written }) => written);
    const all = await t.run(async ({ db }) => [
      ...(await db.query("orders").collect()),
      ...(await db.query("lines").collect()),
    ]);
    expect(ids.sort()).toEqual(all.map(({ _id }) => _id as string).sort());
  });

  test("guardCtx on a ctx of Convex's own builder refuses, for nothing records there", async () => {
    const raw = customMutation(rawMutation, customCtx(guardCtx));
    const { run } = backend({
      bad: raw({ args: {}, handler: async (ctx) => void (await ctx.db.insert("orders", { n: 1 })) }),
      good: raw({ args: {}, handler: async (ctx) => void (await ctx.db.insert("notes", { n: 1 })) }),
    });
    await expect(run("bad")).rejects.toThrow("ExportNotRecorded");
    await run("good");
  });

  test("a guard around a guarded builder records once", async () => {
    const around = guard(schema, { mutation: forLibrary(mutation) }, component);
    const { run, feed } = backend({
      add: around.mutation(async (ctx) => void (await ctx.db.insert("orders", { n: 1 }))),
    });
    await run("add");
    expect(await feed()).toHaveLength(1);
  });
});

test("a schema that exports needs the component, and no mirror", () => {
  // @ts-expect-error the component is missing
  expect(() => guard(schema, { mutation: rawMutation })).toThrow(
    'the schema exports "orders", "lines"; pass components.streamingImport',
  );
  const onlyExports = defineSchema({ orders: exportTable(defineTable({ n: v.number() })) });
  expect(
    guard(
      onlyExports,
      {
        mutation: mutationGeneric as MutationBuilder<
          DataModelFromSchemaDefinition<typeof onlyExports>,
          "public"
        >,
      },
      component,
    ),
  ).toHaveProperty("mutation");
});

describe("whatever a mutation does", () => {
  const TABLES = ["orders", "lines", "notes"] as const;
  /** One step of a handler; `row` picks one of the rows that are known by then. */
  const step = fc.record({
    op: fc.constantFrom("insert", "patch", "replace", "delete", "invalid"),
    table: fc.constantFrom(...TABLES),
    row: fc.nat(20),
    old: fc.boolean(),
    wait: fc.boolean(),
  });
  type Step = { op: string; table: (typeof TABLES)[number]; row: number; old: boolean; wait: boolean };
  const call = fc.record({
    steps: fc.array(step, { maxLength: 12 }),
    inner: fc.option(fc.record({ steps: fc.array(step, { maxLength: 6 }), fails: fc.boolean() })),
    fails: fc.boolean(),
  });

  async function play(ctx: Ctx, steps: readonly Step[]) {
    const db = ctx.db as any;
    const open: Promise<unknown>[] = [];
    for (const { op, table, row, old, wait } of steps) {
      const rows: { _id: string }[] = await db.query(table).collect();
      const id = rows[row % Math.max(1, rows.length)]?._id;
      const n = row;
      const named = old ? [] : [table];
      const made: Promise<unknown> =
        op === "insert" || id === undefined
          ? db.insert(table, { n })
          : op === "delete"
            ? db.delete(...named, id)
            : op === "invalid"
              ? db.patch(...named, id, { n: "text" })
              : db[op](...named, id, { n });
      if (wait) await made.catch(() => undefined);
      else open.push(made.catch(() => undefined));
    }
    return open;
  }

  const steps = v.array(v.any());
  const module = {
    inner: internalMutation({
      args: { steps, fails: v.boolean() },
      handler: async (ctx, args) => {
        void (await play(ctx, args.steps as Step[]));
        if (args.fails) throw new Error("inner");
      },
    }),
    outer: mutation({
      args: { steps, inner: v.any(), fails: v.boolean() },
      handler: async (ctx, args) => {
        await Promise.all(await play(ctx, args.steps as Step[]));
        if (args.inner !== null) {
          await (
            ctx.runMutation(app.inner!, args.inner as Record<string, unknown>) as Promise<unknown>
          ).catch(() => undefined);
        }
        if (args.fails) throw new Error("outer");
      },
    }),
  };

  test("RECORD-1 exactly the rows that differ afterwards are recorded as they end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 6 }), async (calls) => {
        const { t, run, feed } = backend(module);
        const contents = async () => {
          const rows = await t.run(async ({ db }) => ({
            orders: await db.query("orders").collect(),
            lines: await db.query("lines").collect(),
          }));
          return new Map(
            Object.entries(rows).flatMap(([table, found]) =>
              found.map(({ _id, n }) => [`${table} ${_id}` as string, n] as const),
            ),
          );
        };
        for (const one of calls) {
          const before = await contents();
          const known = (await feed()).length;
          await run("outer", one).catch((error: unknown) => {
            if (!one.fails) throw error;
          });
          const after = await contents();
          const made = (await feed()).slice(known);
          expect(made.every((changes) => changes.length > 0)).toBe(true);
          const written = new Set(made.flat().flatMap((c) => c.written.map((id) => `${c.table} ${id}`)));
          const deleted = new Set(made.flat().flatMap((c) => c.deleted.map((id) => `${c.table} ${id}`)));
          for (const [id, n] of after) if (before.get(id) !== n) expect(written).toContain(id);
          for (const id of before.keys()) if (!after.has(id)) expect(deleted).toContain(id);
          for (const id of deleted) expect(after.has(id)).toBe(false);
          if (one.fails) expect(made).toEqual([]);
          // A call for the mutation, and one for the nested one: no more.
          expect(made.length).toBeLessThanOrEqual(one.inner === null ? 1 : 2);
        }
      }),
      { numRuns: 60 },
    );
  });
});
