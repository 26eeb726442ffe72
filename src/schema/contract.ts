import type { Value } from "convex/values";
import { MIRROR_BRAND } from "../core/brand.js";
import type { DriftPolicies } from "../core/rows/drift.js";
import type { FivetranContract } from "./fivetran.js";

/**
 * The contract of a mirror: what the app's `schema.ts` says about a table whose rows are owned by an import.
 * It is a plain value (so the importer can read it at run time) and a type (so the guards can read it at compile time).
 */

/** The index that `mirrorTable` adds to a mirror with a primary key. */
export const PRIMARY_KEY_INDEX = "by_primary_key";

/** The index that `mirrorTable` adds to a mirror without a primary key, over {@link CONTENT_KEY_FIELD}. */
export const CONTENT_INDEX = "by_content";

/**
 * The field that `mirrorTable` adds to a mirror without a primary key: a hash of the row's content. It gives rows
 * without a key an identity, so that a refresh can leave unchanged ones untouched.
 */
export const CONTENT_KEY_FIELD = "mirrorKey";

/** What a mirror declares, as `contractOf` returns it. Field paths are dotted, as Convex's own index fields are. */
export interface MirrorContract {
  /** Tells a contract from other values. */
  readonly brand: typeof MIRROR_BRAND;
  /** The fields that identify a row, or null for sources without a key. */
  readonly primaryKey: readonly string[] | null;
  /** The stream, as `namespace.stream` or `stream`, or null if it is named like the table. */
  readonly source: string | null;
  /** The field that orders the changes of one row, or null if the order of arrival decides. */
  readonly version: string | null;
  /** Who is responsible for the source. */
  readonly owner: string | null;
  /** Whether rows that the source deletes are deleted, or kept and marked. */
  readonly onDelete: "hard" | "soft";
  /** The field that marks deleted rows, or null if they are deleted. */
  readonly deletedField: string | null;
  /** What happens to rows that do not fit the validators. See `DriftPolicy`. */
  readonly drift: DriftPolicies;
  /** The field in which unknown fields are kept, or null. */
  readonly overflow: string | null;
  /** How often to expect contact, in milliseconds, or null for never. */
  readonly expectEveryMs: number | null;
  /** The largest share of the rows, from 0 to less than 1, that a full refresh may delete without confirmation, or null for all. */
  readonly shrinkLimit: number | null;
  /** Source columns by the field that they feed, where the names differ. */
  readonly columns: Readonly<Record<string, string>>;
  /** Source columns that are never stored. */
  readonly drop: readonly string[];
  /** Fields that are stored as keyed hashes. */
  readonly hash: readonly string[];
  /** How Fivetran's Convex destination sees the table, or null if it does not feed it. */
  readonly fivetran: FivetranContract | null;
  /** Paths of objects whose fields an update merges one by one; all others it replaces. */
  readonly merged: readonly string[];
  /** Whether a row belongs to the mirror, or null if all do. */
  readonly where: RowFilter | null;
}

/** Whether a converted row, without system fields, belongs to the mirror. */
export type RowFilter = (row: Record<string, Value>) => boolean;

/** The brand in the type of a table definition. The guards ask for this and for nothing else. */
export interface MirrorBrand {
  /** What the mirror declares. */
  readonly mirror: MirrorContract;
}

/** The names of the tables of `Tables` that are mirrors. */
type MirrorKeys<Tables> = {
  [Name in keyof Tables & string]: Tables[Name] extends MirrorBrand ? Name : never;
}[keyof Tables & string];

/**
 * The union of the mirror tables of a schema: `MirrorTableNames<typeof schema>`.
 * A schema whose table names are not known to the type checker (`any`) gives `string`: every table is
 * treated as a mirror rather than none.
 */
export type MirrorTableNames<Schema> = 0 extends 1 & Schema
  ? string
  : Schema extends { tables: infer Tables }
    ? string extends keyof Tables
      ? string
      : MirrorKeys<Tables>
    : never;

/** The contract of a table definition, or null when the table is not a mirror. */
export function contractOf(table: unknown): MirrorContract | null {
  if (typeof table !== "object" || table === null || !("mirror" in table)) return null;
  const contract = table.mirror as MirrorContract | undefined;
  return contract?.brand === MIRROR_BRAND ? contract : null;
}

/** The mirrors of a schema by table name, in the order in which the schema declares them. */
export function mirrorContracts(schema: { tables: Record<string, unknown> }): Map<string, MirrorContract> {
  const contracts = new Map<string, MirrorContract>();
  for (const [name, table] of Object.entries(schema.tables)) {
    const contract = contractOf(table);
    if (contract !== null) contracts.set(name, contract);
  }
  return contracts;
}

/** The names of the mirrors of a schema, as a value. */
export function mirrorTableNames(schema: { tables: Record<string, unknown> }): string[] {
  return [...mirrorContracts(schema).keys()];
}
