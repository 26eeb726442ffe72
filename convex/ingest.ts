import { v } from "convex/values";
import { applyToMirror } from "./apply.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { mutation, type MutationCtx } from "./_generated/server.js";
import { checkBudget } from "./budget.js";
import { claimDelivery, findDelivery, MAX_NAMED_KEYS, recordDelivery, vPlace } from "./deliveries.js";
import { recordDrift } from "./drift.js";
import { ledgerError } from "./errors.js";
import { scheduleCheck } from "./freshness.js";
import { pausedError } from "./pause.js";
import { vMatch } from "./port.js";
import { putAside, screen } from "./quarantine.js";
import { appendManifest } from "./manifests.js";
import { getMirror } from "./mirrors.js";
import { forgetResends } from "./resends.js";
import { openRun } from "./openRun.js";
import { stateChange } from "./state.js";
import { now } from "./time.js";
import { touchToken } from "./tokens.js";
import {
  addCounts,
  noCounts,
  vBadRow,
  vBudget,
  vCounts,
  vDriftNote,
  vRowChange,
  vSyncMode,
  type Counts,
} from "./validators.js";

/**
 * Applies one chunk of changes to one mirror: the rows (in the app, through its function handle), quarantine, drift,
 * digest, manifest, the delivery's record and the counters of run and mirror, in one transaction. Either all of it
 * happens or none.
 *
 * A chunk holds at most 1,000 changes: the platform allows 4,096 index ranges in a transaction, a changed row costs two
 * (its lookup, and the by_id range of its replace), and the ledger needs a handful.
 *
 * @throws UnknownMirror, NotDeclared, MirrorPaused; StaleRun when `run` no longer owns the mirror; OutOfSequence,
 * DeliveryMismatch, DeliveryMoved (see deliveries.ts); OverBudget. Nothing was applied then.
 */
export const applyChunk = mutation({
  args: {
    mirror: v.string(),
    rows: v.array(vRowChange),
    /** Changes that could not be converted: they go to quarantine. */
    bad: v.array(vBadRow),
    /** Changes that the mirror's filter leaves out; they are counted and gone. */
    filtered: v.number(),
    notes: v.array(vDriftNote),
    /** Size of the rows, in bytes of Convex documents. */
    bytes: v.number(),
    /** The run that the caller believes it is in; without it, the mirror's current run or a new one. */
    run: v.optional(v.id("runs")),
    /** The chunk's place in a delivery, when the sender names its deliveries. */
    place: v.optional(vPlace),
    match: vMatch,
    syncMode: vSyncMode,
    /** When the source committed the newest of these changes, in milliseconds, when it tells. */
    committedAt: v.optional(v.number()),
    token: v.id("tokens"),
    settleAfterMs: v.number(),
    budget: vBudget,
  },
  returns: v.object({
    run: v.id("runs"),
    /** What became of this chunk's changes. */
    counts: vCounts,
    /** What became of the delivery's so far. */
    total: vCounts,
    /** Keys of its first quarantined changes, as JSON text. */
    quarantinedKeys: v.array(v.string()),
    /** The whole delivery had been applied before: nothing happened now. */
    replayed: v.boolean(),
    /** Rows in the mirror. */
    rows: v.number(),
    /** What the sender should wait before its next chunk, in milliseconds. */
    waitMs: v.number(),
  }),
  handler: async (ctx, args) => {
    const declared = await getMirror(ctx, args.mirror);
    const known =
      args.place === undefined ? null : await findDelivery(ctx, args.run ?? declared.run, args.place);
    if (known !== null && known.applied === known.size) {
      // Whatever has become of the run since: a sender that lost the answer is told what it was.
      const { run, counts: total, quarantinedKeys } = known;
      return {
        run,
        counts: noCounts,
        total,
        quarantinedKeys,
        replayed: true,
        rows: declared.rows,
        waitMs: 0,
      };
    }
    const run = await owningRun(ctx, declared, args);
    // Opening a run changes the mirror; nothing else below does but what is told here. Each read saved is one a chunk.
    const mirror = run._id === declared.run ? declared : (await ctx.db.get("mirrors", declared._id))!;
    if (args.place !== undefined) claimDelivery(run, args.place, known);
    const changes = args.rows.length + args.bad.length + args.filtered;
    // A delivery without changes is a sign of life; it writes no rows.
    if (changes > 0) await checkBudget(ctx, args.budget, run.generation !== undefined);

    const screened = await screen(ctx, mirror, args.rows, args.bad);
    const outcome = await applyToMirror(ctx, mirror, {
      rows: screened.rows,
      match: args.match,
      budget: args.budget,
    });
    const aside = [
      ...args.bad.filter((row) => !screened.superseded.has(row)),
      ...screened.held,
      ...outcome.poison,
    ];
    await putAside(ctx, run, args.place?.identity, aside);
    await recordDrift(ctx, mirror.name, args.notes);
    // A row that had to be put aside was brought all the same: its old version must not be swept away.
    const brought = [...args.rows.filter(({ op }) => op !== "delete"), ...args.bad].flatMap(
      ({ keyHash }) => keyHash ?? [],
    );
    await writeManifests(ctx, mirror, brought);
    await forgetResends(
      ctx,
      mirror.name,
      args.rows.map(({ keyHash }) => keyHash),
    );
    await touchToken(ctx, args.token);

    const counts = addCounts(outcome.counts, {
      ...noCounts,
      // What `apply` counted as received is among these.
      received: changes - outcome.counts.received,
      ignored: args.filtered,
      stale: screened.superseded.size,
      quarantined: aside.length,
    });
    const keys = aside.flatMap(({ key }) => key ?? []).slice(0, MAX_NAMED_KEYS);
    const { place, total, quarantinedKeys } =
      args.place === undefined
        ? { place: {}, total: counts, quarantinedKeys: keys }
        : await recordDelivery(ctx, run, args.place, known, { changes, counts, quarantinedKeys: keys });
    await recordRun(ctx, run, { counts, bytes: args.bytes, place });
    const rows = await recordMirror(ctx, mirror, run, {
      counts,
      rowsDelta: outcome.rowsDelta,
      quarantined: aside.length - screened.released,
      // The rows of an overwrite look like those of an append; its run knows better.
      syncMode: run.openedBy === "records" ? args.syncMode : run.syncMode,
      lagMs: args.committedAt === undefined ? undefined : Math.max(0, Date.now() - args.committedAt),
    });
    return { run: run._id, counts, total, quarantinedKeys, replayed: false, rows, waitMs: outcome.waitMs };
  },
});

/** The run that this chunk belongs to. Opens one when the mirror has none. @throws StaleRun, MirrorPaused */
async function owningRun(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  args: {
    run?: Id<"runs">;
    syncMode: Doc<"runs">["syncMode"];
    token: Id<"tokens">;
    settleAfterMs: number;
  },
): Promise<Doc<"runs">> {
  if (mirror.state === "paused") throw pausedError(mirror);
  if (args.run !== undefined && args.run !== mirror.run) {
    throw ledgerError(
      "StaleRun",
      `This run no longer owns the mirror "${mirror.name}": it is finished, or another has taken over. Begin a new run.`,
    );
  }
  const current = mirror.run === undefined ? null : await ctx.db.get("runs", mirror.run);
  if (current !== null) return current;
  return await openRun(ctx, mirror, { ...args, openedBy: "records", explicit: false, refresh: null });
}

/** Notes the keys for the refresh that is under way, and shields them from the one that is being swept. */
async function writeManifests(ctx: MutationCtx, mirror: Doc<"mirrors">, keyHashes: bigint[]): Promise<void> {
  const { generation, generationOpen, sweeping } = mirror;
  if (generationOpen) await appendManifest(ctx, mirror.name, generation, keyHashes);
  if (sweeping === undefined) return;
  const swept = await ctx.db.get("runs", sweeping);
  if (swept?.generation !== undefined && !(generationOpen && swept.generation === generation)) {
    await appendManifest(ctx, mirror.name, swept.generation, keyHashes);
  }
}

async function recordRun(
  ctx: MutationCtx,
  run: Doc<"runs">,
  chunk: { counts: Counts; bytes: number; place: Partial<Pick<Doc<"runs">, "sequence" | "begun">> },
): Promise<void> {
  await ctx.db.patch("runs", run._id, {
    lastDeliveryAt: now(),
    ...chunk.place,
    chunks: run.chunks + 1,
    bytes: run.bytes + chunk.bytes,
    counts: addCounts(run.counts, chunk.counts),
  });
}

async function recordMirror(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  run: Doc<"runs">,
  chunk: {
    counts: Counts;
    rowsDelta: number;
    quarantined: number;
    syncMode: Doc<"mirrors">["syncMode"];
    lagMs: number | undefined;
  },
): Promise<number> {
  const at = now();
  const rows = mirror.rows + chunk.rowsDelta;
  await ctx.db.patch("mirrors", mirror._id, {
    rows,
    quarantined: Math.max(0, mirror.quarantined + chunk.quarantined),
    total: addCounts(mirror.total, chunk.counts),
    ...(chunk.counts.received > 0 && { lastAppliedAt: at }),
    lastHeardAt: at,
    ...(chunk.lagMs !== undefined && { lagMs: chunk.lagMs }),
    syncMode: chunk.syncMode,
    ...(await progress(ctx, mirror, run, run.counts.received + chunk.counts.received)),
  });
  await scheduleCheck(ctx, mirror);
  return rows;
}

async function progress(ctx: MutationCtx, mirror: Doc<"mirrors">, run: Doc<"runs">, received: number) {
  const loading =
    run.generation !== undefined || mirror.state === "snapshotting" || mirror.state === "waiting";
  if (!loading) return await stateChange(ctx, mirror, "upToDate", "Everything received is applied.");
  const what = run.generation === undefined ? "First load" : `Full refresh ${String(run.generation)}`;
  return await stateChange(ctx, mirror, "snapshotting", `${what}: ${String(received)} rows received so far.`);
}
