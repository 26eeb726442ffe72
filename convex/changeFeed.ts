/**
 * The change feed: which rows of exported tables each transaction wrote and deleted, in the order of the commits. The
 * document is written by the transaction that writes the rows, so there is neither a change without it nor one without
 * a change. It holds ids; a reader gets the row as it is when it reads.
 *
 * Writes `changes`: each transaction inserts documents of its own, which nobody changes, and `maintenance.prune` deletes
 * the oldest. So the feed makes no two transactions conflict. Writes `exports` and `feed` with a deploy, and notes in
 * `exports` when the readers know a new table.
 */
import { v } from "convex/values";
import { ledgerError } from "../src/core/wire/errors.js";
import { vExportedTable, vTableChange } from "../src/core/wire/exports.js";
import type { Doc } from "./_generated/dataModel.js";
import { mutation, type MutationCtx, query, type QueryCtx } from "./_generated/server.js";
import { recordChanges } from "./write/recordChanges.js";

/** More tables than a schema can hold; a bound for scans of the list. */
export const MAX_EXPORTED = 1000;

/**
 * Records what the calling transaction changes in exported tables: for the app's mutation builders, once at the end of
 * a mutation. Several entries may name one table; an id that is also deleted counts as deleted.
 */
export const record = mutation({
  args: { changes: v.array(vTableChange) },
  returns: v.null(),
  handler: async (ctx, { changes }) => {
    await recordChanges(ctx, changes);
    return null;
  },
});

/**
 * The tables that the app exports, as the last declaration says. `known` is false for one whose rows of before are not
 * in the feed yet: a walk over it has to record them.
 */
export const tables = query({
  args: {},
  returns: v.array(vExportedTable.extend({ known: v.boolean(), declaredAt: v.string() })),
  handler: async (ctx) => {
    const all = await ctx.db.query("exports").withIndex("by_table").take(MAX_EXPORTED);
    return all
      .filter(({ removedAt }) => removedAt === undefined)
      .map(({ table, kind, known, declaredAt }) => ({ table, kind, known, declaredAt }));
  },
});

/** Notes that every row of a table is in the feed, or was there before the feed began. */
export const setKnown = mutation({
  args: { table: v.string(), known: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { table, known }) => {
    const entry = await ctx.db
      .query("exports")
      .withIndex("by_table", (q) => q.eq("table", table))
      .unique();
    if (entry !== null) await ctx.db.patch("exports", entry._id, { known });
    return null;
  },
});

/** A table that is exported now. @throws UnknownTable */
export async function getExported(ctx: QueryCtx, name: string): Promise<Doc<"exports">> {
  const entry = await ctx.db
    .query("exports")
    .withIndex("by_table", (q) => q.eq("table", name))
    .unique();
  if (entry !== null && entry.removedAt === undefined) return entry;
  throw ledgerError(
    "UnknownTable",
    `The table "${name}" is not exported. Declare it in schema.ts, with exportTable or with the option \`export\` of mirrorTable, and deploy.`,
  );
}

/** Updates the list of exported tables. The feed begins with the first of them, and ends with the last. */
export async function declareExports(
  ctx: MutationCtx,
  declared: readonly { table: string; kind: "mirror" | "app" }[],
): Promise<void> {
  const begun = await ctx.db.query("feed").first();
  if (declared.length > 0 && begun === null) {
    await ctx.db.insert("feed", {
      lowWater: ctx.db.vars.commitTs,
      gaps: [],
      countedTo: ctx.db.vars.commitTs,
      ids: 0,
    });
  }
  if (declared.length === 0 && begun !== null) await ctx.db.delete("feed", begun._id);
  const entries = new Map(
    (await ctx.db.query("exports").take(MAX_EXPORTED)).map((entry) => [entry.table, entry]),
  );
  const at = new Date().toISOString();
  const returned: string[] = [];
  for (const { table, kind } of declared) {
    const entry = entries.get(table);
    entries.delete(table);
    if (entry === undefined) {
      // Readers that walk the tables from the beginning of the feed see every row; later ones wait for the walk.
      await ctx.db.insert("exports", { table, kind, declaredAt: at, known: begun === null });
    } else if (entry.removedAt !== undefined) {
      // Nothing recorded what was deleted meanwhile: readers from before start over.
      await ctx.db.patch("exports", entry._id, {
        kind,
        declaredAt: at,
        removedAt: undefined,
        known: true,
      });
      returned.push(table);
    } else if (entry.kind !== kind) await ctx.db.patch("exports", entry._id, { kind });
  }
  for (const { _id, removedAt } of entries.values()) {
    if (removedAt === undefined) await ctx.db.patch("exports", _id, { removedAt: at });
  }
  if (returned.length > 0 && begun !== null) {
    const until = ctx.db.vars.commitTs;
    const others = begun.gaps.filter(({ table }) => !returned.includes(table));
    await ctx.db.patch("feed", begun._id, {
      gaps: [...others, ...returned.map((table) => ({ table, until }))],
    });
  }
}
