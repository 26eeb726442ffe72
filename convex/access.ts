/**
 * Who sends a request. Each request asks, so this is a module of its own: tokens are made and revoked in `tokens.ts`.
 * Writes nothing.
 */
import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { query } from "./_generated/server.js";
import { noDebt } from "../src/core/wire/budget.js";
import { readDebt } from "./write/budget.js";
import { vDebt } from "../src/core/wire/changes.js";
import { vAccess } from "../src/core/wire/access.js";
import { since } from "../src/core/time.js";

/**
 * `lastUsedAt` and `lastSentAt` are written at most this often: enough for people and the settle check, without a write
 * per chunk. The last use may have been so much later.
 */
export const LAST_USED_GRAIN_MS = 10_000;

/**
 * The owner of a token, or null if it is unknown, revoked or expired. Looked up by its SHA-256, so the comparison leaks
 * nothing about the token through its timing.
 */
export const authenticate = query({
  args: { hash: v.string(), nowMs: v.number() },
  returns: v.union(
    v.null(),
    v.object({
      id: v.id("tokens"),
      name: v.string(),
      mirrors: v.array(v.string()),
      access: vAccess,
      signingKey: v.union(v.string(), v.null()),
      /** Whether `touch` is due: otherwise the caller skips the write. */
      useDue: v.boolean(),
      /** Whether it is time to note that the connector is sending. */
      touchDue: v.boolean(),
      /** Mirrors to clear once the connector names their streams in full, a list per connection. */
      toClear: v.array(v.array(v.string())),
      /** Of the declaration that the registry knows; null before the first. */
      fingerprint: v.union(v.string(), v.null()),
      /** What imports owe to the write budget. */
      debt: vDebt,
    }),
  ),
  handler: async (ctx, { hash, nowMs }) => {
    const token = await ctx.db
      .query("tokens")
      .withIndex("by_hash", (q) => q.eq("hash", hash))
      .unique();
    if (token === null || hasEnded(token, nowMs)) return null;
    const app = await ctx.db.query("app").first();
    return {
      id: token._id,
      name: token.name,
      mirrors: token.mirrors,
      access: token.access,
      signingKey: token.signingKey ?? null,
      useDue: isDue(token.lastUsedAt),
      touchDue: isDue(token.lastSentAt),
      toClear: (token.toClear ?? []).map(({ mirrors }) => mirrors),
      fingerprint: app?.fingerprint ?? null,
      debt: app === null || token.access !== "write" ? noDebt : await readDebt(ctx, app.budget),
    };
  },
});

/** Whether it is time to note a use again, of which the last was noted then. */
export function isDue(last: string | undefined): boolean {
  return since(last) >= LAST_USED_GRAIN_MS;
}

/** Whether a token opens nothing any more. */
export function hasEnded(token: Doc<"tokens">, nowMs: number): boolean {
  return token.endsAt !== undefined && Date.parse(token.endsAt) <= nowMs;
}
