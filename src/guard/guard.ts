import type { FunctionVisibility, GenericDataModel, MutationBuilder } from "convex/server";
import { wrapBuilder, type GuardedMutationBuilder, type LooseBuilder } from "./builder.js";
import { makeForLibrary, makeGuardCtx, type ForLibrary, type GuardCtx } from "./compose.js";
import type { ExportTableNames } from "../schema/index.js";
import { guardCannotStart } from "./messages.js";
import type { ExportComponent } from "./recorder.js";
import { contractsOf, exportedOf, type DataModelOf, type GuardableSchema, type MirrorsIn } from "./schema.js";

/** The visibility that a builder registers functions with. */
type VisibilityOf<Builder> = Builder extends (...args: never) => infer Registered
  ? Registered extends { isInternal: true }
    ? "internal"
    : "public"
  : never;

/** What {@link guard} returns: the builders under their own names, guarded, and two functions for composing. */
export type Guard<DataModel extends GenericDataModel, Mirrors extends string, Builders> = {
  readonly [Name in keyof Builders]: GuardedMutationBuilder<DataModel, Mirrors, VisibilityOf<Builders[Name]>>;
} & {
  /** Guards the `ctx` of a customisation. See {@link GuardCtx}. */
  readonly guardCtx: GuardCtx<DataModel, Mirrors>;
  /** Hands something guarded to a library that asks for Convex's own types. See {@link ForLibrary}. */
  readonly forLibrary: ForLibrary<DataModel, Mirrors>;
};

/**
 * Makes mutation builders whose `ctx.db` cannot write a mirror. Write it once, in `convex/functions.ts`, and import
 * `mutation` and `internalMutation` from there instead of from `_generated/server`:
 *
 * ```ts
 * import { guard, type GuardedCtx } from "convex-streaming-import/guard";
 * import { internalMutation as rawInternalMutation, mutation as rawMutation } from "./_generated/server";
 * import schema from "./schema";
 *
 * export const { mutation, internalMutation, guardCtx } = guard(schema, {
 *   mutation: rawMutation,
 *   internalMutation: rawInternalMutation,
 * });
 * export type MutationCtx = GuardedCtx<typeof schema>;
 * ```
 *
 * A write to a mirror does not compile, and is refused at run time when it got past the compiler (a cast, `any`, a
 * computed name): with a `ConvexError` whose data has the code `MirrorIsReadOnly`. Reads, and helpers typed with
 * `QueryCtx` or `DatabaseReader`, stay as they are.
 *
 * A schema that exports tables of the app's own (`exportTable`) needs the component as well: the builders then
 * record what each mutation changes in them, with one call when its handler has returned.
 *
 * ```ts
 * export const { mutation, internalMutation } = guard(schema, { mutation: rawMutation, internalMutation: rawInternalMutation }, components.streamingImport);
 * ```
 *
 * @param schema What `defineSchema` returns.
 * @param builders The builders to guard, under any names. Builders that add something to `ctx` start from Convex's
 * own instead, and call `guardCtx`.
 * @param streamingImport The component, `components.streamingImport`, if the schema exports tables of the app's own.
 * @throws Error while the module loads, and a type error before that, when nothing could be protected: no mirror in
 * the schema, a schema typed `any`, `strictTableNameTypes: false`.
 */
export function guard<
  Schema,
  Builders extends Record<string, MutationBuilder<DataModelOf<Schema>, FunctionVisibility>>,
>(
  schema: GuardableSchema<Schema>,
  // A value typed any passes for every schema, so that refusal is shown on the second argument.
  builders: 0 extends 1 & Schema ? GuardableSchema<Schema> : Builders,
  ...[component]: [ExportTableNames<Schema>] extends [never]
    ? [streamingImport?: ExportComponent]
    : [streamingImport: ExportComponent]
): Guard<DataModelOf<Schema>, MirrorsIn<Schema>, Builders> {
  const mirrors = contractsOf(schema);
  const exported = exportedOf(schema);
  const recording = exported.size === 0 ? null : (component ?? null);
  if (exported.size > 0 && recording === null) {
    throw guardCannotStart(
      `the schema exports "${[...exported].join('", "')}"; pass components.streamingImport as the third argument, so that changes are recorded.`,
    );
  }
  const guardCtx = makeGuardCtx({ mirrors, exported });
  // JavaScript callers, and `any`, come without it.
  if (typeof (builders as unknown) !== "object" || (builders as unknown) === null) {
    throw guardCannotStart(
      "the second argument is missing; pass { mutation, internalMutation } of _generated/server.",
    );
  }
  const guarded: Record<string, unknown> = { guardCtx, forLibrary: makeForLibrary() };
  for (const [name, builder] of Object.entries(builders as Record<string, unknown>)) {
    if (typeof builder !== "function") {
      throw guardCannotStart(
        `"${name}" is not a builder; pass mutation and internalMutation of _generated/server.`,
      );
    }
    if (name in guarded) throw guardCannotStart(`the name "${name}" is taken; give the builder another.`);
    guarded[name] = wrapBuilder(builder as LooseBuilder, guardCtx, recording);
  }
  return Object.freeze(guarded) as Guard<DataModelOf<Schema>, MirrorsIn<Schema>, Builders>;
}
