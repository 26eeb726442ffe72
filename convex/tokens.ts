import { v } from "convex/values";
import { ledgerError } from "../src/core/wire/errors.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { mutation, query, type MutationCtx, type QueryCtx } from "./_generated/server.js";
import { now, since } from "../src/core/time.js";

/**
 * `lastUsedAt` is written at most this often: enough for people and the settle check, without a write per chunk. The
 * last use may have been so much later.
 */
export const LAST_USED_GRAIN_MS = 10_000;

/** More tokens than anybody keeps; a bound, so that a listing stays one page. */
const MAX_LISTED = 1000;

const vAccess = v.union(v.literal("write"), v.literal("read"));

const vNewToken = {
  name: v.string(),
  startsWith: v.string(),
  hash: v.string(),
  signingKey: v.optional(v.string()),
};

/**
 * Stores a token that the app has made. The component never sees the token, only its hash (and, for tokens that demand
 * signed bodies, the key derived from it).
 * @throws TokenNameTaken when a token of that name is in use.
 */
export const create = mutation({
  args: { ...vNewToken, mirrors: v.array(v.string()), access: vAccess, endsAt: v.optional(v.string()) },
  returns: v.null(),
  handler: async (ctx, { endsAt, ...token }) => {
    if ((await inUse(ctx, token.name)).length > 0) {
      throw ledgerError(
        "TokenNameTaken",
        `A token named "${token.name}" is in use. Choose another name, rotate it with rotateToken, or revoke it first.`,
      );
    }
    await ctx.db.insert("tokens", {
      ...token,
      ...(endsAt !== undefined && { endsAt, endReason: "expires" }),
    });
    return null;
  },
});

/**
 * Replaces a token with a new one of the same name and rights. The old one keeps working for `overlapMs`, so that
 * connectors can be given the new one without a gap. The successor of one that demands signed bodies demands them, too;
 * `signed` makes it demand them from now on.
 * @throws UnknownToken when none of that name is in use.
 */
export const rotate = mutation({
  args: { ...vNewToken, signingKey: v.string(), signed: v.boolean(), overlapMs: v.number() },
  returns: v.null(),
  handler: async (ctx, { overlapMs, signed, signingKey, ...token }) => {
    const old = await inUse(ctx, token.name);
    const [newest] = old;
    if (newest === undefined) {
      throw ledgerError(
        "UnknownToken",
        `No token named "${token.name}" is in use. Make one with createToken.`,
      );
    }
    const endsAt = new Date(Date.now() + overlapMs).toISOString();
    for (const { _id, endsAt: earlier } of old) {
      if (earlier === undefined || earlier > endsAt) {
        await ctx.db.patch("tokens", _id, { endsAt, endReason: "rotated" });
      }
    }
    await ctx.db.insert("tokens", {
      ...token,
      mirrors: newest.mirrors,
      access: newest.access,
      ...((signed || newest.signingKey !== undefined) && { signingKey }),
    });
    return null;
  },
});

/** Revokes the tokens of that name at once. Returns how many were in use. */
export const revoke = mutation({
  args: { name: v.string() },
  returns: v.number(),
  handler: async (ctx, { name }) => {
    const tokens = await inUse(ctx, name);
    for (const { _id } of tokens) await ctx.db.patch("tokens", _id, { endsAt: now(), endReason: "revoked" });
    return tokens.length;
  },
});

/** All tokens, newest first, without their hashes. */
export const list = query({
  args: {},
  returns: v.array(
    v.object({
      name: v.string(),
      startsWith: v.string(),
      mirrors: v.array(v.string()),
      access: vAccess,
      signed: v.boolean(),
      createdAt: v.string(),
      lastUsedAt: v.union(v.string(), v.null()),
      /** From when on it opens nothing, and why: "revoked", "rotated" or "expires". */
      endsAt: v.union(v.string(), v.null()),
      endReason: v.union(v.string(), v.null()),
    }),
  ),
  handler: async (ctx) => {
    const tokens = await ctx.db.query("tokens").order("desc").take(MAX_LISTED);
    return tokens.map((token) => ({
      name: token.name,
      startsWith: token.startsWith,
      mirrors: token.mirrors,
      access: token.access,
      signed: token.signingKey !== undefined,
      createdAt: new Date(token._creationTime).toISOString(),
      lastUsedAt: token.lastUsedAt ?? null,
      endsAt: token.endsAt ?? null,
      endReason: token.endReason ?? null,
    }));
  },
});

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
      /** Whether `registry.heartbeat` is due: otherwise the caller skips the write. */
      touchDue: v.boolean(),
      /** What the registry knows of the app; null before the first declaration. */
      app: v.union(v.null(), v.object({ fingerprint: v.string(), apply: v.string() })),
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
      touchDue: isTouchDue(token),
      app: app === null ? null : { fingerprint: app.fingerprint, apply: app.handles.apply },
    };
  },
});

/** Records inside a transaction that the token was used, no more often than LAST_USED_GRAIN_MS. */
export async function touchToken(ctx: MutationCtx, id: Id<"tokens">): Promise<void> {
  const token = await ctx.db.get("tokens", id);
  if (token !== null && isTouchDue(token)) await ctx.db.patch("tokens", id, { lastUsedAt: now() });
}

function isTouchDue(token: Doc<"tokens">): boolean {
  return since(token.lastUsedAt) >= LAST_USED_GRAIN_MS;
}

function hasEnded(token: Doc<"tokens">, nowMs: number): boolean {
  return token.endsAt !== undefined && Date.parse(token.endsAt) <= nowMs;
}

/** The tokens of a name that still open something, newest first. */
async function inUse(ctx: QueryCtx, name: string): Promise<Doc<"tokens">[]> {
  const tokens = await ctx.db
    .query("tokens")
    .withIndex("by_name", (q) => q.eq("name", name))
    .order("desc")
    .take(MAX_LISTED);
  return tokens.filter((token) => !hasEnded(token, Date.now()));
}
