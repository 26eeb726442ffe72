import { internalMutationGeneric, internalQueryGeneric } from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import type { AppMirrors } from "../mirrors.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** How long a rotated token keeps working, in hours: a day to enter its successor in every connector. */
const DEFAULT_OVERLAP_HOURS = 24;

const HOUR_MS = 60 * 60 * 1000;

/** What connectors may present: functions for people, by `npx convex run imports:createToken '{…}'`. */
export function tokenFunctions(component: ComponentApi, mirrors: AppMirrors) {
  return {
    /**
     * Makes a token for a connector and returns it: the only time that anybody sees it.
     * - `mirrors`: names of the mirrors that it opens; `["*"]` is all of them.
     * - `access`: "write" (default), or "read" for status pages and verification.
     * - `expiresInDays`: default never.
     * - `signed`: demand that bodies are signed with the key derived from the token (`X-Signature`, for webhooks).
     * @throws Error for a mirror that the schema does not declare; TokenNameTaken
     */
    createToken: internalMutationGeneric({
      args: {
        name: v.string(),
        mirrors: v.array(v.string()),
        access: v.optional(v.union(v.literal("write"), v.literal("read"))),
        expiresInDays: v.optional(v.number()),
        signed: v.optional(v.boolean()),
      },
      returns: v.string(),
      handler: async (ctx, { name, mirrors: opened, access, expiresInDays, signed }) => {
        if (opened.length === 0)
          throw new Error('createToken: name the mirrors that the token opens, or ["*"].');
        for (const mirror of opened) if (mirror !== "*") mirrors.get(mirror);
        const { token, hash, startsWith } = newToken();
        await ctx.runMutation(component.tokens.create, {
          name,
          mirrors: opened,
          access: access ?? "write",
          hash,
          startsWith,
          ...(signed === true && { signingKey: signingKeyOf(token) }),
          ...(expiresInDays !== undefined && {
            endsAt: new Date(Date.now() + expiresInDays * 24 * HOUR_MS).toISOString(),
          }),
        });
        return token;
      },
    }),

    /**
     * Creates a token with the name and rights of an old one and returns it. The old one keeps working for
     * `overlapHours` (default 24). The successor demands signed bodies if the old one does, or if `signed` says so; it
     * does not expire.
     * @throws UnknownToken
     */
    rotateToken: internalMutationGeneric({
      args: { name: v.string(), overlapHours: v.optional(v.number()), signed: v.optional(v.boolean()) },
      returns: v.string(),
      handler: async (ctx, { name, overlapHours, signed }) => {
        const { token, hash, startsWith } = newToken();
        await ctx.runMutation(component.tokens.rotate, {
          name,
          hash,
          startsWith,
          signingKey: signingKeyOf(token),
          signed: signed ?? false,
          overlapMs: (overlapHours ?? DEFAULT_OVERLAP_HOURS) * HOUR_MS,
        });
        return token;
      },
    }),

    /** Revokes a token by its name, at once. Returns how many were revoked: 0 when there is none of that name. */
    revokeToken: internalMutationGeneric({
      args: { name: v.string() },
      returns: v.number(),
      handler: async (ctx, { name }): Promise<number> =>
        await ctx.runMutation(component.tokens.revoke, { name }),
    }),

    /** All tokens, newest first: names, mirrors, first characters, last use. Never the tokens. */
    listTokens: internalQueryGeneric({
      args: {},
      handler: async (ctx) => await ctx.runQuery(component.tokens.list, {}),
    }),
  };
}

/** 32 random bytes: as many as the hash under which the token is stored. */
const TOKEN_BYTES = 32;

/** How a token begins, so that scanners for leaked secrets can find it. */
const TOKEN_PREFIX = "csi_";

/** Characters of a token that lists show: enough to distinguish tokens, far too few to guess the rest. */
const SHOWN_LENGTH = TOKEN_PREFIX.length + 6;

/**
 * A new token. Hexadecimal behind a prefix: no ":" and no "|", which Convex would interpret in an `Authorization`
 * header.
 */
export function newToken(): { token: string; hash: string; startsWith: string } {
  const token = TOKEN_PREFIX + bytesToHex(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
  return { token, hash: hashToken(token), startsWith: token.slice(0, SHOWN_LENGTH) };
}

/** SHA-256 of a token, as 64 hexadecimal digits: what the component stores. */
export function hashToken(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}

/**
 * The key that signs bodies sent with a token: SHA-256 of "signing:" and the token, as 64 hexadecimal digits. Both
 * sides derive it, so that a token remains the only secret; the stored hash does not reveal it.
 */
export function signingKeyOf(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(`signing:${token}`)));
}
