// Around the guarded builders: Convex's own builders, and libraries that write.
import { mutationGeneric } from "convex/server";
import { makeMigration } from "convex-helpers/server/migrations";
import { crud } from "convex-helpers/server/crud";
import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
import { wrapDatabaseWriter } from "convex-helpers/server/rowLevelSecurity";
import { Triggers } from "convex-helpers/server/triggers";
import { mutation as rawMutation, internalMutation as rawInternalMutation } from "./app/_generated/server.js";
import type { DataModel } from "./app/_generated/dataModel.js";
import { forLibrary, guardCtx, internalMutation, mutation } from "./app/functions.js";
import schema from "./app/schema.js";

const row = { id: 1n, email: "ada@example.com" };

// case E01 mutationGeneric (bad)
export const e01 = mutationGeneric(async (ctx) => {
  // not refused: Convex's own builder (lint: no-raw-builders)
  await ctx.db.insert("customers", row);
});

// case E02 raw-generated (bad)
export const e02 = rawMutation(async (ctx) => {
  // not refused: Convex's own builder (lint: no-raw-builders)
  await ctx.db.insert("customers", row);
});

// case E03 crud (bad)
// not refused: crud registers its functions with Convex's own builder (lint: no-mirror-factories)
export const e03 = crud(schema, "customers");

// case E04 migrations-return (bad)
const migration = makeMigration(rawInternalMutation, { migrationTable: "migrations" as never });
// not refused: Convex's own builder; with forLibrary(internalMutation) it is refused at run time
export const e04 = migration({ table: "customers", migrateOne: () => ({ name: "" }) });

// case E05 migrations-inner (bad)
export const e05 = migration({
  table: "notes",
  migrateOne: async (ctx, note) => {
    // not refused: Convex's own builder; with forLibrary(internalMutation) it is refused at run time
    await ctx.db.patch("customers", note.customer, { name: "" });
  },
});

// case E06 makeMigration (bad)
const guardedMigration = makeMigration(forLibrary(internalMutation), {
  migrationTable: "migrations" as never,
});
// not refused: forLibrary takes the types away; refused at run time
export const e06 = guardedMigration({ table: "customers", migrateOne: () => ({ name: "" }) });

// case E07 trigger-writes (bad)
const triggers = new Triggers<DataModel>();
triggers.register("notes", async (ctx, change) => {
  // not refused: the library types the ctx of triggers; refused at run time when they wrap a guarded ctx
  if (change.newDoc) await ctx.innerDb.patch("customers", change.newDoc.customer, { name: "" });
});

// case E08 custom-repo (bad)
const withRepo = customMutation(
  rawMutation,
  customCtx((ctx) => ({ repo: { save: () => ctx.db.insert("customers", row) }, db: guardCtx(ctx).db })),
);
// not refused: made from the raw ctx; call guardCtx first
export const e08 = withRepo(async (ctx) => void (await ctx.repo.save()));

// case E09 rls-writer (bad)
const withRules = customMutation(
  rawMutation,
  customCtx((ctx) => ({ db: wrapDatabaseWriter<unknown, DataModel>(ctx, ctx.db, {}) })),
);
export const e09 = withRules(async (ctx) => {
  // not refused: the library types its writer as Convex's own; wrap it with guardCtx, or use mirrorRules
  await ctx.db.insert("customers", row);
});

// case E13 http-import-fetch (bad)
export const e13 = mutation(async () => {
  // not refused: goes past the functions, with the deployment's own key
  await fetch("https://example.convex.cloud/api/streaming_import/import_airbyte_records", { method: "POST" });
});

// case E17 custom-mutation-guard-inside (bad)
const guardInside = customMutation(rawMutation, customCtx(guardCtx));
export const e17 = guardInside(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert("customers", row);
});

// case E18 custom-mutation-on-top (bad)
const onTop = customMutation(
  forLibrary(mutation),
  customCtx((ctx) => ({ ...guardCtx(ctx), user: "ada" })),
);
export const e18 = onTop(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert("customers", { ...row, name: ctx.user });
});

// case E19 custom-mutation-on-guarded-builder (bad)
export const e19 = customMutation(
  // expect: error TS2345 "Argument of type 'GuardedMutationBuilder<"
  mutation,
  customCtx(() => ({ user: "ada" })),
);

// case E20 triggers-guarded (bad)
const withTriggers = customMutation(
  forLibrary(mutation),
  customCtx((ctx) => guardCtx(triggers.wrapDB(ctx))),
);
export const e20 = withTriggers(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert("customers", row);
});

// case E21 rls-guarded (bad)
const withGuardedRules = customMutation(
  forLibrary(mutation),
  customCtx((ctx) => guardCtx({ ...ctx, db: wrapDatabaseWriter<unknown, DataModel>(ctx, ctx.db, {}) })),
);
export const e21 = withGuardedRules(async (ctx) => {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await ctx.db.insert("customers", row);
});
