// @vitest-environment node
import { errors, moduleOf, runTyped, runUntyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["no-mirror-factories"];

const CRUD = 'import { crud } from "convex-helpers/server/crud"; import schema from "./schema.js";';
const HELPERS_MIGRATION =
  'import { makeMigration } from "convex-helpers/server/migrations"; const migration = makeMigration(internalMutation);';
const MIGRATIONS =
  'import { Migrations } from "@convex-dev/migrations"; const migrations = new Migrations<DataModel>({ lib: {} } as never);';
const AUTH = 'import { convexAuth } from "@convex-dev/auth/server";';
const ENTS = 'import { entsOf } from "./ents.js";';

const valid = (imports: string, code: string) => moduleOf(`${imports} ${code}`);
const invalid = (imports: string, code: string, ...ids: string[]) => ({
  ...moduleOf(`${imports} ${code}`),
  ...errors(...ids),
});
const inEnts = (code: string) =>
  `export async function f(c: MutationCtx, id: Id<"users">, cartId: Id<"carts">, noteId: Id<"notes">) { const ctx = entsOf(c); ${code} }`;

/** Bodies of `migrateOne` that write nothing by being returned. */
const SILENT = [
  "() => {}",
  "async () => {}",
  "async (ctx, doc) => { await ctx.db.get(doc._id); }",
  "() => undefined",
  "async () => undefined",
  "(_ctx, doc) => { if (doc._id) return; }",
];
const RETURNING = [
  "() => ({})",
  "async () => ({})",
  "(_ctx, doc) => ({ _id: doc._id })",
  "async (_ctx, doc) => { if (doc._id) return {}; }",
  "(_ctx, doc) => (doc._id ? {} : undefined)",
  "() => ({}) as any",
];

runTyped(rule, {
  valid: [
    ...[
      'defineEnt({}).edge("customer")',
      'defineEnt({}).edge("user", { deletion: "hard" })',
      'defineEnt({}).edge("owner", { to: "users", deletion: "soft" })',
      // Judged where the ent is deleted: the other table holds this edge.
      'defineEnt({}).edge("customer", { ref: true, deletion: "soft" })',
    ].map((code) => moduleOf(`import { defineEnt } from "convex-ents"; export const notes = ${code};`)),
    ...["notes", "users", "carts"].flatMap((table) => [
      valid(CRUD, `export const all = crud(schema, "${table}");`),
      valid(HELPERS_MIGRATION, `export const m = migration({ table: "${table}", migrateOne: () => ({}) });`),
      valid(MIGRATIONS, `export const m = migrations.define({ table: "${table}", migrateOne: () => ({}) });`),
    ]),
    ...SILENT.flatMap((migrateOne) => [
      valid(
        HELPERS_MIGRATION,
        `export const m = migration({ table: "customers", migrateOne: ${migrateOne} });`,
      ),
      valid(
        MIGRATIONS,
        `export const m = migrations.define({ table: "customers", migrateOne: ${migrateOne} });`,
      ),
    ]),
    valid(MIGRATIONS, "export const run = migrations.runner();"),
    valid(AUTH, "export const { signIn } = convexAuth({ providers: [] });"),
    valid(
      'import { defineRateLimits } from "convex-helpers/server/rateLimit";',
      "export const limits = defineRateLimits({});",
    ),
    valid(
      "",
      'function crud(schema: object, table: string) { return table; } export const x = crud({}, "customers");',
    ),
    valid(ENTS, inEnts('await ctx.table("carts").getX(cartId).delete();')),
    valid(ENTS, inEnts('await ctx.table("users").getX(id).patch({ name: text });')),
    valid(ENTS, inEnts('await ctx.table("users").getX(id).patch({ carts: { add: [cartId] } });')),
    valid(ENTS, inEnts('await ctx.table("users").getX(id).patch({ products: { add: [] } });')),
    // convex-ents refuses what another table holds.
    valid(ENTS, inEnts('await ctx.table("users").getX(id).patch({ customers: { add: [] } });')),
    valid(ENTS, inEnts('await ctx.table("users").getX(id).replace({ name: text, customers: [] });')),
    valid(ENTS, inEnts('await ctx.table("notes").getX(noteId).patch({ text });')),
    valid(ENTS, inEnts('await ctx.table("notes").getX(noteId).delete();')),
    valid(ENTS, inEnts('await ctx.table("users").insert({ name: text });')),
    valid(ENTS, inEnts('await ctx.table("users").insertMany([{ name: text }]);')),
  ],
  invalid: [
    invalid(CRUD, 'export const all = crud(schema, "customers");', "factory"),
    invalid(CRUD, 'export const { create, update } = crud(schema, "products");', "factory"),
    invalid(CRUD, 'export const all = crud(schema, "customers", query, mutation);', "factory"),
    invalid(CRUD, "export const all = crud(schema, helpers.MIRROR);", "factory"),
    invalid(CRUD, 'export const all = crud(schema, "customers" as const);', "factory"),
    invalid(CRUD, 'const make = crud; export const all = make(schema, "customers");', "factory"),
    invalid(CRUD, "for (const table of helpers.TABLES) crud(schema, table);", "factory"),
    invalid(CRUD, "export const all = (table: TableNames) => crud(schema, table);", "factory", "factory"),
    invalid(CRUD, "export const all = crud(schema, text as any);", "maybeFactory"),
    invalid(
      'import * as library from "convex-helpers/server/crud"; import schema from "./schema.js";',
      'export const all = library.crud(schema, "customers");',
      "factory",
    ),
    invalid(
      'import { crud as tableFunctions } from "convex-helpers/server/crud"; import schema from "./schema.js";',
      'export const all = tableFunctions(schema, "customers");',
      "factory",
    ),
    ...RETURNING.flatMap((migrateOne) => [
      invalid(
        HELPERS_MIGRATION,
        `export const m = migration({ table: "customers", migrateOne: ${migrateOne} });`,
        "migration",
      ),
      invalid(
        MIGRATIONS,
        `export const m = migrations.define({ table: "customers", migrateOne: ${migrateOne} });`,
        "migration",
      ),
    ]),
    invalid(
      MIGRATIONS,
      'const define = { table: "customers" as const, migrateOne: () => ({ email: "" }) }; export const m = migrations.define(define);',
      "migration",
    ),
    invalid(
      MIGRATIONS,
      'const table = "customers"; export const m = migrations.define({ table, migrateOne: () => ({ email: "" }) });',
      "migration",
    ),
    invalid(
      MIGRATIONS,
      "export const m = migrations.define({ table: helpers.MIRROR, migrateOne: () => ({ email: '' }) });",
      "migration",
    ),
    invalid(
      MIGRATIONS,
      'export const m = migrations.define({ table: "products", async migrateOne() { return { title: "" }; } });',
      "migration",
    ),
    invalid(
      MIGRATIONS,
      'const migrateOne = async () => ({ title: "" }); export const m = migrations.define({ table: "products", migrateOne });',
      "migration",
    ),
    invalid(
      MIGRATIONS,
      "export const m = migrations.define({ table: text as any, migrateOne: () => ({}) });",
      "maybeFactory",
    ),
    invalid(
      MIGRATIONS,
      "export const m = migrations.define({ table: text, migrateOne: () => ({}) } as any);",
      "maybeFactory",
    ),
    {
      ...invalid(AUTH, "export const { signIn } = convexAuth({ providers: [] });", "factory"),
      settings: { "streaming-import": { tables: ["users"] } },
    },
    {
      ...invalid(
        AUTH,
        "export const { signIn } = convexAuth({ providers: [], callbacks: { async createOrUpdateUser() { return '' as never; } } });",
        "factory",
      ),
      settings: { "streaming-import": { tables: ["authAccounts"] } },
    },
    {
      ...invalid(AUTH, "export const { signIn } = convexAuth({ providers: [] });", "factory", "factory"),
      settings: { "streaming-import": { tables: ["users", "authSessions"] } },
    },
    invalid(ENTS, inEnts('await ctx.table("users").getX(id).delete();'), "entsCascade"),
    invalid(
      ENTS,
      inEnts('const user = await ctx.table("users").firstX(); await user.delete();'),
      "entsCascade",
    ),
    invalid(ENTS, inEnts('await ctx.table("users").insert({ name: text, customers: [] });'), "entsCascade"),
    invalid(
      ENTS,
      inEnts('await ctx.table("users").insertMany([{ name: text, customers: [] }]);'),
      "entsCascade",
    ),
    invalid(
      ENTS,
      inEnts('await ctx.table("users").insertMany([{ name: text, customers: [] }] as any);'),
      "entsCascade",
    ),
    invalid(
      'import { scheduledDeleteFactory } from "convex-ents"; import { entDefinitions } from "./ents.js";',
      "export const remove = scheduledDeleteFactory(entDefinitions);",
      "scheduledDelete",
    ),
    invalid(
      'import { defineEnt } from "convex-ents";',
      'export const notes = defineEnt({}).edge("customer", { deletion: "hard" });',
      "entsDeletion",
    ),
    invalid(
      'import { defineEnt } from "convex-ents";',
      'export const notes = defineEnt({}).edge("user").edge("owner", { to: "customers", deletion: "soft" });',
      "entsDeletion",
    ),
    invalid(
      'import { defineEnt } from "convex-ents";',
      'const options = { deletion: "hard" } as const; export const notes = defineEnt({}).edge("product", options);',
      "entsDeletion",
    ),
    invalid(
      'import { defineEnt } from "convex-ents";',
      'export const notes = defineEnt({}).edge("product", JSON.parse(text));',
      "entsDeletion",
    ),
    {
      ...invalid(CRUD, 'export const all = crud(schema, "customers");', "factory"),
      name: "says what the library does and to which mirror",
      errors: [
        {
          messageId: "factory",
          data: {
            fn: "crud",
            what: "registers functions that create, update and delete rows",
            mirror: 'the mirror "customers", a copy of public.customers (owner: the billing team)',
            wayOut:
              "Write a table of your own keyed by the source's key (id), or make the change at the source (public.customers).",
          },
        },
      ],
    },
  ],
});

runUntyped(rule, {
  valid: [{ code: 'crud(schema, "notes");', options: [{ types: false }] }],
  invalid: [{ code: 'crud(schema, "customers");', options: [{ types: false }], ...errors("factory") }],
});
