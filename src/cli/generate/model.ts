import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import type { FivetranTable } from "../../schema/snippet.js";
import { leavesOf } from "./validators.js";

/** A table as its source describes it. */
export interface SourceTable {
  /** The schema of a database, the namespace of a catalog; null where there is none. */
  namespace: string | null;
  name: string;
  /** Views are mirrored only where somebody asks for them. */
  isView?: boolean;
  comment: string | null;
  columns: readonly SourceColumn[];
  /** Paths of columns that name a row, most significant first; null where rows have no name. */
  primaryKey: readonly (readonly string[])[] | null;
  /** The path of the column by which the source orders the changes of a row, where that is known for certain. */
  version: readonly string[] | null;
  /** What Fivetran's destination needs to know of the table; absent for tables that it does not fill. */
  fivetran?: FivetranColumns;
  /** What a reader of the schema should know about it. */
  notes: readonly string[];
}

/** Columns of Fivetran's own that a table has. In its rows they are parts of the column `fivetran`. */
export type FivetranColumns = Pick<FivetranTable, "softDelete" | "id" | "ownColumns">;

export interface SourceColumn {
  name: string;
  /** What the column's values are, without null. */
  validator: ValidatorJSON;
  nullable: boolean;
  /** Rows may come without it. */
  optional?: boolean;
  comment?: string | null;
  /** Other types that take the values without loss, and that somebody may prefer. */
  alternatives?: readonly ValidatorJSON["type"][];
  /** Its texts are dates or date-times. */
  isMoment?: boolean;
}

/**
 * Whether the values of a column have an order that the changes of a row can have. Text has none, unless it says moments:
 * see `compareVersions`.
 */
export function ordersChanges({ validator, isMoment }: SourceColumn): boolean {
  const [only, ...more] = leavesOf(validator).filter(({ type }) => type !== "null");
  if (only === undefined || more.length > 0) return false;
  return only.type === "number" || only.type === "bigint" || (only.type === "string" && isMoment === true);
}

/** What was read from a source. */
export interface SourceSchema {
  tables: readonly SourceTable[];
  /** Namespaces of which all tables were read: a mirror of another table there has lost its source. */
  namespaces: readonly string[];
}

/** A mirror as it is to be declared. */
export interface Mirror {
  /** The table in schema.ts. */
  name: string;
  /** `namespace.stream` or `stream`; null when that is the mirror's name. */
  source: string | null;
  comment: string | null;
  fields: readonly MirrorField[];
  /** Dotted paths of fields. */
  primaryKey: readonly string[] | null;
  version: string | null;
  /** The option `fivetran`, which declares the field `fivetran`; null for mirrors without it. */
  fivetran: FivetranColumns | null;
}

export interface MirrorField {
  name: string;
  type: ObjectFieldType;
  comment: string | null;
  /** The column's own name. */
  column: string;
  /** The name that the column arrives under. */
  arrivesAs: string;
  alternatives: readonly ValidatorJSON["type"][];
}

/** True for a field that does not find its column by its own name: `columns` has to name it. */
export function isRenamed({ name, arrivesAs }: MirrorField): boolean {
  return name !== arrivesAs;
}

/** How people name a table: `public.customers`. */
export function tableLabel({ namespace, name }: Pick<SourceTable, "namespace" | "name">): string {
  return namespace === null ? name : `${namespace}.${name}`;
}
