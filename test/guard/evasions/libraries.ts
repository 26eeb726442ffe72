import { MIGRATE, programs } from "./evasion.js";

const ents = 'import { entsOf } from "./ents.js";';
const f = (body: string) =>
  `export async function f(ctx: MutationCtx, id: Id<"customers">, userId: Id<"users">, noteId: Id<"notes">) { ${body} }`;

/** Libraries that write, or that hand the writer on. */
export const libraries = [
  ...programs("library", "bad", [
    'import { crud } from "convex-helpers/server/crud"; import schema from "./schema.js"; export const { create } = crud(schema, "customers");',
    'import { crud as make } from "convex-helpers/server/crud"; import schema from "./schema.js"; export const all = (["customers"] as const).map((name) => make(schema, name));',
    'import { crud } from "convex-helpers/server/crud"; import schema from "./schema.js"; export const all = crud(schema, text as any);',
    [
      'import { makeMigration } from "convex-helpers/server/migrations"; export const m = makeMigration(internalMutation)({ table: "customers", migrateOne: () => ({ email: "" }) });',
      { driver: MIGRATE },
    ],
    [
      'import { makeMigration } from "convex-helpers/server/migrations"; const migration = makeMigration(internalMutation); export const m = migration({ table: "customers", migrateOne: async (ctx, doc) => { await ctx.db.patch(doc._id, { email: "" }); } });',
      { driver: MIGRATE },
    ],
    'import { Migrations } from "@convex-dev/migrations"; export const m = new Migrations<DataModel>({ lib: {} } as never).define({ table: "customers", migrateOne: async () => ({ email: "" }) });',
    'import { Migrations } from "@convex-dev/migrations"; const { define } = new Migrations<DataModel>({ lib: {} } as never); export const m = define({ table: "products", migrateOne: () => ({ title: "" }) });',
    'import { Migrations } from "@convex-dev/migrations"; export const m = new Migrations<DataModel>({ lib: {} } as never).define({ table: "notes", migrateOne: async (ctx, note) => { await ctx.db.delete(note.customerId); } });',
    [
      'import { Triggers } from "convex-helpers/server/triggers"; const t = new Triggers<DataModel>(); t.register("notes", async (ctx, change) => { if (change.newDoc) await ctx.innerDb.delete(change.newDoc.customerId); });\nexport { t };',
      { driver: 'await t.wrapDB(ctx).db.insert("notes", { customerId: ids.customers, text: "" });' },
    ],
    'import { writerWithTriggers, Triggers } from "convex-helpers/server/triggers"; const t = new Triggers<DataModel>(); export const f = mutation(async (ctx) => { await writerWithTriggers(ctx, ctx.db, t).insert("customers", row); });',
    'import { DatabaseWriterWithTriggers, Triggers } from "convex-helpers/server/triggers"; const t = new Triggers<DataModel>(); export const f = mutation(async (ctx) => { await new DatabaseWriterWithTriggers(ctx, ctx.db, t).insert("customers", row); });',
    'import { wrapDatabaseWriter } from "convex-helpers/server/rowLevelSecurity"; export const f = mutation(async (ctx) => { const db = wrapDatabaseWriter(ctx, ctx.db, {}); await db.insert("customers", row); });',
    'import { customCtx, customMutation } from "convex-helpers/server/customFunctions"; const mine = customMutation(mutation, customCtx((ctx) => ({ save: () => ctx.db.insert("customers", row) }))); export const f = mine({ args: {}, handler: async (ctx) => { await ctx.save(); } });',
    'import { customCtx, customMutation } from "convex-helpers/server/customFunctions"; const mine = customMutation(mutation, customCtx((ctx) => ({ writer: ctx.db }))); export const f = mine({ args: {}, handler: async (ctx) => { await ctx.writer.insert("customers", row); } });',
    'import { customMutation } from "convex-helpers/server/customFunctions"; const mine = customMutation(mutation, { args: {}, input: async (ctx) => ({ ctx: { inner: { db: ctx.db } }, args: {} }) }); export const f = mine({ args: {}, handler: async (ctx) => { await ctx.inner.db.insert("customers", row); } });',
    'import { asyncMap } from "convex-helpers"; export const f = mutation(async (ctx, args: { ids: Id<"customers">[] }) => { await asyncMap(args.ids, (id) => ctx.db.delete(id)); });',
    'import { convexAuth } from "@convex-dev/auth/server"; export const a = convexAuth({ providers: [], callbacks: { async afterUserCreatedOrUpdated(ctx) { await ctx.db.insert("customers", {}); } } });',
    'import { convexAuth } from "@convex-dev/auth/server"; export const a = convexAuth({ providers: [], callbacks: { async createOrUpdateUser(ctx, args) { await ctx.db.delete(args.profile["x"] as any); return "" as never; } } });',
    'import { scheduledDeleteFactory } from "convex-ents"; import { entDefinitions } from "./ents.js"; export const remove = scheduledDeleteFactory(entDefinitions);',
    `${ents} ${f('await entsOf(ctx).table("customers").insert(row);')}`,
    `${ents} ${f('await entsOf(ctx).table("customers").getX(id).patch({ email: "" });')}`,
    `${ents} ${f('const { table } = entsOf(ctx); await table("customers").insertMany([row]);')}`,
    `${ents} ${f('const one = await entsOf(ctx).table("customers").get(id); await one!.delete();')}`,
    `${ents} ${f('await entsOf(ctx).table("notes").getX(noteId).edgeX("customer").patch({ email: "" });')}`,
    `${ents} ${f('await entsOf(ctx).table("users").getX(userId).delete();')}`,
    `${ents} ${f('await entsOf(ctx).table("users").insert({ name: "", customers: [id] });')}`,
    `${ents} ${f('await entsOf(ctx).table("users").insert({ name: "", profile: id });')}`,
    `${ents} ${f('const save = entsOf(ctx).table("customers").insert; await save(row);')}`,
    `${ents} ${f('const e: any = entsOf(ctx); await e.table("customers").insert(row);')}`,
    `${ents} ${f("for (const name of helpers.TABLES) await entsOf(ctx).table(name).insert({} as never);")}`,
    'import { guardCtx } from "./guarded.js"; export const f = mutation(async (ctx) => { const { db } = guardCtx(ctx); await db.insert("customers" as never, row as never); });',
    'import { mutation as safe, forLibrary } from "./guarded.js"; export const f = safe({ args: {}, handler: async (ctx) => { await forLibrary(ctx).db.insert("customers", row); } });',
    'import { defineEnt } from "convex-ents"; export const notes = defineEnt({ text: v.string() }).edge("customer", { deletion: "hard" });',
  ]),
];
