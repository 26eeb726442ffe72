/**
 * Rows that the source should send again. Writes `resends`, which `audit.repair` fills and `maintenance.ts` prunes; the
 * end of a refresh removes those that were requested before it. Chunks touch them only while `mirrors` says that there
 * are any, and write there when there are none.
 */
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";

/** Keys asked for again in one answer; the rest follow with the next run. */
const MAX_ASKED = 500;

/** The keys that the source should send again, as JSON text. */
export async function askedAgain(ctx: QueryCtx, mirror: string): Promise<string[]> {
  const resends = await ctx.db
    .query("resends")
    .withIndex("by_key", (q) => q.eq("mirror", mirror))
    .take(MAX_ASKED);
  return resends.map(({ key }) => key);
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
  let arrived: ReadonlySet<bigint> | undefined;
  await strike(ctx, mirror, ({ keyHash }) => (arrived ??= new Set(keyHashes)).has(keyHash));
}

/** After a refresh: what was requested before it began has arrived, or the source no longer has it. */
export async function forgetResendsBefore(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  startedAt: string,
): Promise<void> {
  const start = Date.parse(startedAt);
  await strike(ctx, mirror, ({ _creationTime }) => _creationTime < start);
}

async function strike(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  isSettled: (resend: Doc<"resends">) => boolean,
): Promise<void> {
  if (mirror.resending !== true) return;
  const asked = await ctx.db
    .query("resends")
    .withIndex("by_key", (q) => q.eq("mirror", mirror.name))
    .take(MAX_ASKED);
  const settled = asked.filter(isSettled);
  for (const { _id } of settled) await ctx.db.delete("resends", _id);
  if (settled.length === asked.length) {
    await ctx.db.patch("mirrors", mirror._id, { resending: asked.length === MAX_ASKED });
  }
}
