import type { DataModelFromSchemaDefinition, GenericSchema, SchemaDefinition } from "convex/server";
import {
  exportContracts,
  mirrorContracts,
  type ExportTableNames,
  type MirrorContract,
  type MirrorTableNames,
} from "../schema/index.js";
import { guardCannotStart, type GuardCannotStart } from "./messages.js";
import type { GuardedDatabaseWriter, GuardedMutationCtx } from "./writer.js";

/** Any schema, as `defineSchema` returns it. */
export type AnySchema = SchemaDefinition<GenericSchema, boolean>;

/** The tables that the app's own code may write: all that are not mirrors. */
export type WritableTableNames<Schema extends AnySchema> = Exclude<
  keyof DataModelFromSchemaDefinition<Schema> & string,
  MirrorTableNames<Schema>
>;

/** The mirrors of a schema, written out in error messages rather than by the name of a type. */
export type MirrorsOf<Schema extends AnySchema> = keyof Schema["tables"] & MirrorTableNames<Schema>;

// `any` and `string`: a schema that is refused gives no types; its refusal is the type of the parameter.

/** The data model of a schema that may be refused. */
export type DataModelOf<Schema> = Schema extends AnySchema ? DataModelFromSchemaDefinition<Schema> : any;

/** The mirrors of a schema that may be refused. */
export type MirrorsIn<Schema> = Schema extends AnySchema ? MirrorsOf<Schema> : string;

/**
 * The `ctx` of a guarded mutation of an app with this schema, for helper functions:
 *
 * ```ts
 * export type MutationCtx = GuardedCtx<typeof schema>;
 * ```
 */
export type GuardedCtx<Schema extends AnySchema> = GuardedMutationCtx<
  DataModelFromSchemaDefinition<Schema>,
  MirrorsOf<Schema>
>;

/** The `ctx.db` of a guarded mutation of an app with this schema, for helper functions. */
export type GuardedDb<Schema extends AnySchema> = GuardedDatabaseWriter<
  DataModelFromSchemaDefinition<Schema>,
  MirrorsOf<Schema>
>;

/**
 * The schema itself when a guard can be built on it. Otherwise a type that no value has and that says why: each of
 * these would leave a guard that protects nothing, in silence.
 */
export type GuardableSchema<Schema> = 0 extends 1 & Schema
  ? GuardCannotStart<"The schema is typed any, so no table is known to be a mirror. Import the schema itself, without a cast.">
  : Schema extends { strictTableNameTypes: infer Strict; tables: unknown }
    ? [Strict] extends [true]
      ? string extends MirrorTableNames<Schema>
        ? GuardCannotStart<"The names of the schema's tables are not known to TypeScript. Write the tables in defineSchema({ … }), without a cast.">
        : [MirrorTableNames<Schema> | ExportTableNames<Schema>] extends [never]
          ? GuardCannotStart<"The schema declares no mirror. Declare a mirror with mirrorTable in schema.ts, or use Convex's own mutation.">
          : Schema
      : GuardCannotStart<"The schema has strictTableNameTypes: false, so any string passes as a table. Remove the option from defineSchema.">
    : GuardCannotStart<"This is not a schema. Pass what defineSchema returns.">;

/** The mirrors of a schema, or an error that says why there are none. */
export function contractsOf(schema: unknown): ReadonlyMap<string, MirrorContract> {
  if (typeof schema !== "object" || schema === null || !("tables" in schema)) {
    throw guardCannotStart(
      "the first argument is not a schema; pass the default export of schema.ts. " +
        "(If it is undefined, schema.ts imports this module, directly or not: break that cycle.)",
    );
  }
  if ("strictTableNameTypes" in schema && schema.strictTableNameTypes === false) {
    throw guardCannotStart(
      "the schema has strictTableNameTypes: false, so TypeScript takes any string for a table. Remove the option.",
    );
  }
  const contracts = mirrorContracts(schema as { tables: Record<string, unknown> });
  if (contracts.size === 0 && exportedOf(schema).size === 0) {
    throw guardCannotStart(
      "the schema declares no mirror, so there is nothing to protect. Declare the imported tables with " +
        "mirrorTable(…) in schema.ts, or use Convex's own mutation.",
    );
  }
  return contracts;
}

/** The app's own tables that a schema exports. */
export function exportedOf(schema: object): ReadonlySet<string> {
  const { tables } = schema as { tables: Record<string, unknown> };
  const mirrors = mirrorContracts({ tables });
  return new Set([...exportContracts({ tables }).keys()].filter((name) => !mirrors.has(name)));
}
