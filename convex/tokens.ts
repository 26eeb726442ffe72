import { v } from "convex/values";
import { ledgerError } from "./errors.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { mutation, query, type MutationCtx } from "./_generated/server.js";
import { now, since } from "./time.js";

/** `lastUsedAt` is written at most this often: it tells people and the settle check enough, and costs no write per chunk. */
const LAST_USED_GRAIN_MS = 10_000;

const vTokenInfo = v.object({
  name: v.string(),
  startsWith: v.string(),
  mirrors: v.array(v.string()),
  createdAt: v.string(),
  lastUsedAt: v.union(v.string(), v.null()),
  revokedAt: v.union(v.string(), v.null()),
});

/**
 * Stores a token that the app has made. The component never sees the token, only its hash.
 * @throws TokenNameTaken when a token of that name is in use.
 */
export const create = mutation({
  args: { name: v.string(), startsWith: v.string(), hash: v.string(), mirrors: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, args) => {
    const holders = await byName(ctx, args.name);
    if (holders.some((token) => token.revokedAt === undefined)) {
      throw ledgerError(
        "TokenNameTaken",
        `A token named "${args.name}" is in use. Choose another name, or revoke it first with revokeToken.`,
      );
    }
    await ctx.db.insert("tokens", args);
    return null;
  },
});

/** Revokes the tokens of that name at once. Returns how many were in use. */
export const revoke = mutation({
  args: { name: v.string() },
  returns: v.number(),
  handler: async (ctx, { name }) => {
    const inUse = (await byName(ctx, name)).filter((token) => token.revokedAt === undefined);
    for (const token of inUse) await ctx.db.patch("tokens", token._id, { revokedAt: now() });
    return inUse.length;
  },
});

/** All tokens, newest first, without their hashes. */
export const list = query({
  args: {},
  returns: v.array(vTokenInfo),
  handler: async (ctx) => {
    const tokens = await ctx.db.query("tokens").order("desc").take(MAX_LISTED);
    return tokens.map(({ _creationTime, name, startsWith, mirrors, lastUsedAt, revokedAt }) => ({
      name,
      startsWith,
      mirrors,
      createdAt: new Date(_creationTime).toISOString(),
      lastUsedAt: lastUsedAt ?? null,
      revokedAt: revokedAt ?? null,
    }));
  },
});

/** More tokens than anybody keeps; a bound, so that the query stays one page. */
const MAX_LISTED = 1000;

/**
 * Who presents this token? Null when nobody holds it (or it was revoked).
 * Looked up by its SHA-256, so the comparison leaks nothing about the token through its timing.
 */
export const authenticate = query({
  args: { hash: v.string() },
  returns: v.union(
    v.null(),
    v.object({
      id: v.id("tokens"),
      name: v.string(),
      mirrors: v.array(v.string()),
      /** Whether `touch` is due: the caller saves the write when it is not. */
      touchDue: v.boolean(),
      /** The fingerprint of the contracts that the registry knows, or null before the first declaration. */
      fingerprint: v.union(v.string(), v.null()),
    }),
  ),
  handler: async (ctx, { hash }) => {
    const token = await ctx.db
      .query("tokens")
      .withIndex("by_hash", (q) => q.eq("hash", hash))
      .unique();
    if (token === null || token.revokedAt !== undefined) return null;
    const app = await ctx.db.query("app").first();
    return {
      id: token._id,
      name: token.name,
      mirrors: token.mirrors,
      touchDue: isTouchDue(token),
      fingerprint: app?.fingerprint ?? null,
    };
  },
});

/** Notes that the token was presented; for requests that carry no rows. */
export const touch = mutation({
  args: { token: v.id("tokens") },
  returns: v.null(),
  handler: async (ctx, { token }) => {
    await touchToken(ctx, token);
    return null;
  },
});

/** Notes inside a transaction that the token was presented, no more often than LAST_USED_GRAIN_MS. */
export async function touchToken(ctx: MutationCtx, id: Id<"tokens">): Promise<void> {
  const token = await ctx.db.get("tokens", id);
  if (token !== null && isTouchDue(token)) await ctx.db.patch("tokens", id, { lastUsedAt: now() });
}

function isTouchDue(token: Doc<"tokens">): boolean {
  return since(token.lastUsedAt) >= LAST_USED_GRAIN_MS;
}

async function byName(ctx: MutationCtx, name: string): Promise<Doc<"tokens">[]> {
  return await ctx.db
    .query("tokens")
    .withIndex("by_name", (q) => q.eq("name", name))
    .take(MAX_LISTED);
}
