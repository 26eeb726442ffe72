import type {
  GenericDatabaseWriter,
  GenericDataModel,
  GenericMutationCtx,
  MutationBuilder,
} from "convex/server";
import { isGuardedBuilder, type GuardedMutationBuilder } from "./builder.js";
import { recorderOf } from "./recorder.js";
import { guardWriter, isGuardedWriter, type Protected } from "./runtime.js";
import type { GuardedDatabaseWriter, GuardedMutationCtx } from "./writer.js";

/** `Ctx` with a guarded `db` instead of its own. */
export type WithGuardedDb<Ctx, DataModel extends GenericDataModel, Mirrors extends string> =
  GenericMutationCtx<DataModel> extends Ctx
    ? GuardedMutationCtx<DataModel, Mirrors>
    : Omit<Ctx, "db"> & { readonly db: GuardedDatabaseWriter<DataModel, Mirrors> };

/**
 * Guards the `db` of a `ctx`, for customisations that start from Convex's own builders:
 *
 * ```ts
 * export const userMutation = customMutation(rawMutation, customCtx(async (ctx) => {
 *   const { db } = guardCtx(ctx);
 *   return { db, user: await getUser({ ...ctx, db }) };
 * }));
 * ```
 *
 * `customMutation(rawMutation, customCtx(guardCtx))` does only the guarding. Call it before anything that keeps the
 * `ctx` or its `db`: what was made from the raw one stays raw. A guarded `ctx` may be guarded again.
 *
 * A `ctx` of Convex's own builder cannot write exported tables, because nothing records there: start from
 * `forLibrary(mutation)`.
 */
export interface GuardCtx<DataModel extends GenericDataModel, Mirrors extends string> {
  <Ctx extends { readonly db: GenericDatabaseWriter<DataModel> | GuardedDatabaseWriter<DataModel, Mirrors> }>(
    ctx: Ctx,
  ): WithGuardedDb<Ctx, DataModel, Mirrors>;
  // The signature that is taken when the function itself is passed, as in customCtx(guardCtx).
  (ctx: GenericMutationCtx<DataModel>): GuardedMutationCtx<DataModel, Mirrors>;
}

/**
 * Hands something guarded to a library whose types ask for Convex's own writer, ctx or builder. The value stays
 * guarded at run time; only its type is Convex's again, so the compiler no longer sees what is written through it.
 *
 * ```ts
 * // A customisation on top of the guarded builder; guardCtx gives the handler its types back:
 * customMutation(forLibrary(mutation), customCtx(guardCtx));
 * // convex-helpers' triggers, whose own writes are then guarded too:
 * customMutation(forLibrary(mutation), customCtx((ctx) => guardCtx(triggers.wrapDB(ctx))));
 * // convex-helpers' row-level security:
 * customMutation(forLibrary(mutation), customCtx((ctx) => guardCtx({ ...ctx, db: wrapDatabaseWriter(ctx, ctx.db, rules) })));
 * // convex-ents, which writes through the ctx.db it is given:
 * customMutation(forLibrary(mutation), customCtx((ctx) => ({ table: entsTableFactory(ctx, entDefinitions), db: undefined })));
 * // migrations:
 * new Migrations<DataModel>(components.migrations, { internalMutation: forLibrary(internalMutation) });
 * ```
 *
 * It throws a `TypeError` for what the guard did not make.
 */
export interface ForLibrary<DataModel extends GenericDataModel, Mirrors extends string> {
  // No type parameters: nested in another generic call, they would be inferred too late.
  (builder: GuardedMutationBuilder<DataModel, Mirrors, "public">): MutationBuilder<DataModel, "public">;
  (builder: GuardedMutationBuilder<DataModel, Mirrors, "internal">): MutationBuilder<DataModel, "internal">;
  (ctx: GuardedMutationCtx<DataModel, Mirrors>): GenericMutationCtx<DataModel>;
  (db: GuardedDatabaseWriter<DataModel, Mirrors>): GenericDatabaseWriter<DataModel>;
}

/** The run time of {@link GuardCtx}. */
export function makeGuardCtx(tables: Protected) {
  return <Ctx extends object>(ctx: Ctx): Ctx => {
    const { db } = ctx as { db?: GenericDatabaseWriter<GenericDataModel> };
    if (typeof db?.insert !== "function") {
      throw new TypeError("guardCtx: this ctx has no database writer; only the ctx of a mutation has one.");
    }
    return { ...ctx, db: guardWriter(db, tables, recorderOf(ctx)) };
  };
}

/** The run time of {@link ForLibrary}. */
export function makeForLibrary() {
  return (value: unknown): unknown => {
    const db = typeof value === "object" && value !== null && "db" in value ? value.db : value;
    if (isGuardedWriter(db) || isGuardedBuilder(value)) return value;
    throw new TypeError("forLibrary: this is not guarded; pass what guard or guardCtx made.");
  };
}
