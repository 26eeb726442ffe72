import type { DataModelFromSchemaDefinition, DocumentByName, WithoutSystemFields } from "convex/server";
import { mirrorIsReadOnly } from "./messages.js";
import { contractsOf, type AnySchema, type MirrorsOf } from "./schema.js";

type Rule<Ctx, Value> = (ctx: Ctx, value: Value) => Promise<boolean>;

/** Row-level security rules as convex-helpers takes them, for the tables of a schema. */
type RulesOf<Schema extends AnySchema, Ctx> = {
  [Table in keyof DataModelFromSchemaDefinition<Schema> & string]?: {
    read?: Rule<Ctx, DocumentByName<DataModelFromSchemaDefinition<Schema>, Table>>;
    modify?: Rule<Ctx, DocumentByName<DataModelFromSchemaDefinition<Schema>, Table>>;
    insert?: Rule<Ctx, WithoutSystemFields<DocumentByName<DataModelFromSchemaDefinition<Schema>, Table>>>;
  };
};

/** The two rules that make a table read-only. */
export type ReadOnlyRules = {
  /** Refuses to change or delete a row. */
  modify: (ctx: unknown, document: unknown) => Promise<boolean>;
  /** Refuses to insert a row. */
  insert: (ctx: unknown, document: unknown) => Promise<boolean>;
};

/**
 * Rules for convex-helpers' row-level security that refuse every write to a mirror, on top of `rules`. Rules that say
 * who may read a mirror are kept; merging by spreading two objects would lose them.
 *
 * ```ts
 * const rules = mirrorRules(schema, { notes: { modify: isAuthor } } satisfies Rules<RuleCtx, DataModel>);
 * export const mutation = customMutation(rawMutation, customCtx((ctx) => ({
 *   db: wrapDatabaseWriter(ctx, ctx.db, rules),
 * })));
 * ```
 *
 * The rules refuse with the error of the guard instead of answering `false`, so that the reason is known. They work
 * at run time only; put `guardCtx` around the result for the types.
 */
export function mirrorRules<Schema extends AnySchema>(
  schema: Schema,
): { [Mirror in MirrorsOf<Schema>]: ReadOnlyRules };
export function mirrorRules<Schema extends AnySchema, Rules extends RulesOf<Schema, never>>(
  schema: Schema,
  rules: Rules,
): Omit<Rules, MirrorsOf<Schema>> & {
  [Mirror in MirrorsOf<Schema>]: ReadOnlyRules &
    Omit<Mirror extends keyof Rules ? Rules[Mirror] : {}, keyof ReadOnlyRules>;
};
export function mirrorRules(schema: AnySchema, rules: Record<string, object> = {}): Record<string, object> {
  const merged: Record<string, object> = { ...rules };
  for (const [table, contract] of contractsOf(schema)) {
    merged[table] = {
      ...rules[table],
      modify: async () => Promise.reject(mirrorIsReadOnly(table, contract, "modify")),
      insert: async () => Promise.reject(mirrorIsReadOnly(table, contract, "insert")),
    };
  }
  return merged;
}
