import type { TableDefinition } from "convex/server";
import type { GenericValidator } from "convex/values";
import { EXPORT_BRAND } from "../core/brand.js";

/** What an exported table declares. */
export interface ExportOptions<Field extends string = string> {
  /** Fields that never leave the deployment, whatever a reader asks for: `["passwordHash"]`. */
  exclude?: readonly Field[];
}

/** What an exported table declares, as a value. */
export interface ExportContract {
  /** Tells a contract from other values. */
  readonly brand: typeof EXPORT_BRAND;
  /** Top-level fields that never leave the deployment. */
  readonly exclude: readonly string[];
}

/** The brand in the type of an exported table of the app's own. The guard and the linter ask for it. */
export interface ExportBrand {
  /** What the table declares. */
  readonly exported: ExportContract;
}

declare const sentence: unique symbol;

/** What the type checker prints for a table that cannot be exported so. No value has this type. */
export interface CannotExport<Sentence extends string> {
  readonly [sentence]: Sentence;
}

/** Convex's methods return a plain table, which would lose the brand without a word: an exported table has none. */
interface Finished {
  index(
    ...args: unknown[]
  ): CannotExport<"Write .index(…) inside: exportTable(defineTable({ … }).index(…)).">;
  searchIndex(
    ...args: unknown[]
  ): CannotExport<"Write .searchIndex(…) inside: exportTable(defineTable({ … }).searchIndex(…)).">;
  vectorIndex(
    ...args: unknown[]
  ): CannotExport<"Write .vectorIndex(…) inside: exportTable(defineTable({ … }).vectorIndex(…)).">;
  staged(
    ...args: unknown[]
  ): CannotExport<"Write .staged(…) inside: exportTable(defineTable({ … }).staged(…)).">;
}

/** An exported table: the definition that was passed, with the brand. */
export type ExportTableDefinition<Table> = Finished & Table & ExportBrand;

type AnyTable = TableDefinition<GenericValidator> | { validator: GenericValidator };

/** The names of the fields of a table, of every member of a union. */
type FieldsOf<Table> = Table extends { validator: { type: infer Document } }
  ? Document extends unknown
    ? Exclude<keyof Document & string, "_id" | "_creationTime">
    : never
  : string;

/**
 * Declares that a table of the app's own is exported: readers with an export token may replicate it. Wrap the finished
 * definition, indexes included:
 *
 * ```ts
 * orders: exportTable(
 *   defineTable({ customer: v.id("customers"), total: v.number(), cardToken: v.string() }).index("by_customer", ["customer"]),
 *   { exclude: ["cardToken"] },
 * ),
 * ```
 *
 * The mutations that write it are made by `guard`, which records what they change. A mirror is exported with its option
 * `export` instead.
 *
 * @throws Error at definition time, so that `npx convex dev` refuses the push, for a mirror and for unknown fields.
 */
export function exportTable<Table extends AnyTable>(
  table: Table &
    (Table extends { mirror: object }
      ? CannotExport<"A mirror is exported with its option: mirrorTable({ … }, { export: true }).">
      : unknown),
  options: ExportOptions<FieldsOf<NoInfer<Table>>> = {},
): ExportTableDefinition<Table> {
  const refuse = (message: string): never => {
    throw new Error(`exportTable: ${message}`);
  };
  const definition = table as Partial<Record<"validator" | "mirror", unknown>> | undefined;
  if (definition?.validator === undefined) refuse("pass a table: exportTable(defineTable({ … })).");
  if (definition?.mirror !== undefined) {
    refuse("a mirror is exported with its option: mirrorTable({ … }, { export: true }).");
  }
  const exported = checkExport(fieldNames(definition?.validator as GenericValidator), options, refuse);
  return Object.assign(table, { exported }) as unknown as ExportTableDefinition<Table>;
}

/** Refuses options of an export that make no sense for a table with these fields, and returns its contract. */
export function checkExport(
  fields: readonly string[] | null,
  options: unknown,
  refuse: (message: string) => never,
): ExportContract {
  if (typeof options !== "object" || options === null) {
    refuse('write the options of the export as { exclude: ["field"] }.');
  }
  const unknown = Object.keys(options).find((name) => name !== "exclude");
  if (unknown !== undefined) refuse(`an export has no option "${unknown}"; its option is exclude.`);
  const { exclude = [] } = options as { exclude?: unknown };
  if (!Array.isArray(exclude)) refuse('"exclude" is a list of fields: exclude: ["passwordHash"].');
  for (const name of exclude as unknown[]) {
    if (typeof name !== "string")
      refuse('"exclude" is a list of names of fields: exclude: ["passwordHash"].');
    if (name === "_id" || name === "_creationTime") refuse(`"exclude" names "${name}", which readers need.`);
    if (fields !== null && !fields.includes(name)) {
      refuse(
        `"exclude" names "${name}", but there is no field "${name}"; the fields are ${fields.join(", ")}. ` +
          "It takes fields of the row itself, not of an object inside.",
      );
    }
  }
  return Object.freeze({ brand: EXPORT_BRAND, exclude: Object.freeze([...new Set(exclude as string[])]) });
}

/** The top-level fields that a validator names; null for one that names none, such as v.any(). */
function fieldNames(validator: GenericValidator): string[] | null {
  if (validator.kind === "object") return Object.keys(validator.fields as object);
  if (validator.kind !== "union") return null;
  const members = validator.members.map(fieldNames);
  return members.includes(null) ? null : [...new Set(members.flatMap((names) => names ?? []))];
}

/** The union of the app's own tables that a schema exports: `ExportTableNames<typeof schema>`. */
export type ExportTableNames<Schema> = 0 extends 1 & Schema
  ? never
  : Schema extends { tables: infer Tables }
    ? {
        // Of a table typed `any` it is not known; `guard` looks when it starts.
        [Name in keyof Tables & string]: 0 extends 1 & Tables[Name]
          ? never
          : Tables[Name] extends ExportBrand
            ? Name
            : never;
      }[keyof Tables & string]
    : never;

/** The exported tables of a schema by name, mirrors included, in the order in which the schema declares them. */
export function exportContracts(schema: { tables: Record<string, unknown> }): Map<string, ExportContract> {
  const contracts = new Map<string, ExportContract>();
  for (const [name, table] of Object.entries(schema.tables)) {
    const contract = (table as Partial<ExportBrand> | undefined)?.exported;
    if (contract?.brand === EXPORT_BRAND) contracts.set(name, contract);
  }
  return contracts;
}
