/**
 * Deletes what has expired, a page of each table per transaction: `quarantine`, `tombstones`, `resends`, `tokens`,
 * `readers`, `unknownStreams`. Importers write these tables too, but hardly ever the same documents: what expires has
 * not been touched for days. If they do, one of the two reruns.
 */
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { QUARANTINE_DAYS } from "./quarantine.js";
import { pruneFeed } from "./feedRetention.js";
import { findMirror } from "./mirror/mirrors.js";
import { patchSettled } from "./mirror/state.js";
import { since } from "../src/core/time.js";
import { isTemporaryToken } from "../src/core/token.js";
import { noteWhetherResending } from "./write/resends.js";
import { pageOf } from "./write/screen.js";
import { countReasons } from "./write/countReasons.js";
import { TOMBSTONE_DAYS } from "./write/tombstones.js";

/** Documents deleted per transaction, of each table. */
const PAGE = 500;

/** How long a source is asked for a row that it does not send: it has probably lost the row itself. */
const RESEND_DAYS = 30;

/** How long a stream is shown that no mirror is declared for, after it was last sent. */
const UNKNOWN_STREAM_DAYS = 30;

/** How long a token is listed after its end. */
const ENDED_TOKEN_DAYS = 90;

/** The same of a token that a command has made for itself: nobody looks for it. */
const ENDED_TEMPORARY_TOKEN_DAYS = 1;

/** How long a reader of the export is listed after its last page. */
const READER_DAYS = 90;

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Deletes expired documents, a page at a time. What bounds the other tables is in docs/SPEC.md, "What bounds the
 * ledger".
 */
export const prune = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const tombstones = await ctx.db
      .query("tombstones")
      .withIndex("by_creation_time", (q) => q.lt("_creationTime", Date.now() - TOMBSTONE_DAYS * DAY_MS))
      .take(PAGE);
    const given = new Map<string, { tombstones: number; quarantined: number }>();
    const count = (mirror: string) => {
      const counts = given.get(mirror) ?? { tombstones: 0, quarantined: 0 };
      given.set(mirror, counts);
      return counts;
    };
    for (const { _id, mirror } of tombstones) {
      await ctx.db.delete("tombstones", _id);
      count(mirror).tombstones += 1;
    }
    const { page: expired, isLast } = await pageOf(
      ctx.db
        .query("quarantine")
        .withIndex("by_creation_time", (q) => q.lt("_creationTime", Date.now() - QUARANTINE_DAYS * DAY_MS)),
    );
    for (const entry of expired) {
      await ctx.db.delete("quarantine", entry._id);
      await countReasons(ctx, entry.mirror, { left: [entry] });
      count(entry.mirror).quarantined += 1;
    }
    for (const [name, { tombstones, quarantined }] of given) {
      const mirror = await findMirror(ctx, name);
      if (mirror === null) continue;
      await patchSettled(ctx, mirror, {
        tombstones: Math.max(0, mirror.tombstones - tombstones),
        quarantined: Math.max(0, mirror.quarantined - quarantined),
      });
    }
    const { page: resends, isLast: isLastResend } = await pageOf(
      ctx.db
        .query("resends")
        .withIndex("by_creation_time", (q) => q.lt("_creationTime", Date.now() - RESEND_DAYS * DAY_MS)),
      PAGE,
    );
    for (const { _id } of resends) await ctx.db.delete("resends", _id);
    for (const name of new Set(resends.map(({ mirror }) => mirror))) {
      const mirror = await findMirror(ctx, name);
      if (mirror !== null) await noteWhetherResending(ctx, mirror);
    }
    // These two are short: a look at all of them an hour costs nothing.
    for (const { _id, lastSeenAt } of await ctx.db.query("unknownStreams").take(PAGE)) {
      if (since(lastSeenAt) > UNKNOWN_STREAM_DAYS * DAY_MS) await ctx.db.delete("unknownStreams", _id);
    }
    for (const { _id, name, endsAt } of await ctx.db.query("tokens").take(PAGE)) {
      const days = isTemporaryToken(name) ? ENDED_TEMPORARY_TOKEN_DAYS : ENDED_TOKEN_DAYS;
      if (endsAt !== undefined && since(endsAt) > days * DAY_MS) await ctx.db.delete("tokens", _id);
    }
    for (const { _id, lastPageAt } of await ctx.db.query("readers").withIndex("by_last_page").take(PAGE)) {
      if (since(lastPageAt) > READER_DAYS * DAY_MS) await ctx.db.delete("readers", _id);
    }
    const moreOfFeed = await pruneFeed(ctx);
    if (moreOfFeed || tombstones.length === PAGE || !isLast || !isLastResend) {
      await ctx.scheduler.runAfter(0, internal.maintenance.prune, {});
    }
    return null;
  },
});
