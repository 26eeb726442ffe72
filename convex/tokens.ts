/**
 * Tokens of connectors. Writes `tokens`; only `maintenance.ts` deletes them. The mirrors of a token share its
 * document, so no chunk reads or writes it: requests note its last use at most once in ten seconds (TOKEN-7). `revoke`
 * deletes the `readers` of a token; a page that is noted at the same time conflicts with it, and finds the token ended.
 */
import { v } from "convex/values";
import { ledgerError } from "../src/core/wire/errors.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { mutation, query, type MutationCtx, type QueryCtx } from "./_generated/server.js";
import { hasEnded, isDue } from "./access.js";
import { getExported } from "./changeFeed.js";
import { getApp, getMirror } from "./mirror/mirrors.js";
import { vAccess } from "../src/core/wire/access.js";
import { vTokenInfo } from "../src/core/wire/views.js";
import { now, since } from "../src/core/time.js";
import { newToken, signingKeyOf } from "../src/core/token.js";

/** More tokens than anybody keeps; a bound, so that a listing stays one page. */
const MAX_LISTED = 1000;

/** The longest name of a token, in characters: a thousand of them are listed in one transaction. */
const MAX_NAME = 200;

/** Lists of mirrors to clear that a token keeps: its connections that have begun and sent nothing yet. */
const MAX_TO_CLEAR = 8;

/** A connection that has begun and sent nothing for so long has died. */
const TO_CLEAR_MS = 24 * 3_600_000;

/** How long a rotated token keeps working, in hours: a day to enter its successor in every connector. */
const DEFAULT_OVERLAP_HOURS = 24;

const HOUR_MS = 60 * 60 * 1000;

/**
 * Makes a token for a connector and returns it: the only time that anybody sees it. The component stores its hash and,
 * for a token that demands signed bodies, the key derived from it.
 * - `mirrors`: names of the mirrors that it opens, of the tables for export; `["*"]` is all of them.
 * - `access`: "write" (default), "read" for status pages and verification, or "export" for readers.
 * - `expiresInDays`: default never.
 * - `signed`: demand that bodies are signed with the key derived from the token (`X-Signature`, for webhooks).
 * @throws InvalidTokenName; TokenNameTaken when a token of that name is in use; UnknownMirror; NotDeclared
 */
export const create = mutation({
  args: {
    name: v.string(),
    mirrors: v.array(v.string()),
    access: v.optional(vAccess),
    expiresInDays: v.optional(v.number()),
    signed: v.optional(v.boolean()),
  },
  returns: v.string(),
  handler: async (ctx, { name, mirrors, access = "write", expiresInDays, signed = false }) => {
    if (name === "" || name.length > MAX_NAME)
      throw ledgerError("InvalidTokenName", `The name of a token has 1 to ${String(MAX_NAME)} characters.`);
    if (mirrors.length === 0)
      throw ledgerError("UnknownMirror", 'Name the mirrors that the token opens, or ["*"].');
    const named = mirrors.filter((mirror) => mirror !== "*");
    if (named.length > 0) await getApp(ctx);
    for (const table of named) await (access === "export" ? getExported : getMirror)(ctx, table);
    if ((await inUse(ctx, name)).length > 0) {
      throw ledgerError(
        "TokenNameTaken",
        `A token named "${name}" is in use. Choose another name, or rotate or revoke that token first.`,
      );
    }
    const { token, hash, startsWith } = newToken();
    await ctx.db.insert("tokens", {
      name,
      mirrors,
      access,
      hash,
      startsWith,
      ...(signed && { signingKey: signingKeyOf(token) }),
      ...(expiresInDays !== undefined && {
        endsAt: new Date(Date.now() + expiresInDays * 24 * HOUR_MS).toISOString(),
        endReason: "expires",
      }),
    });
    return token;
  },
});

/**
 * Creates a token with the name and rights of an old one and returns it. The old one keeps working for `overlapHours`
 * (default 24), so that connectors can be given the new one without a gap. The successor demands signed bodies if the
 * old one does, or if `signed` says so; it does not expire.
 * @throws UnknownToken when none of that name is in use.
 */
export const rotate = mutation({
  args: { name: v.string(), overlapHours: v.optional(v.number()), signed: v.optional(v.boolean()) },
  returns: v.string(),
  handler: async (ctx, { name, overlapHours = DEFAULT_OVERLAP_HOURS, signed = false }) => {
    const old = await inUse(ctx, name);
    const [newest] = old;
    if (newest === undefined) {
      throw ledgerError(
        "UnknownToken",
        `No token named "${name}" is in use. Make one with \`npx streaming-import token create\`.`,
      );
    }
    const endsAt = new Date(Date.now() + overlapHours * HOUR_MS).toISOString();
    for (const { _id, endsAt: earlier } of old) {
      if (earlier === undefined || earlier > endsAt) {
        await ctx.db.patch("tokens", _id, { endsAt, endReason: "rotated" });
      }
    }
    const { token, hash, startsWith } = newToken();
    await ctx.db.insert("tokens", {
      name,
      hash,
      startsWith,
      mirrors: newest.mirrors,
      access: newest.access,
      ...((signed || newest.signingKey !== undefined) && { signingKey: signingKeyOf(token) }),
    });
    return token;
  },
});

/** Revokes the tokens of that name at once. Returns how many were in use. */
export const revoke = mutation({
  args: { name: v.string() },
  returns: v.number(),
  handler: async (ctx, { name }) => {
    const tokens = await inUse(ctx, name);
    for (const { _id } of tokens) await ctx.db.patch("tokens", _id, { endsAt: now(), endReason: "revoked" });
    // Nobody reads with it any more, so nobody is behind.
    const readers = await ctx.db
      .query("readers")
      .withIndex("by_reader", (q) => q.eq("token", name))
      .take(MAX_LISTED);
    for (const { _id } of readers) await ctx.db.delete("readers", _id);
    return tokens.length;
  },
});

/** All tokens, newest first, without their hashes. */
export const list = query({
  args: {},
  returns: v.array(vTokenInfo),
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
 * Remembers the mirrors that a connector means to clear, until it names their streams in full: `named` tells whether it
 * has. Any of its earlier lists of the same mirrors is replaced.
 */
export const setToClear = mutation({
  args: { token: v.id("tokens"), mirrors: v.array(v.string()), named: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { token: id, mirrors, named }) => {
    const token = await ctx.db.get("tokens", id);
    const others = (token?.toClear ?? []).filter(
      (list) => since(list.askedAt) < TO_CLEAR_MS && list.mirrors.join() !== mirrors.join(),
    );
    const toClear = named ? others : [...others, { mirrors, askedAt: now() }].slice(-MAX_TO_CLEAR);
    await ctx.db.patch("tokens", id, { toClear: toClear.length === 0 ? undefined : toClear });
    return null;
  },
});

/** Notes that a token was used, whatever for, or (`sending`) that its connector is at work, though no row has come. */
export const touch = mutation({
  args: { token: v.id("tokens"), sending: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { token: id, sending }) => {
    const token = await ctx.db.get("tokens", id);
    if (token === null) return null;
    const at = now();
    const sent = sending && isDue(token.lastSentAt);
    if (!sent && !isDue(token.lastUsedAt)) return null;
    await ctx.db.patch("tokens", id, { lastUsedAt: at, ...(sent && { lastSentAt: at }) });
    return null;
  },
});

/** Notes inside a transaction that the token's connector is sending, no more often than LAST_USED_GRAIN_MS. */
export async function touchToken(ctx: MutationCtx, id: Id<"tokens">): Promise<void> {
  const token = await ctx.db.get("tokens", id);
  if (token !== null && isDue(token.lastSentAt)) await ctx.db.patch("tokens", id, { lastSentAt: now() });
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
