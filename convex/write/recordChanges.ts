/**
 * Records in the change feed which rows of exported tables a transaction writes and deletes: see `changeFeed.ts`.
 * Writes `changes`: each transaction inserts documents of its own, so the feed makes no two transactions conflict.
 */
import type { MutationCtx } from "../_generated/server.js";
import type { Changed, TableChange } from "../../src/core/wire/exports.js";

/** Ids in one document: half of what an array may hold, and 150 KB at most. */
const MAX_IDS = 4_000;

/** Writes the feed documents of this transaction: one for each table, unless it changed thousands of its rows. */
export async function recordChanges(ctx: MutationCtx, changes: readonly TableChange[]): Promise<void> {
  const tables = new Map<string, { written: Set<string>; deleted: Set<string> }>();
  for (const { table, written, deleted } of changes) {
    const known = tables.get(table) ?? { written: new Set(), deleted: new Set() };
    tables.set(table, known);
    for (const id of written) known.written.add(id);
    for (const id of deleted) known.deleted.add(id);
  }
  for (const [table, { written, deleted }] of tables) {
    const ids = [
      ...[...written].filter((id) => !deleted.has(id)).map((id) => ({ id, gone: false })),
      ...[...deleted].map((id) => ({ id, gone: true })),
    ];
    for (let from = 0; from < ids.length; from += MAX_IDS) {
      const slice = ids.slice(from, from + MAX_IDS);
      await ctx.db.insert("changes", {
        table,
        written: slice.filter(({ gone }) => !gone).map(({ id }) => id),
        deleted: slice.filter(({ gone }) => gone).map(({ id }) => id),
        at: ctx.db.vars.commitTs,
      });
    }
  }
}

/** Records what a write changed in a mirror, if the mirror is exported. */
export async function recordChanged(ctx: MutationCtx, table: string, changed: Changed | undefined) {
  if (changed !== undefined) await recordChanges(ctx, [{ table, ...changed }]);
}

export function addChanged(a: Changed | undefined, b: Changed | undefined): Changed | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { written: [...a.written, ...b.written], deleted: [...a.deleted, ...b.deleted] };
}
