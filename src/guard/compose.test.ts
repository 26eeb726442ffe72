import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
import { wrapDatabaseWriter, type Rules } from "convex-helpers/server/rowLevelSecurity";
import { Triggers } from "convex-helpers/server/triggers";
import { anyApi } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import { guard, mirrorRules } from "./index.js";
import {
  backend,
  forLibrary,
  guardCtx,
  internalMutation,
  mutation,
  rawInternalMutation,
  rawMutation,
  refusal,
  schema,
  seed,
  type DataModel,
  type RawCtx,
} from "./testing/app.js";

const app = anyApi.app!;
const REFUSED = "MirrorIsReadOnly";
const row = { id: 2n, email: "eve@example.com" };

describe("with convex-helpers' custom functions", () => {
  test("the guard inside a customisation", async () => {
    const inside = customMutation(rawMutation, customCtx(guardCtx));
    const withUser = customMutation(
      rawInternalMutation,
      customCtx(async (ctx) => ({ db: guardCtx(ctx).db, user: "ada" })),
    );
    const t = backend({
      // @ts-expect-error a mirror is not written
      bad: inside({ args: {}, handler: async (ctx) => void (await ctx.db.insert("customers", row)) }),
      good: inside({ args: {}, handler: async (ctx) => void (await ctx.db.insert("tags", { label: "" })) }),
      // @ts-expect-error a mirror is not written
      badUser: withUser(async (ctx) => void (await ctx.db.insert("customers", { ...row, email: ctx.user }))),
      goodUser: withUser(async (ctx) => void (await ctx.db.insert("tags", { label: ctx.user }))),
    });
    await expect(t.mutation(app.bad!)).rejects.toThrow(REFUSED);
    await expect(t.mutation(app.badUser!)).rejects.toThrow(REFUSED);
    await t.mutation(app.good!);
    await t.mutation(app.goodUser!);
    expect((await t.run(({ db }) => db.query("tags").collect())).map(({ label }) => label)).toEqual([
      "",
      "ada",
    ]);
  });

  test("a customisation on top of a guarded builder, twice", async () => {
    const once = customMutation(forLibrary(mutation), {
      args: { session: v.string() },
      input: async (ctx, { session }) => ({ ctx: { ...guardCtx(ctx), session }, args: {} }),
    });
    const twice = customMutation(
      customMutation(
        forLibrary(internalMutation),
        customCtx(() => ({})),
      ),
      customCtx((ctx) => ({ anyDb: ctx.db as any })),
    );
    const t = backend({
      good: once({
        args: { label: v.string() },
        handler: async (ctx, { label }) => void (await ctx.db.insert("tags", { label: label + ctx.session })),
      }),
      // @ts-expect-error a mirror is not written
      bad: once({ args: {}, handler: async (ctx) => void (await ctx.db.insert("customers", row)) }),
      badTwice: twice({ args: {}, handler: async (ctx) => void (await ctx.anyDb.insert("customers", row)) }),
    });
    await t.mutation(app.good!, { label: "a", session: "b" });
    expect(await t.run(({ db }) => db.query("tags").first())).toMatchObject({ label: "ab" });
    await expect(t.mutation(app.bad!, { session: "" })).rejects.toThrow(REFUSED);
    await expect(t.mutation(app.badTwice!)).rejects.toThrow(REFUSED);
  });

  test("the guard around a customised builder", async () => {
    const customised = customMutation(
      rawMutation,
      customCtx(() => ({ user: "ada" })),
    );
    const around = guard(schema, { mutation: customised });
    const t = backend({
      bad: around.mutation(async (ctx) => {
        expect(ctx).toHaveProperty("user", "ada");
        // @ts-expect-error a mirror is not written
        await ctx.db.insert("customers", row);
      }),
    });
    await expect(t.mutation(app.bad!)).rejects.toThrow(REFUSED);
  });
});

describe("with convex-helpers' triggers", () => {
  const triggers = new Triggers<DataModel>();
  triggers.register("notes", async (ctx, change) => {
    if (change.newDoc?.text === "count") await ctx.db.insert("tags", { label: "counted" });
    if (change.newDoc?.text === "db") await ctx.db.patch("customers", change.newDoc.customer, { email: "" });
    if (change.newDoc?.text === "innerDb") await ctx.innerDb.patch(change.newDoc.customer, { email: "" });
  });
  const withTriggers = customMutation(
    forLibrary(mutation),
    customCtx((ctx) => guardCtx(triggers.wrapDB(ctx))),
  );
  const t = () =>
    backend({
      seed: rawMutation({ args: {}, handler: seed }),
      add: withTriggers({
        args: { customer: v.id("customers"), text: v.string() },
        handler: async (ctx, args) => void (await ctx.db.insert("notes", args)),
      }),
      bad: withTriggers(async (ctx) => {
        // @ts-expect-error a mirror is not written
        await ctx.db.insert("customers", row);
      }),
    });

  test("triggers run, and neither they nor the handler write a mirror", async () => {
    const run = t();
    const { customer } = await run.mutation(app.seed!);
    await run.mutation(app.add!, { customer, text: "count" });
    expect(await run.run(({ db }) => db.query("tags").collect())).toHaveLength(2);
    await expect(run.mutation(app.add!, { customer, text: "db" })).rejects.toThrow(REFUSED);
    await expect(run.mutation(app.add!, { customer, text: "innerDb" })).rejects.toThrow(REFUSED);
    await expect(run.mutation(app.bad!)).rejects.toThrow(REFUSED);
  });
});

describe("with convex-helpers' row-level security", () => {
  interface User {
    user: string;
  }
  const own = {
    notes: { modify: async ({ user }: User, note: { text: string }) => note.text === user },
    customers: {
      read: async ({ user }: User, customer: { email: string }) => customer.email.startsWith(user),
      modify: async () => true,
    },
  } satisfies Rules<User, DataModel>;
  const rules: Rules<User, DataModel> = mirrorRules(schema, own);
  const writerOf = (raw: RawCtx, user: string) => wrapDatabaseWriter({ user }, raw.db, rules);

  test("mirrorRules keeps rules for reading, and refuses every write", async () => {
    await backend().run(async (ctx) => {
      const raw = ctx as RawCtx;
      const { customer, order, note } = await seed(raw);
      const db = writerOf(raw, "ada");
      expect(await db.get("customers", customer)).not.toBeNull();
      expect(await writerOf(raw, "eve").get("customers", customer)).toBeNull();
      for (const write of [
        () => db.insert("customers", row),
        () => db.patch("customers", customer, { email: "" }),
        () => db.patch(customer, { email: "" }),
        () => db.replace("customers", customer, row),
        () => db.delete(order),
        () => db.delete("orders", order),
      ]) {
        expect((await refusal(write)).message).toMatch(
          /^(ctx\.db\.insert|A change) was refused: the table "\w+" is a /,
        );
      }
      await expect(db.delete("notes", note)).rejects.toThrow("write access not allowed");
      expect(await raw.db.get("orders", order)).not.toBeNull();
    });
  });

  test("without rules of one's own", () => {
    const bare: Rules<unknown, DataModel> = mirrorRules(schema);
    expect(Object.keys(bare)).toEqual(["customers", "orders"]);
    expect(own.customers.modify).toBeTypeOf("function");
  });

  test("guardCtx around the library's writer gives the types too", async () => {
    const secured = customMutation(
      rawMutation,
      customCtx((ctx) => guardCtx({ ...ctx, db: wrapDatabaseWriter({ user: "ada" }, ctx.db, rules) })),
    );
    const t = backend({
      bad: secured(async (ctx) => {
        // @ts-expect-error a mirror is not written
        await ctx.db.insert("customers", row);
      }),
    });
    await expect(t.mutation(app.bad!)).rejects.toThrow(REFUSED);
  });
});

describe("forLibrary", () => {
  test("gives back what is guarded, and nothing else", async () => {
    expect(forLibrary(mutation)).toBe(mutation);
    await backend().run(async (raw) => {
      const guarded = guardCtx(raw as RawCtx);
      expect(forLibrary(guarded)).toBe(guarded);
      expect(forLibrary(guarded.db)).toBe(guarded.db);
      for (const unguarded of [raw, raw.db, rawMutation, null, undefined, {}]) {
        expect(() => forLibrary(unguarded as never)).toThrow("this is not guarded");
      }
    });
  });
});
