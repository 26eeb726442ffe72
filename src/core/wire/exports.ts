import type { FunctionHandle } from "convex/server";
import { v, type Infer, type ObjectType } from "convex/values";

/**
 * What export adds to the port (see port.ts): the change feed in the component says which rows of which table a
 * transaction wrote, and `rows` in the app reads them. A row is never copied into the component.
 */

/** Rows of one table that one transaction wrote and deleted, by id. */
export const vTableChange = v.object({
  table: v.string(),
  written: v.array(v.string()),
  deleted: v.array(v.string()),
});
export type TableChange = Infer<typeof vTableChange>;

/** The same without the table, where it is known: what a write to an exported mirror reports. */
export const vChanged = vTableChange.omit("table");
export type Changed = Infer<typeof vChanged>;

/** A table that the app's schema declares as exported. */
export const vExportedTable = v.object({
  table: v.string(),
  /** Who writes it: the importer, or the app's own mutations. */
  kind: v.union(v.literal("mirror"), v.literal("app")),
});

/** Reads rows of an exported table: a page of a walk over all of them, or those with these ids. */
export const vRowsArgs = {
  table: v.string(),
  walk: v.optional(v.object({ cursor: v.union(v.string(), v.null()), limit: v.number() })),
  ids: v.optional(v.array(v.string())),
  /** Bytes of documents after which it stops; it reads one row at least. */
  maxBytes: v.number(),
};
export const vRows = v.object({
  /** The rows, without the fields that are never exported. By ids: in their order, null for one that is gone. */
  rows: v.array(v.any()),
  /** How many of the ids were read: fewer than asked for when `maxBytes` was reached. */
  read: v.number(),
  /** Where the walk continues; null at its end, and for ids. */
  cursor: v.union(v.string(), v.null()),
  bytes: v.number(),
});
export type RowsHandle = FunctionHandle<"query", ObjectType<typeof vRowsArgs>, Infer<typeof vRows>>;
