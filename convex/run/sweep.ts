import { type Infer, v } from "convex/values";
import { now, sleep } from "../../src/core/time.js";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import {
  type ActionCtx,
  internalAction,
  internalMutation,
  internalQuery,
  type MutationCtx,
} from "../_generated/server.js";
import { spend } from "../write/budget.js";
import { addToDigest } from "../write/digests.js";
import { isMirrorGone, ledgerErrorData } from "../../src/core/wire/errors.js";
import {
  arrivedSince,
  dropManifest,
  KeyHashSet,
  loadManifest,
  manifestPage,
  vManifestPage,
} from "./manifests.js";
import { getApp, getHandles, getMirror, lastRun } from "../mirror/mirrors.js";
import type { CopyHandle, PageHandle, RemoveHandle } from "../../src/core/wire/port.js";
import { progressOf } from "../mirror/progress.js";
import { advanceWatermark } from "../mirror/watermark.js";
import { stateChange } from "../mirror/state.js";

/** Rows read per page of a sweep: well inside 32,000 documents and, at the usual size of rows, 16 MiB a query. */
const PAGE_ROWS = 4_000;

/** Rows deleted or copied per transaction: two index ranges each, of 4,096. */
const WRITE_ROWS = 1_000;

/** An action may run for 10 minutes; a sweep hands over to a successor before that. */
const SLICE_MS = 8 * 60_000;

/** How long a sweep waits at most before it asks the write budget again: there may be more of it by then. */
const MAX_WAIT_MS = 60_000;

/**
 * Walks the mirror and makes it equal to the refresh: rows whose key it did not deliver are deleted. In a mirror
 * without a key, where rows are their content, there are then as many copies of a row as the refresh delivered. In one
 * that keeps deleted rows they are marked instead of going. Reads each row once, and writes none that stays.
 */
export const walk = internalAction({
  args: { run: v.id("runs"), cursor: v.union(v.string(), v.null()) },
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
  { run, cursor: start }: { run: Id<"runs">; cursor: string | null },
): Promise<void> {
  const startedAt = Date.now();
  const first = await ctx.runQuery(internal.run.sweep.start, { run });
  if (first === null) return;
  const { brought, sequence } = await loadManifest(ctx, first);
  const duplicates = first.keyed ? null : new Duplicates(brought, WRITE_ROWS);
  let cursor = start;
  do {
    const page: SweepPage | null = await ctx.runQuery(internal.run.sweep.page, {
      run,
      cursor,
      sequence,
    });
    if (page === null) return;
    const hashes = [...new BigInt64Array(page.keyHashes)];
    const isLast = page.cursor === null;
    const stale =
      duplicates === null
        ? page.ids.flatMap((id, i) => (brought.has(hashes[i]!) ? [] : [{ id, keyHash: hashes[i]! }]))
        : duplicates.surplus(page.ids, hashes, KeyHashSet.of(page.late));
    for (let from = 0; from < stale.length; from += WRITE_ROWS) {
      const slice = stale.slice(from, from + WRITE_ROWS);
      const removal = {
        run,
        sequence,
        ids: slice.map(({ id }) => id),
        keyHashes: duplicates === null ? slice.map(({ keyHash }) => keyHash) : null,
      };
      await withinBudget(async () => ctx.runMutation(internal.run.sweep.removeStale, removal));
    }
    for (const missing of duplicates?.missing(isLast) ?? []) {
      await withinBudget(async () => ctx.runMutation(internal.run.sweep.addCopies, { run, copies: missing }));
    }
    cursor = page.cursor;
    // The walk of a mirror without a key counts copies across pages: it cannot be cut, and starts over if it dies.
    if (cursor !== null && duplicates === null && Date.now() - startedAt > SLICE_MS) {
      await ctx.runMutation(internal.run.sweepAttempts.goOn, { run, cursor });
      return;
    }
  } while (cursor !== null);
  await ctx.runMutation(internal.run.sweep.finish, { run });
}

/** Writes as soon as the write budget lets it. An action that is kept waiting for too long dies, and is started again. */
async function withinBudget(write: () => Promise<null>): Promise<void> {
  for (;;) {
    try {
      await write();
      return;
    } catch (error) {
      const refusal = ledgerErrorData(error);
      if (refusal?.code !== "OverBudget") throw error;
      await sleep(Math.min(refusal.retryAfterMs!, MAX_WAIT_MS));
    }
  }
}

/** What a sweep needs to begin, the first page of its manifest too; null when it has been dropped. */
export const start = internalQuery({
  args: { run: v.id("runs") },
  returns: v.union(
    v.null(),
    v.object({ mirror: v.string(), generation: v.number(), keyed: v.boolean(), manifest: vManifestPage }),
  ),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping" || run.generation === undefined) return null;
    const { mirror, generation } = run;
    const [{ keyed }, manifest] = await Promise.all([
      getMirror(ctx, mirror),
      manifestPage(ctx, { mirror, generation, after: -1 }),
    ]);
    return { mirror, generation, keyed, manifest };
  },
});

const vSweepPage = v.object({
  ids: v.array(v.string()),
  keyHashes: v.bytes(),
  cursor: v.union(v.string(), v.null()),
  /** Manifests that arrived by the moment of this page; for mirrors without a key alone. */
  late: v.array(v.bytes()),
});
type SweepPage = Infer<typeof vSweepPage>;

/** A page of the mirror that is swept; null when the sweep has been dropped. */
export const page = internalQuery({
  args: { run: v.id("runs"), cursor: v.union(v.string(), v.null()), sequence: v.number() },
  returns: v.union(v.null(), vSweepPage),
  handler: async (ctx, { run: id, cursor: from, sequence }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping") return null;
    const [{ keyed }, handles] = await Promise.all([getMirror(ctx, run.mirror), getHandles(ctx)]);
    const { ids, keyHashes, cursor } = await ctx.runQuery(handles.page as PageHandle, {
      table: run.mirror,
      cursor: from,
      limit: PAGE_ROWS,
      hashed: false,
    });
    const late = keyed ? [] : await arrivedSince(ctx, run, sequence);
    return { ids, keyHashes, cursor, late };
  },
});

/**
 * Deletes rows that the refresh did not deliver, except those whose keys arrived after its manifest was read.
 * `keyHashes` is null when that has been allowed for.
 * @throws OverBudget
 */
export const removeStale = internalMutation({
  args: {
    run: v.id("runs"),
    sequence: v.number(),
    ids: v.array(v.string()),
    keyHashes: v.union(v.array(v.int64()), v.null()),
  },
  returns: v.null(),
  handler: async (ctx, args) => {
    const run = await ctx.db.get("runs", args.run);
    if (run?.state !== "sweeping") return null;
    const [mirror, { handles, budget }] = await Promise.all([getMirror(ctx, run.mirror), getApp(ctx)]);
    const { keyHashes } = args;
    const arrived = KeyHashSet.of(keyHashes === null ? [] : await arrivedSince(ctx, run, args.sequence));
    const { gone, marked, written, delta } = await ctx.runMutation(handles.remove as RemoveHandle, {
      table: run.mirror,
      ids: keyHashes === null ? args.ids : args.ids.filter((_, i) => !arrived.has(keyHashes[i]!)),
      at: Date.now(),
    });
    const swept = run.swept + gone + marked;
    await ctx.db.patch("runs", run._id, { swept });
    await ctx.db.patch("mirrors", mirror._id, {
      rows: mirror.rows - gone,
      removed: mirror.removed + gone,
      ...(mirror.run === undefined && { progress: progressOf({ ...run, swept }) }),
    });
    await addToDigest(ctx, run.mirror, delta);
    await spend(ctx, budget, written, "refresh");
    return null;
  },
});

/** Adds missing copies of rows that the refresh delivered more often than they are stored. @throws OverBudget */
export const addCopies = internalMutation({
  args: { run: v.id("runs"), copies: v.array(v.object({ id: v.string(), times: v.number() })) },
  returns: v.null(),
  handler: async (ctx, args) => {
    const run = await ctx.db.get("runs", args.run);
    if (run?.state !== "sweeping") return null;
    const [mirror, { handles, budget }] = await Promise.all([getMirror(ctx, run.mirror), getApp(ctx)]);
    const { added, written, delta } = await ctx.runMutation(handles.copy as CopyHandle, {
      table: run.mirror,
      copies: args.copies,
    });
    await ctx.db.patch("mirrors", mirror._id, { rows: mirror.rows + added, copied: mirror.copied + added });
    await addToDigest(ctx, run.mirror, delta);
    await spend(ctx, budget, written, "refresh");
    return null;
  },
});

export const finish = internalMutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping") return null;
    const mirror = await getMirror(ctx, run.mirror);
    await ctx.db.patch("runs", id, {
      state: "complete",
      reason: `Complete; ${String(run.swept)} rows that it did not deliver were ${mirror.deletes === "hard" ? "deleted" : "marked as deleted"}.`,
      finishedAt: now(),
    });
    await ctx.db.patch("mirrors", mirror._id, {
      sweeping: undefined,
      ...lastRun(mirror, run, "complete"),
      ...(mirror.run === undefined &&
        (await stateChange(ctx, mirror, "upToDate", "Everything received is applied."))),
    });
    await advanceWatermark(ctx, run.mirror, run.reach);
    await dropManifest(ctx, run.mirror, run.generation!);
    if (mirror.quarantined > 0) {
      const before = await startOfGeneration(ctx, run);
      await ctx.scheduler.runAfter(0, internal.quarantine.supersedeBefore, { mirror: run.mirror, before });
    }
    return null;
  },
});

/** When the first run of this run's generation began. */
async function startOfGeneration(ctx: MutationCtx, run: Doc<"runs">): Promise<number> {
  let first = run;
  const earlier = ctx.db
    .query("runs")
    .withIndex("by_mirror", (q) => q.eq("mirror", run.mirror).lt("epoch", run.epoch))
    .order("desc");
  for await (const older of earlier) {
    if (older.generation !== undefined && older.generation !== run.generation) break;
    if (older.generation === run.generation) first = older;
  }
  return first._creationTime;
}

/**
 * Counts the copies of each row while a mirror without a key is walked in the order of its content. There should be as
 * many as the refresh delivered, and those that arrived since. A row that arrives during the walk has the highest time
 * of creation among its copies, so that it lies on the page at hand or on one to come, or was not yet there; and a page
 * and the list of what has arrived by then are of one moment. Hence the count is exact.
 */
export class Duplicates {
  #current: { keyHash: bigint; id: string; seen: number } | null = null;
  #missing: { id: string; times: number }[] = [];
  #late = new KeyHashSet();

  /** @param batch The most copies of one batch of those that are missing. */
  constructor(
    private readonly brought: KeyHashSet,
    private readonly batch: number,
  ) {}

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

  /** Duplicates that have to be added for rows that are passed, in batches. */
  missing(isLast: boolean): { id: string; times: number }[][] {
    if (isLast) this.#close();
    const batches: { id: string; times: number }[][] = [];
    let room = 0;
    for (const { id, times } of this.#missing) {
      for (let left = times; left > 0;) {
        if (room === 0) {
          batches.push([]);
          room = this.batch;
        }
        const now = Math.min(left, room);
        batches.at(-1)!.push({ id, times: now });
        left -= now;
        room -= now;
      }
    }
    this.#missing = [];
    return batches;
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
