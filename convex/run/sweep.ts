/**
 * The sweep: deletes what a complete refresh did not deliver. Writes to `runs` its own run, and to `mirrors` the
 * counts, as chunks do. It reads the manifests that arrived since it began, so a chunk that delivers one of its rows
 * makes it rerun and spare the row (REFRESH-9).
 */
import { count, number } from "../../src/core/words.js";
import { type Infer, type ObjectType, v } from "convex/values";
import { now, sleep } from "../../src/core/time.js";
import { api, internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import {
  type ActionCtx,
  internalAction,
  internalMutation,
  internalQuery,
  type QueryCtx,
} from "../_generated/server.js";
import { recordChanged } from "../write/recordChanges.js";
import { charge, refuseOverBudget } from "../write/budget.js";
import { addToDigest, readDigest } from "../write/digests.js";
import { forgetResendsBefore } from "../write/resends.js";
import { decodeDigest, rowCount } from "../../src/core/proof/digest.js";
import { isMirrorGone, ledgerErrorData } from "../../src/core/wire/errors.js";
import {
  arrivedSince,
  dropManifest,
  KeyHashSet,
  loadArrived,
  lastStartedOver,
  loadManifest,
  manifestPage,
  vManifestPage,
} from "./manifests.js";
import { getApp, getHandles, getMirror, lastRun } from "../mirror/mirrors.js";
import { Pace } from "../../src/core/wire/pace.js";
import type { CopyHandle, ReadHandle, RemoveHandle } from "../../src/core/wire/port.js";
import { type Debt, vDebt } from "../../src/core/wire/changes.js";
import { countsOf } from "../../src/core/wire/counts.js";
import { changedBy, recounted } from "../mirror/rowCount.js";
import { progressOf, published, writesOf } from "../mirror/progress.js";
import { advanceWatermark } from "../mirror/advanceWatermark.js";
import { settled, stateChange } from "../mirror/state.js";
import { firstOfGeneration, holdSweep, supersedeQuarantined, vWhere, type Tally } from "./sweepAttempts.js";

/** Rows read per page of a sweep, at most: well inside 32,000 documents. The app cuts pages by bytes, too. */
const PAGE_ROWS = 4_000;

/** Rows deleted or copied per transaction, at most: two index ranges each, of 4,096. The app cuts by bytes, too. */
const WRITE_ROWS = 1_000;

/** An action may run for 10 minutes; a sweep hands over to a successor before that. */
const SLICE_MS = 8 * 60_000;

/** A mirror of fewer rows may lose all of them: a share of few rows says little. */
const LIMITED_FROM_ROWS = 100;

/** How long a sweep waits at most before it asks the write budget again: there may be more of it by then. */
const MAX_WAIT_MS = 60_000;

/**
 * Walks the mirror and makes it equal to the refresh: rows whose key it did not deliver are deleted. In a mirror
 * without a key, where rows are their content, there are then as many copies of a row as the refresh delivered. In one
 * that keeps deleted rows they are marked instead of going. Reads each row once, and writes none that stays.
 */
export const walk = internalAction({
  args: { run: v.id("runs"), ...vWhere },
  returns: v.null(),
  handler: async (ctx, args) => {
    try {
      await sweepFrom(ctx, args);
    } catch (error) {
      // Another attempt would find no mirror either.
      if (!isMirrorGone(error)) throw error;
      await ctx.runMutation(internal.run.sweepAttempts.endForGone, { run: args.run });
    }
    return null;
  },
});

async function sweepFrom(
  ctx: ActionCtx,
  { run, ...where }: { run: Id<"runs"> } & ObjectType<typeof vWhere>,
): Promise<void> {
  const startedAt = Date.now();
  const first = await ctx.runQuery(internal.run.sweep.start, { run });
  if (first === null) return;
  const startedOverAt = await lastStartedOver(ctx, first);
  if (startedOverAt !== null) {
    await ctx.runMutation(internal.run.sweep.startedOver, { run, epoch: startedOverAt });
    await sweepFrom(ctx, { run, ...where });
    return;
  }
  const { brought, sequence: loaded } = await loadManifest(ctx, first);
  let sequence = loaded;
  const reads = new Pace(PAGE_ROWS);
  const writes = new Pace(WRITE_ROWS);
  const readPage = async (from: string | null, after: number): Promise<SweepPage | null> =>
    reads.run(async (limit) =>
      ctx.runQuery(internal.run.sweep.page, { run, cursor: from, limit, sequence: after }),
    );
  const isLate = () => Date.now() - startedAt > SLICE_MS;
  const tally = where.tally ?? { isCounting: true, kept: 0, live: 0, rows: 0, writes: first.writes };
  if (tally.isCounting) {
    const counted = await countKept(ctx, {
      run,
      first,
      brought,
      isLate,
      tally,
      from: where.cursor,
      readPage: async (from) => readPage(from, loaded),
    });
    if (!counted) return;
    tally.isCounting = false;
  }
  const duplicates = first.keyed ? null : new Duplicates(brought);
  let cursor = where.tally?.isCounting === false ? where.cursor : null;
  do {
    sequence = await loadArrived(ctx, first, brought, sequence);
    const page = await readPage(cursor, sequence);
    if (page === null) return;
    const hashes = [...new BigInt64Array(page.keyHashes)];
    const isLast = page.cursor === null;
    tally.rows += page.rows;
    const stale =
      duplicates === null
        ? page.ids.flatMap((id, i) => (brought.has(hashes[i]!) ? [] : [{ id, keyHash: hashes[i]! }]))
        : duplicates.surplus(page.ids, hashes, KeyHashSet.of(page.late));
    for (let done = 0; done < stale.length;) {
      const {
        read,
        gone,
        writes: removed,
      } = await withinBudget(ctx, async (debt) =>
        writes.run(async (limit) => {
          const slice = stale.slice(done, done + limit);
          return ctx.runMutation(internal.run.sweep.removeStale, {
            run,
            sequence,
            ids: slice.map(({ id }) => id),
            keyHashes: duplicates === null ? slice.map(({ keyHash }) => keyHash) : null,
            debt,
          });
        }),
      );
      done += read;
      tally.rows -= gone;
      tally.writes += removed;
    }
    for (let missing = duplicates?.missing(isLast) ?? []; missing.length > 0;) {
      const { made, added } = await withinBudget(ctx, async (debt) =>
        writes.run(async (limit) =>
          ctx.runMutation(internal.run.sweep.addCopies, { run, copies: cutCopies(missing, limit)[0], debt }),
        ),
      );
      missing = cutCopies(missing, made)[1];
      tally.rows += added;
      tally.writes += added;
    }
    cursor = page.cursor;
    // The walk of a mirror without a key counts copies across pages: it cannot be cut, and starts over if it dies.
    if (cursor !== null && duplicates === null && isLate()) {
      await ctx.runMutation(internal.run.sweepAttempts.goOn, { run, cursor, tally });
      return;
    }
  } while (cursor !== null);
  await ctx.runMutation(internal.run.sweep.finish, { run, rows: tally.rows, writes: tally.writes });
}

/**
 * Counts the rows that will stay, unless it is plain that enough do, and holds the sweep if it would shrink the mirror
 * beyond its limit. Returns whether the sweep goes on here.
 */
async function countKept(
  ctx: ActionCtx,
  {
    run,
    first: { enough, uncertain, rowsBefore, keyed },
    brought,
    isLate,
    tally,
    from,
    readPage,
  }: {
    run: Id<"runs">;
    first: SweepStart;
    brought: KeyHashSet;
    isLate: () => boolean;
    tally: Tally;
    from: string | null;
    readPage: (cursor: string | null) => Promise<SweepPage | null>;
  },
): Promise<boolean> {
  if (enough === null || brought.distinct - uncertain >= enough) return true;
  if (!keyed) {
    [tally.kept, tally.live] = [brought.size, rowsBefore];
    if (tally.kept >= enough) return true;
  }
  let cursor = from;
  do {
    if (!keyed) break;
    const page = await readPage(cursor);
    if (page === null) return false;
    const hashes = new BigInt64Array(page.keyHashes);
    tally.live += hashes.length;
    tally.kept += hashes.filter((hash) => brought.has(hash)).length;
    if (tally.kept >= enough) return true;
    cursor = page.cursor;
    if (cursor !== null && isLate()) {
      await ctx.runMutation(internal.run.sweepAttempts.goOn, { run, cursor, tally });
      return false;
    }
  } while (cursor !== null);
  const { kept, live } = tally;
  return !(await ctx.runMutation(internal.run.sweep.holdShrinking, { run, kept, live }));
}

/** Writes as soon as the write budget lets it. An action that is kept waiting for too long dies, and is started again. */
async function withinBudget<T>(ctx: ActionCtx, write: (debt: Debt) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write(await ctx.runQuery(api.write.budget.debt, {}));
    } catch (error) {
      const refusal = ledgerErrorData(error);
      if (refusal?.code !== "OverBudget") throw error;
      await sleep(Math.min(refusal.retryAfterMs!, MAX_WAIT_MS));
    }
  }
}

const vSweepStart = v.object({
  mirror: v.string(),
  generation: v.number(),
  keyed: v.boolean(),
  manifest: vManifestPage,
  /** The epoch from which on deliveries count, if an attempt started over. */
  since: v.optional(v.number()),
  /** The epochs of the attempts, the first one too, if it is to be found out which of them started over. */
  attempts: v.array(v.number()),
  rowsBefore: v.number(),
  /** Rows that have to stay for the sweep to be inside the mirror's limit; null when it has none. */
  enough: v.union(v.number(), v.null()),
  /** Delivered keys, at most, whose row may not be in the mirror. */
  uncertain: v.number(),
  /** What the importer had written to the mirror by then: see `writesOf`. */
  writes: v.number(),
});
type SweepStart = Infer<typeof vSweepStart>;

/** What a sweep needs to begin, the first page of its manifest too; null when it has been dropped. */
export const start = internalQuery({
  args: { run: v.id("runs") },
  returns: v.union(v.null(), vSweepStart),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping" || run.generation === undefined) return null;
    const { mirror: name, generation } = run;
    const since = run.startedOverAt;
    const [mirror, manifest, { rowsBefore, uncertain, attempts }] = await Promise.all([
      getMirror(ctx, name),
      manifestPage(ctx, { mirror: name, generation, after: -1, since }),
      ofGeneration(ctx, run),
    ]);
    const { keyed, shrinkLimit } = mirror;
    const isLimited =
      shrinkLimit !== undefined && run.allowShrink !== true && rowsBefore >= LIMITED_FROM_ROWS;
    return {
      mirror: name,
      generation,
      keyed,
      manifest,
      since,
      // A sender that names its generation says whether it resumes one.
      attempts: run.explicit || since !== undefined ? [] : attempts,
      rowsBefore,
      enough: isLimited ? rowsBefore * (1 - shrinkLimit) : null,
      uncertain,
      writes: await writesOf(ctx, mirror),
    };
  },
});

/** What the runs of a refresh say of it: the rows that there were before, and how many keys may have no row. */
async function ofGeneration(ctx: QueryCtx, run: Doc<"runs">) {
  const first = await firstOfGeneration(ctx, run);
  const runs = await ctx.db
    .query("runs")
    .withIndex("by_mirror", (q) =>
      q.eq("mirror", run.mirror).gte("epoch", first.epoch).lte("epoch", run.epoch),
    )
    .collect();
  const uncertain = runs.map(({ counts }) => {
    const { quarantined, deleted, ignored } = countsOf(counts);
    return quarantined + deleted + ignored;
  });
  return {
    rowsBefore: first.rowsBefore ?? 0,
    uncertain: uncertain.reduce((sum, each) => sum + each, 0),
    attempts: runs.filter(({ generation }) => generation === run.generation).map(({ epoch }) => epoch),
  };
}

/** Notes that only what came from this epoch on is a part of the refresh. */
export const startedOver = internalMutation({
  args: { run: v.id("runs"), epoch: v.number() },
  returns: v.null(),
  handler: async (ctx, { run: id, epoch }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state === "sweeping") await ctx.db.patch("runs", id, { startedOverAt: epoch });
    return null;
  },
});

/** Holds a sweep that would leave too little of its mirror. Returns whether it is held. */
export const holdShrinking = internalMutation({
  args: { run: v.id("runs"), kept: v.number(), live: v.number() },
  returns: v.boolean(),
  handler: async (ctx, { run: id, kept, live }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping") return true;
    const [{ shrinkLimit }, { rowsBefore }] = await Promise.all([
      getMirror(ctx, run.mirror),
      ofGeneration(ctx, run),
    ]);
    // Rows that are marked as deleted are among the rows, and rows that others added are not.
    const before = Math.min(rowsBefore, live);
    if (shrinkLimit === undefined || before < LIMITED_FROM_ROWS || kept >= before * (1 - shrinkLimit))
      return false;
    const reason = `Refresh ${String(run.generation)} is complete, but delivered only ${number(kept)} of ${number(before)} rows. To delete the others is more than the mirror's shrinkLimit of ${String(Math.round(shrinkLimit * 100))} %, so none is deleted.`;
    await holdSweep(ctx, run._id, { reason, unreadable: false });
    return true;
  },
});

const vSweepPage = v.object({
  ids: v.array(v.string()),
  /** Rows on the page, those included that are marked as deleted. */
  rows: v.number(),
  keyHashes: v.bytes(),
  cursor: v.union(v.string(), v.null()),
  /** Manifests that arrived by the moment of this page; for mirrors without a key alone. */
  late: v.array(v.bytes()),
});
type SweepPage = Infer<typeof vSweepPage>;

/** A page of the mirror that is swept; null when the sweep has been dropped. */
export const page = internalQuery({
  args: {
    run: v.id("runs"),
    cursor: v.union(v.string(), v.null()),
    limit: v.number(),
    sequence: v.number(),
  },
  returns: v.union(v.null(), vSweepPage),
  handler: async (ctx, { run: id, cursor: from, limit, sequence }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping") return null;
    const [{ keyed }, handles] = await Promise.all([getMirror(ctx, run.mirror), getHandles(ctx)]);
    const { ids, rows, keyHashes, cursor } = await ctx.runQuery(handles.read as ReadHandle, {
      table: run.mirror,
      cursor: from,
      limit,
      hashed: false,
    });
    const late = keyed ? [] : await arrivedSince(ctx, run, sequence);
    return { ids, rows, keyHashes, cursor, late };
  },
});

/**
 * Deletes rows that the refresh did not deliver, except those whose keys arrived after its manifest was read: as many
 * as fit into a transaction. `keyHashes` is null when that has been allowed for.
 * @throws OverBudget
 */
export const removeStale = internalMutation({
  args: {
    run: v.id("runs"),
    sequence: v.number(),
    ids: v.array(v.string()),
    keyHashes: v.union(v.array(v.int64()), v.null()),
    debt: vDebt,
  },
  /** How many of the ids are dealt with, rows that went, and by how much `writesOf` grew. */
  returns: v.object({ read: v.number(), gone: v.number(), writes: v.number() }),
  handler: async (ctx, args) => {
    const run = await ctx.db.get("runs", args.run);
    if (run?.state !== "sweeping") return { read: args.ids.length, gone: 0, writes: 0 };
    const { handles, secret, budget } = await getApp(ctx);
    const mirror = await published(ctx, run.mirror);
    const { keyHashes } = args;
    const arrived = KeyHashSet.of(keyHashes === null ? [] : await arrivedSince(ctx, run, args.sequence));
    const stale = [...args.ids.keys()].filter((i) => keyHashes === null || !arrived.has(keyHashes[i]!));
    const { read, gone, marked, delta, changed } = await ctx.runMutation(handles.write as RemoveHandle, {
      secret,
      table: run.mirror,
      remove: { ids: stale.map((i) => args.ids[i]!), at: Date.now() },
    });
    if (marked > 0) refuseOverBudget(budget, args.debt, "refresh");
    const swept = run.swept + gone + marked;
    const after = changedBy(mirror, -gone);
    await ctx.db.patch("mirrors", mirror._id, {
      ...after,
      removed: mirror.removed + gone,
      ...(mirror.run === undefined && { progress: progressOf({ ...run, swept }) }),
    });
    await addToDigest(ctx, run.mirror, delta);
    await recordChanged(ctx, run.mirror, changed);
    const { spending } = await charge(ctx, run, budget, args.debt);
    await ctx.db.patch("runs", run._id, { swept, spending });
    return { read: stale[read] ?? args.ids.length, gone, writes: gone + after.copied - mirror.copied };
  },
});

/** Adds missing copies of rows that the refresh delivered more often than they are stored. @throws OverBudget */
export const addCopies = internalMutation({
  args: { run: v.id("runs"), copies: v.array(v.object({ id: v.string(), times: v.number() })), debt: vDebt },
  /** How many of the copies are dealt with, and how many were added. */
  returns: v.object({ made: v.number(), added: v.number() }),
  handler: async (ctx, args) => {
    const run = await ctx.db.get("runs", args.run);
    if (run?.state !== "sweeping") return { made: countCopies(args.copies), added: 0 };
    const [mirror, { handles, secret, budget }] = await Promise.all([
      getMirror(ctx, run.mirror),
      getApp(ctx),
    ]);
    const { made, added, delta, changed } = await ctx.runMutation(handles.write as CopyHandle, {
      secret,
      table: run.mirror,
      copy: { copies: args.copies },
    });
    if (added > 0) refuseOverBudget(budget, args.debt, "refresh");
    await ctx.db.patch("mirrors", mirror._id, { rows: mirror.rows + added, copied: mirror.copied + added });
    await addToDigest(ctx, run.mirror, delta);
    await recordChanged(ctx, run.mirror, changed);
    const { spending } = await charge(ctx, run, budget, args.debt);
    await ctx.db.patch("runs", run._id, { spending });
    return { made, added };
  },
});

/**
 * Ends a sweep. It has counted the rows on its way: if nothing else wrote meanwhile, their number is known for certain,
 * whatever somebody wrote past the importer.
 */
export const finish = internalMutation({
  args: { run: v.id("runs"), rows: v.number(), writes: v.number() },
  returns: v.null(),
  handler: async (ctx, { run: id, rows, writes }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping") return null;
    const mirror = await published(ctx, run.mirror);
    const { state, reason } = settled(mirror);
    const isCounted = (await writesOf(ctx, mirror)) === writes;
    const digested = isCounted ? rowCount(decodeDigest((await readDigest(ctx, run.mirror)).digest)) : rows;
    const swept = `${count(run.swept, "row")} that it did not deliver ${run.swept === 1 ? "was" : "were"} ${mirror.deletes === "hard" ? "deleted" : "marked as deleted"}.`;
    await ctx.db.patch("runs", id, {
      state: "complete",
      reason: digested === rows ? `Complete; ${swept}` : `Complete; ${swept} ${foreign(run.mirror)}`,
      finishedAt: now(),
    });
    await ctx.db.patch("mirrors", mirror._id, {
      sweeping: undefined,
      ...(isCounted && recounted(mirror, rows)),
      ...lastRun(mirror, run, "complete"),
      ...(mirror.run === undefined && (await stateChange(ctx, mirror, state, reason))),
    });
    await advanceWatermark(ctx, run.mirror, run.reach);
    await dropManifest(ctx, run.mirror, run.generation!);
    await supersedeQuarantined(ctx, mirror, run);
    await forgetResendsBefore(ctx, mirror, run.startedAt);
    return null;
  },
});

/** What to do where rows and digest count differently: a refresh makes the rows right, but not what is known of others. */
function foreign(mirror: string): string {
  return `Rows were written or deleted past the importer before. The refresh has made them right, but not the digest: streaming-import audit ${mirror} --repair does.`;
}

/** Further copies of a row. */
interface Copies {
  id: string;
  times: number;
}

function countCopies(copies: readonly Copies[]): number {
  return copies.reduce((sum, { times }) => sum + times, 0);
}

/** The first copies, so many of them, and the others. */
export function cutCopies(copies: readonly Copies[], first: number): [Copies[], Copies[]] {
  let at = 0;
  let room = first;
  while (at < copies.length && copies[at]!.times <= room) room -= copies[at++]!.times;
  const cut = copies[at];
  if (cut === undefined || room === 0) return [copies.slice(0, at), copies.slice(at)];
  return [
    [...copies.slice(0, at), { ...cut, times: room }],
    [{ ...cut, times: cut.times - room }, ...copies.slice(at + 1)],
  ];
}

/**
 * Counts the copies of each row while a mirror without a key is walked in the order of its content. There should be as
 * many as the refresh delivered, and those that arrived since. A row that arrives during the walk has the highest time
 * of creation among its copies, so that it lies on the page at hand or on one to come, or was not yet there; and a page
 * and the list of what has arrived by then are of one moment. Hence the count is exact.
 */
export class Duplicates {
  #current: { keyHash: bigint; id: string; seen: number } | null = null;
  #missing: Copies[] = [];
  #late = new KeyHashSet();

  constructor(private readonly brought: KeyHashSet) {}

  /** The rows of this page that are too many. `late`: what has arrived since the manifest was read. */
  surplus(
    ids: readonly string[],
    hashes: readonly bigint[],
    late: KeyHashSet,
  ): { id: string; keyHash: bigint }[] {
    this.#late = late;
    const surplus: { id: string; keyHash: bigint }[] = [];
    ids.forEach((id, i) => {
      const keyHash = hashes[i]!;
      if (this.#current?.keyHash !== keyHash) {
        this.#close();
        this.#current = { keyHash, id, seen: 0 };
      }
      this.#current.seen += 1;
      if (this.#current.seen > this.#due(keyHash)) surplus.push({ id, keyHash });
    });
    return surplus;
  }

  /** Copies that have to be added of rows that are passed. */
  missing(isLast: boolean): Copies[] {
    if (isLast) this.#close();
    const missing = this.#missing;
    this.#missing = [];
    return missing;
  }

  #close(): void {
    if (this.#current === null) return;
    const { keyHash, id, seen } = this.#current;
    const lacking = this.#due(keyHash) - seen;
    if (lacking > 0) this.#missing.push({ id, times: lacking });
    this.#current = null;
  }

  /** How many copies there should be. */
  #due(keyHash: bigint): number {
    return this.brought.count(keyHash) + this.#late.count(keyHash);
  }
}
