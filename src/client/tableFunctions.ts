import {
  internalMutationGeneric,
  internalQueryGeneric,
  type GenericDataModel,
  type GenericDocument,
  type GenericMutationCtx,
  type MutationBuilder,
  type QueryBuilder,
} from "convex/server";
import { v, type GenericId } from "convex/values";
import { vApplied, vApplyArgs, vClearArgs, vPage, vPageArgs, vRemoveArgs } from "../../convex/port.js";
import { keyHash } from "../changes/hash.js";
import { keyOf } from "../changes/paths.js";
import { applyRows } from "./applyRows.js";
import type { AppMirrors } from "./mirrors.js";

const vGone = v.number();

/** Bytes that one page of a walk may read: half of the 16 MiB of a transaction, for a row may be 1 MiB. */
const PAGE_BYTES = 8 * 1024 * 1024;

// Any mirror of any app: documents are typed as "some fields", not as `any`.
const internalMutation: MutationBuilder<GenericDataModel, "internal"> = internalMutationGeneric;
const internalQuery: QueryBuilder<GenericDataModel, "internal"> = internalQueryGeneric;

/**
 * The app's side of the component's port: the only functions of an app that write mirror tables. The component calls
 * them by function handle, inside its own transactions; nobody else needs to.
 */
export function tableFunctions(mirrors: AppMirrors) {
  return {
    /** Applies changes to a mirror, in order. See `applyRows`. */
    apply: internalMutation({
      args: vApplyArgs,
      returns: vApplied,
      handler: async (ctx, { table, rows, append }) => await applyRows(ctx.db, mirrors.get(table), rows, append),
    }),

    /** Reads a page of a mirror: ids and key hashes, in order of creation. */
    page: internalQuery({
      args: vPageArgs,
      returns: vPage,
      handler: async (ctx, { table, cursor, limit }) => {
        const { keyFields } = mirrors.get(table);
        const page = await ctx.db
          .query(table)
          .paginate({ cursor, numItems: limit, maximumBytesRead: PAGE_BYTES });
        return {
          ids: page.page.map((row) => row._id as string),
          keyHashes: BigUint64Array.from(page.page, (row) => {
            const key = keyOf(row, keyFields);
            // A row without its key was not written by the importer; no refresh can have brought it.
            return Array.isArray(key) ? keyHash(key) : 0n;
          }).buffer,
          cursor: page.isDone ? null : page.continueCursor,
        };
      },
    }),

    /** Deletes rows of a mirror by id; those already gone are no error. */
    remove: internalMutation({
      args: vRemoveArgs,
      returns: vGone,
      handler: async (ctx, { table, ids }) => {
        mirrors.get(table);
        const present = await Promise.all(ids.map((id) => ctx.db.get(table, id as GenericId<string>)));
        return await deleteRows(ctx, table, present.filter((row) => row !== null));
      },
    }),

    /** Deletes the first rows of a mirror. */
    clear: internalMutation({
      args: vClearArgs,
      returns: vGone,
      handler: async (ctx, { table, limit }) => {
        mirrors.get(table);
        const { page } = await ctx.db
          .query(table)
          .paginate({ cursor: null, numItems: limit, maximumBytesRead: PAGE_BYTES });
        return await deleteRows(ctx, table, page);
      },
    }),
  };
}

async function deleteRows(
  ctx: GenericMutationCtx<GenericDataModel>,
  table: string,
  rows: GenericDocument[],
): Promise<number> {
  await Promise.all(rows.map((row) => ctx.db.delete(table, row._id as GenericId<string>)));
  return rows.length;
}
