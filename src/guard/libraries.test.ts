import { Migrations } from "@convex-dev/migrations";
import { convexTest } from "convex-test";
import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
import { defineEnt, defineEntSchema, entsTableFactory, getEntDefinitions } from "convex-ents";
import {
  anyApi,
  internalMutationGeneric,
  mutationGeneric,
  type DataModelFromSchemaDefinition,
  type MutationBuilder,
} from "convex/server";
import { v } from "convex/values";
import { expect, test } from "vitest";
import { exportTable } from "../schema/index.js";
import { guard, type ExportComponent } from "./index.js";

// Libraries as they are published, on top of builders that record: every row that they write is in the feed.

const schema = defineEntSchema({
  users: exportTable(defineEnt({ name: v.string() }).edges("posts", { ref: true })),
  posts: exportTable(defineEnt({ text: v.string() }).edge("user").edges("tags")),
  tags: exportTable(defineEnt({ label: v.string() }).edges("posts")),
  feed: defineEnt({ changes: v.any() }),
});
type DataModel = DataModelFromSchemaDefinition<typeof schema>;

const rawInternalMutation = internalMutationGeneric as MutationBuilder<DataModel, "internal">;
const app = anyApi.app!;
const { mutation, internalMutation, forLibrary } = guard(
  schema,
  {
    mutation: mutationGeneric as MutationBuilder<DataModel, "public">,
    internalMutation: rawInternalMutation,
  },
  { changeFeed: { record: app.record } } as unknown as ExportComponent,
);

const definitions = getEntDefinitions(schema);
const entMutation = customMutation(
  forLibrary(mutation),
  customCtx((ctx) => ({ table: entsTableFactory(ctx, definitions) })),
);
const migrations = new Migrations<DataModel>(undefined as never, {
  internalMutation: forLibrary(internalMutation),
});

const module = {
  record: rawInternalMutation({
    args: { changes: v.array(v.any()) },
    handler: async (ctx, { changes }) => void (await ctx.db.insert("feed", { changes: changes as unknown })),
  }),
  write: entMutation(async (ctx) => {
    const user = await ctx.table("users").insert({ name: "Ada" });
    const tag = await ctx.table("tags").insert({ label: "a" });
    const post = await ctx.table("posts").insert({ text: "x", userId: user, tags: [tag] });
    await ctx.table("posts").getX(post).patch({ text: "y" });
  }),
  cascade: entMutation(async (ctx) => {
    await ctx.table("users").firstX().delete();
  }),
  shout: migrations.define({
    table: "tags",
    migrateOne: (_ctx, { label }) => ({ label: label.toUpperCase() }),
  }),
};

test("convex-ents, with edges and cascades, and migrations", async () => {
  const t = convexTest(schema, {
    "./_generated/server.js": async () => ({}),
    "./app.js": async () => module,
  });
  /** What the newest call of the recorder names, by table: how many were written and deleted. */
  const newest = async () =>
    await t.run(async ({ db }) => {
      const call = await db.query("feed").order("desc").first();
      return ((call?.changes ?? []) as { table: string; written: string[]; deleted: string[] }[])
        .map(
          ({ table, written, deleted }) => `${table} +${String(written.length)} -${String(deleted.length)}`,
        )
        .sort();
    });
  await t.mutation(app.write!);
  expect(await newest()).toEqual(["posts +1 -0", "tags +1 -0", "users +1 -0"]);
  await t.mutation(app.shout!, { cursor: null, dryRun: false, oneBatchOnly: true });
  expect(await newest()).toEqual(["tags +1 -0"]);
  expect(await t.run(({ db }) => db.query("tags").collect())).toMatchObject([{ label: "A" }]);
  await t.mutation(app.cascade!);
  expect(await newest()).toEqual(["posts +0 -1", "users +0 -1"]);
});

test("the names of entities are typed as exported", () => {
  // @ts-expect-error the component is missing
  expect(() => guard(schema, { internalMutation: rawInternalMutation })).toThrow('"users", "posts", "tags"');
  expect(schema.tables.users.exported.exclude).toEqual([]);
});
