import { type Infer, v } from "convex/values";
import { applyToMirror } from "./write/apply.js";
import { internal } from "./_generated/api.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { mutation, type MutationCtx } from "./_generated/server.js";
import { claimDelivery, findDelivery, namedKeys, recordDelivery, vPlace } from "./write/deliveries.js";
import { refuseOverBudget } from "./write/budget.js";
import { recordDrift } from "./write/recordDrift.js";
import { ledgerError } from "../src/core/wire/errors.js";
import type { vMatch } from "../src/core/wire/applied.js";
import { exactly, recordChunk } from "./mirror/progress.js";
import { screen, storeInQuarantine } from "./write/screen.js";
import { writeManifests } from "./run/writeManifests.js";
import { getMirror, getRun, pausedError } from "./mirror/mirrors.js";
import { promiseWatermark } from "./mirror/advanceWatermark.js";
import { forgetResends } from "./write/resends.js";
import {
  vBadRow,
  vBudget,
  vCounts,
  vDebt,
  vDriftNote,
  vWatermark,
  vSyncMode,
} from "../src/core/wire/changes.js";
import { addCounts, countsOf, noCounts } from "../src/core/wire/counts.js";
import { keyHashesBrought, keyHashesOf, vPackedRows } from "../src/core/wire/packedRows.js";

/**
 * Applies one chunk of changes to one mirror: the rows (in the app, through its function handle), quarantine, drift,
 * digest, manifest, the delivery's record and the counters of run and mirror, in one transaction. Either all of it
 * happens or none.
 *
 * A chunk holds at most 1,000 changes: the platform allows 4,096 index ranges in a transaction, a changed row costs two
 * (its lookup, and the by_id range of its replace), and the ledger needs a handful.
 *
 * @throws UnknownMirror, NotDeclared, MirrorPaused; UnknownRun when \`run\` is none of the mirror's, StaleRun when it no
 * longer owns it; OutOfSequence, DeliveryMismatch, DeliveryMoved (see deliveries.ts); OverBudget. Nothing was applied
 * then.
 */
export const applyChunk = mutation({
  args: {
    mirror: v.string(),
    rows: vPackedRows,
    /** Changes that could not be converted: they go to quarantine. */
    bad: v.array(vBadRow),
    /** Changes that the mirror's filter excludes; they are only counted. */
    filtered: v.number(),
    notes: v.array(vDriftNote),
    /** Size of the rows, in bytes of Convex documents. */
    bytes: v.number(),
    /** The run that the caller believes it is in; without it, the mirror's current run or a new one. */
    run: v.optional(v.string()),
    /** The chunk's place in a delivery, when the sender names its deliveries. */
    place: v.optional(vPlace),
    /** What a full refresh does with the rows of a mirror that has no key: match them by content, or append them. */
    keylessRefresh: v.union(v.literal("content"), v.literal("append")),
    /** How the connector delivers, when it is in no run that says so. */
    syncMode: v.optional(vSyncMode),
    /** When the source committed the newest of these changes, in milliseconds, if the sender says so. */
    committedAt: v.optional(v.number()),
    /** How far the sender has read its source with this delivery. */
    reach: v.optional(vWatermark),
    token: v.id("tokens"),
    settleAfterMs: v.number(),
    budget: vBudget,
    /** What all imports owe to the budget. */
    debt: vDebt,
    /** What is noted of the chunk already, in bytes: see write/budget.ts. */
    noted: v.optional(v.number()),
  },
  returns: v.object({
    run: v.id("runs"),
    /** What became of this chunk's changes. */
    counts: vCounts,
    /** What became of the delivery's so far. */
    total: vCounts,
    /** Keys of its first quarantined changes, as JSON text. */
    quarantinedKeys: v.array(v.string()),
    /** The delivery was already applied: nothing happened now. */
    replayed: v.boolean(),
    /** Rows in the mirror. */
    rows: v.number(),
    syncMode: vSyncMode,
    /** What the sender should wait before its next chunk, in milliseconds. */
    waitMs: v.number(),
    /** Bytes that the transaction has written. */
    written: v.number(),
  }),
  handler: async (ctx, args) => {
    const declared = await getMirror(ctx, args.mirror);
    const named = args.run === undefined ? declared.run : ctx.db.normalizeId("runs", args.run);
    const known =
      args.place === undefined || named === null
        ? null
        : await findDelivery(ctx, declared, named, args.place);
    if (known !== null && known.part === undefined) {
      // Even if the run has ended: a sender that lost the answer gets it again.
      const { run, counts, quarantinedKeys = [] } = known;
      return {
        run,
        counts: noCounts,
        total: countsOf(counts),
        quarantinedKeys,
        replayed: true,
        rows: (await exactly(ctx, declared)).rows,
        syncMode: (await ctx.db.get("runs", run))?.syncMode ?? "append_dedup",
        waitMs: 0,
        written: 0,
      };
    }
    const run = await owningRun(ctx, declared, named, args);
    // Only opening a run and what is passed on here change the mirror. Each saved read is one per chunk.
    const mirror = run._id === declared.run ? declared : (await ctx.db.get("mirrors", declared._id))!;
    if (args.place !== undefined) claimDelivery(run, args.place, known);
    const changes = args.rows.count + args.bad.length + args.filtered;
    const screened = await screen(ctx, mirror, args.rows, args.bad);
    const outcome = await applyToMirror(ctx, mirror, {
      rows: screened.rows,
      match: matchOf(mirror, run, args.keylessRefresh),
    });
    if (outcome.written > 0)
      refuseOverBudget(args.budget, args.debt, run.generation === undefined ? "live" : "refresh", args.noted);
    const aside = [
      ...args.bad.filter((row) => !screened.superseded.has(row)),
      ...screened.held,
      ...outcome.failed,
    ];
    await storeInQuarantine(ctx, run, args.place?.identity, aside);
    const newDrift = await recordDrift(ctx, mirror, args.notes);
    // A quarantined row was delivered too: its stored version must not be swept.
    await writeManifests(ctx, mirror, () => [
      ...keyHashesBrought(args.rows),
      ...args.bad.flatMap(({ keyHash }) => keyHash ?? []),
    ]);
    await forgetResends(ctx, mirror, keyHashesOf(args.rows));

    // The rows of an overwrite look like those of an append; its run knows better.
    const syncMode = run.openedBy === "records" ? (args.syncMode ?? run.syncMode) : run.syncMode;
    const counts = addCounts(outcome.counts, {
      ...noCounts,
      // What `apply` counted as received is among these.
      received: changes - outcome.counts.received,
      ignored: args.filtered,
      stale: screened.superseded.size,
      quarantined: aside.length,
    });
    const keys = namedKeys(aside.flatMap(({ key }) => key ?? []));
    const { place, total, quarantinedKeys } =
      args.place === undefined
        ? { place: {}, total: counts, quarantinedKeys: keys }
        : await recordDelivery(ctx, run, args.place, known, { changes, counts, quarantinedKeys: keys });
    // Recorded once the complete delivery is applied.
    if ("sequence" in place && place.begun === undefined)
      await promiseWatermark(ctx, mirror, run, args.reach);
    const { rows, written, waitMs } = await recordChunk(ctx, mirror, run, {
      counts,
      rowsDelta: outcome.rowsDelta,
      quarantined: aside.length - screened.released,
      drift: newDrift,
      bytes: args.bytes,
      syncMode,
      lagMs: args.committedAt === undefined ? undefined : Math.max(0, Date.now() - args.committedAt),
      place,
      budget: args.budget,
      debt: args.debt,
      noted: args.noted,
    });
    return { run: run._id, counts, total, quarantinedKeys, replayed: false, rows, syncMode, waitMs, written };
  },
});

/** How rows find the documents that they are about. */
function matchOf(
  mirror: Doc<"mirrors">,
  run: Doc<"runs">,
  keylessRefresh: "content" | "append",
): Infer<typeof vMatch> {
  if (mirror.keyed) return "key";
  // A repeat of a complete refresh has no generation; it must not append its rows again.
  const refresh = run.generation !== undefined || run.syncMode === "overwrite";
  return refresh ? keylessRefresh : "append";
}

/**
 * The run that this chunk belongs to. Opens one when the mirror has none and the sender names none.
 * @throws MirrorPaused, UnknownRun, StaleRun
 */
async function owningRun(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  named: Id<"runs"> | null | undefined,
  args: {
    run?: string;
    syncMode?: Doc<"runs">["syncMode"];
    token: Id<"tokens">;
    settleAfterMs: number;
  },
): Promise<Doc<"runs">> {
  if (mirror.state === "paused") throw pausedError(mirror);
  if (args.run !== undefined && named !== mirror.run) throw await notOwner(ctx, mirror, args.run);
  const current = mirror.run === undefined ? null : await ctx.db.get("runs", mirror.run);
  if (current !== null) return current;
  const { token, settleAfterMs, syncMode = "append_dedup" } = args;
  // Rare, and much code, which no other chunk has to load.
  const opened = await ctx.runMutation(internal.run.lifecycle.openForRecords, {
    mirror: mirror.name,
    token,
    settleAfterMs,
    syncMode,
  });
  return (await ctx.db.get("runs", opened))!;
}

async function notOwner(ctx: MutationCtx, mirror: Doc<"mirrors">, named: string) {
  const run = await getRun(ctx, named);
  if (run.mirror !== mirror.name) {
    return ledgerError(
      "UnknownRun",
      `The run "${named}" is one of another mirror than "${mirror.name}". Begin one with POST /v1/runs.`,
    );
  }
  return ledgerError(
    "StaleRun",
    `This run no longer owns the mirror "${mirror.name}": it is finished, or another has taken over. Begin a new run.`,
  );
}
