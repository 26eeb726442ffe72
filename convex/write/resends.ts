/**
 * Rows that the source should send again. Writes `resends`, which `audit.repair` fills and `maintenance.ts` prunes; the
 * end of a refresh removes those that were requested before it. Chunks touch them only while `mirrors` says that there
 * are any, and write there when there are none.
 */
import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { findMirror } from "../mirror/mirrors.js";
import { pageOf } from "./screen.js";

/** Keys asked for again in one answer; the rest follow with the next run. */
const MAX_ASKED = 500;

/** The keys that the source should send again, as JSON text. */
export async function askedAgain(ctx: QueryCtx, mirror: string): Promise<string[]> {
  return (await firstAsked(ctx, mirror)).map(({ key }) => key);
}

async function firstAsked(ctx: QueryCtx, mirror: string): Promise<Doc<"resends">[]> {
  const { page } = await pageOf(
    ctx.db.query("resends").withIndex("by_key", (q) => q.eq("mirror", mirror)),
    MAX_ASKED,
  );
  return page;
}

/** Asks the source for rows, with its next run. */
export async function requestResend(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  rows: readonly Pick<Doc<"resends">, "key" | "keyHash" | "reason">[],
): Promise<void> {
  for (const row of rows) await ctx.db.insert("resends", { mirror: mirror.name, ...row });
  if (rows.length > 0) await ctx.db.patch("mirrors", mirror._id, { resending: true });
}

/** Strikes keys that have arrived off the list. Costs nothing while nothing is asked for, which is nearly always. */
export async function forgetResends(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  keyHashes: Iterable<bigint>,
): Promise<void> {
  if (mirror.resending !== true) return;
  const asked = await firstAsked(ctx, mirror.name);
  const arrived = new Set(keyHashes);
  const settled = asked.filter(({ keyHash }) => arrived.has(keyHash));
  for (const { _id } of settled) await ctx.db.delete("resends", _id);
  if (settled.length === asked.length) await noteWhetherResending(ctx, mirror);
}

/**
 * After a refresh: what was requested before it began has arrived, or the source no longer has it. A page at a time: the
 * first at once, the rest afterwards.
 */
export async function forgetResendsBefore(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  startedAt: string,
): Promise<void> {
  if (mirror.resending !== true) return;
  const { page, isLast } = await pageOf(
    ctx.db
      .query("resends")
      .withIndex("by_mirror", (q) => q.eq("mirror", mirror.name).lt("_creationTime", Date.parse(startedAt))),
    MAX_ASKED,
  );
  for (const { _id } of page) await ctx.db.delete("resends", _id);
  if (isLast) await noteWhetherResending(ctx, mirror);
  else await ctx.scheduler.runAfter(0, internal.write.resends.forget, { mirror: mirror.name, startedAt });
}

export const forget = internalMutation({
  args: { mirror: v.string(), startedAt: v.string() },
  returns: v.null(),
  handler: async (ctx, { mirror: name, startedAt }) => {
    const mirror = await findMirror(ctx, name);
    if (mirror !== null) await forgetResendsBefore(ctx, mirror, startedAt);
    return null;
  },
});

/** Once keys have left the list: a mirror none of whose keys is on it no longer says that rows are requested. */
export async function noteWhetherResending(ctx: MutationCtx, mirror: Doc<"mirrors">): Promise<void> {
  if (mirror.resending !== true) return;
  const left = await ctx.db
    .query("resends")
    .withIndex("by_mirror", (q) => q.eq("mirror", mirror.name))
    .first();
  if (left === null) await ctx.db.patch("mirrors", mirror._id, { resending: false });
}
