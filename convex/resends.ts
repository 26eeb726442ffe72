import type { MutationCtx, QueryCtx } from "./_generated/server.js";

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

/** Strikes keys that have arrived off the list. Costs one range while nothing is asked for, which is nearly always. */
export async function forgetResends(
  ctx: MutationCtx,
  mirror: string,
  keyHashes: readonly bigint[],
): Promise<void> {
  const asked = await ctx.db
    .query("resends")
    .withIndex("by_key", (q) => q.eq("mirror", mirror))
    .take(MAX_ASKED);
  if (asked.length === 0) return;
  const arrived = new Set(keyHashes);
  for (const resend of asked) if (arrived.has(resend.keyHash)) await ctx.db.delete("resends", resend._id);
}
