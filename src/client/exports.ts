import {
  internalQueryGeneric,
  type GenericDataModel,
  type GenericDocument,
  type QueryBuilder,
} from "convex/server";
import { type GenericId, type GenericValidator, getConvexSize, type ValidatorJSON } from "convex/values";
import { vRows, vRowsArgs } from "../core/wire/exports.js";
import type { ExportedTable } from "../http/exporter.js";
import { contractOf } from "../schema/contract.js";
import { exportContracts } from "../schema/exportTable.js";

/** A table of the deployed schema that is exported. */
export interface AppExport extends ExportedTable {
  readonly kind: "mirror" | "app";
}

/** The exported tables of a schema. */
export class AppExports {
  readonly all: readonly AppExport[];

  constructor(schema: { tables: Record<string, { validator: GenericValidator }> }) {
    this.all = [...exportContracts(schema)].map(([name, { exclude }]) => {
      const table = schema.tables[name]!;
      return {
        name,
        kind: contractOf(table) === null ? "app" : "mirror",
        exclude,
        document: (table.validator as unknown as { json: ValidatorJSON }).json,
      };
    });
  }

  /** @throws Error for a table that is not exported */
  get(name: string): AppExport {
    const found = this.all.find((table) => table.name === name);
    if (found === undefined) throw new Error(`"${name}" is not an exported table of this schema.`);
    return found;
  }
}

/** Rows that are read at once: each may have 1 MiB, and a query may read 16. */
const READ_AT_ONCE = 8;

// Any table of any app: documents are typed as "some fields", not as `any`.
const internalQuery: QueryBuilder<GenericDataModel, "internal"> = internalQueryGeneric;

/** The app's side of the export: the only function that reads rows for readers. The component calls it by its handle. */
export function exportFunctions(exports: AppExports) {
  return {
    /** Reads rows of an exported table, a page of a walk or by their ids, without the fields that are never exported. */
    rows: internalQuery({
      args: vRowsArgs,
      returns: vRows,
      handler: async ({ db }, { table, walk, ids = [], maxBytes }) => {
        const { exclude } = exports.get(table);
        if (walk !== undefined) {
          const { cursor, limit: numItems } = walk;
          const page = await db.query(table).paginate({ cursor, numItems, maximumBytesRead: maxBytes });
          return {
            rows: page.page.map((row) => withoutFields(row, exclude)),
            read: page.page.length,
            cursor: page.isDone ? null : page.continueCursor,
            bytes: 0,
          };
        }
        const rows: (GenericDocument | null)[] = [];
        let bytes = 0;
        while (rows.length < ids.length && (rows.length === 0 || bytes < maxBytes)) {
          const next = ids.slice(rows.length, rows.length + READ_AT_ONCE);
          const found = await Promise.all(next.map((id) => db.get(table, id as GenericId<string>)));
          for (const row of found) {
            bytes += row === null ? 0 : getConvexSize(row);
            rows.push(row === null ? null : withoutFields(row, exclude));
          }
        }
        return { rows, read: rows.length, cursor: null, bytes };
      },
    }),
  };
}

export type ExportFunctions = ReturnType<typeof exportFunctions>;

function withoutFields(row: GenericDocument, exclude: readonly string[]): GenericDocument {
  if (exclude.length === 0) return row;
  return Object.fromEntries(Object.entries(row).filter(([field]) => !exclude.includes(field)));
}
