import { v, type Infer } from "convex/values";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import {
  internalAction,
  internalMutation,
  internalQuery,
  mutation,
  type ActionCtx,
  type MutationCtx,
  type QueryCtx,
} from "./_generated/server.js";
import { addToDigest } from "./digests.js";
import { KeyHashBag } from "./keyHashBag.js";
import type { ClearHandle, CopyHandle, PageHandle, RemoveHandle } from "./port.js";
import { getHandles, getMirror } from "./mirrors.js";
import { stateChange } from "./state.js";
import { now } from "./time.js";

/** Rows read per page of a sweep: well inside 32,000 documents and, at the usual size of rows, 16 MiB a query. */
const SWEEP_PAGE_ROWS = 4_000;

/** Manifest documents read per query: 8 KB each for chunks of 1,000 rows. */
const MANIFEST_PAGE = 500;

/** Rows deleted or copied per transaction of a clear or a sweep: two index ranges each, of 4,096. */
const WRITE_ROWS = 1_000;

/** An action may run for 10 minutes; a sweep hands over to a successor before that. */
const SWEEP_SLICE_MS = 8 * 60_000;

/** When a sweep has not reported by then, it died, and is started again from the beginning (that is harmless). */
const SWEEP_WATCHDOG_MS = 15 * 60_000;

/**
 * Deletes a page of a mirror's rows, for `clear_tables` of mirrors without a primary key, and for operators. Returns
 * how many went; call again until 0.
 */
export const clearPage = mutation({
  args: { mirror: v.string() },
  returns: v.number(),
  handler: async (ctx, { mirror: name }) => {
    const [mirror, handles] = await Promise.all([getMirror(ctx, name), getHandles(ctx)]);
    const { gone, delta } = await ctx.runMutation(handles.clear as ClearHandle, {
      table: name,
      limit: WRITE_ROWS,
    });
    if (gone > 0) {
      await ctx.db.patch("mirrors", mirror._id, { rows: mirror.rows - gone, removed: mirror.removed + gone });
      await addToDigest(ctx, name, delta);
    }
    return gone;
  },
});

/** Adds keys to the manifest of a generation. */
export async function appendManifest(
  ctx: MutationCtx,
  mirror: string,
  generation: number,
  keyHashes: readonly bigint[],
): Promise<void> {
  if (keyHashes.length === 0) return;
  const last = await ctx.db
    .query("manifests")
    .withIndex("by_generation", (q) => q.eq("mirror", mirror).eq("generation", generation))
    .order("desc")
    .first();
  await ctx.db.insert("manifests", {
    mirror,
    generation,
    sequence: (last?.sequence ?? -1) + 1,
    keyHashes: BigInt64Array.from(keyHashes).buffer,
  });
}

/** Starts to remove what a whole refresh did not bring. A sweep of an older refresh that still runs is dropped. */
export async function startSweep(ctx: MutationCtx, mirror: Doc<"mirrors">, run: Doc<"runs">): Promise<void> {
  if (mirror.sweeping !== undefined) {
    const older = await ctx.db.get("runs", mirror.sweeping);
    if (older !== null) {
      await ctx.db.patch("runs", older._id, {
        state: "complete",
        reason: `Refresh ${String(run.generation)} was whole before its sweep ended, and sweeps in its stead.`,
        finishedAt: now(),
      });
      await scheduleDrop(ctx, older);
    }
  }
  await ctx.db.patch("runs", run._id, {
    state: "sweeping",
    reason: "Whole; removing rows that it did not bring.",
  });
  await ctx.db.patch("mirrors", mirror._id, { sweeping: run._id, generationOpen: false });
  await attemptSweep(ctx, run, null);
}

async function attemptSweep(ctx: MutationCtx, run: Doc<"runs">, cursor: string | null): Promise<void> {
  const attempt = run.sweepAttempt + 1;
  await ctx.db.patch("runs", run._id, { sweepAttempt: attempt });
  await ctx.scheduler.runAfter(0, internal.refresh.sweep, { run: run._id, cursor });
  await ctx.scheduler.runAfter(SWEEP_WATCHDOG_MS, internal.refresh.watch, { run: run._id, attempt });
}

/** Starts a sweep again that died without a word. */
export const watch = internalMutation({
  args: { run: v.id("runs"), attempt: v.number() },
  returns: v.null(),
  handler: async (ctx, { run: id, attempt }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state === "sweeping" && run.sweepAttempt === attempt) await attemptSweep(ctx, run, null);
    return null;
  },
});

/** Hands a long sweep over to a fresh action, which goes on at the cursor. */
export const continueSweep = internalMutation({
  args: { run: v.id("runs"), cursor: v.string() },
  returns: v.null(),
  handler: async (ctx, { run: id, cursor }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state === "sweeping") await attemptSweep(ctx, run, cursor);
    return null;
  },
});

/**
 * Walks the mirror and brings it to what the refresh brought: rows whose key it did not bring go. In a mirror without
 * a key, where rows are their content, there are as many copies of a row afterwards as the refresh brought.
 * Reads each row once, and writes none that stays.
 */
export const sweep = internalAction({
  args: { run: v.id("runs"), cursor: v.union(v.string(), v.null()) },
  returns: v.null(),
  handler: async (ctx, { run, cursor: start }) => {
    const startedAt = Date.now();
    const first = await ctx.runQuery(internal.refresh.sweeping, { run });
    if (first === null) return null;
    const { brought, sequence } = await loadManifest(ctx, first.mirror, first.generation);
    const copies = first.keyed ? null : new Copies(brought);
    let cursor = start;
    do {
      const page: SweepPage | null = await ctx.runQuery(internal.refresh.sweepPage, {
        run,
        cursor,
        sequence,
      });
      if (page === null) return null;
      const hashes = [...new BigInt64Array(page.keyHashes)];
      const isLast = page.cursor === null;
      const stale =
        copies === null
          ? page.ids.flatMap((id, i) => (brought.has(hashes[i]!) ? [] : [{ id, keyHash: hashes[i]! }]))
          : copies.surplus(page.ids, hashes, bagOf(page.late));
      for (let from = 0; from < stale.length; from += WRITE_ROWS) {
        const slice = stale.slice(from, from + WRITE_ROWS);
        await ctx.runMutation(internal.refresh.removeStale, {
          run,
          sequence,
          ids: slice.map(({ id }) => id),
          keyHashes: copies === null ? slice.map(({ keyHash }) => keyHash) : null,
        });
      }
      for (const missing of copies?.missing(isLast) ?? []) {
        await ctx.runMutation(internal.refresh.addCopies, { run, copies: missing });
      }
      cursor = page.cursor;
      // The walk of a mirror without a key counts copies across pages: it cannot be cut, and starts over if it dies.
      if (cursor !== null && copies === null && Date.now() - startedAt > SWEEP_SLICE_MS) {
        await ctx.runMutation(internal.refresh.continueSweep, { run, cursor });
        return null;
      }
    } while (cursor !== null);
    await ctx.runMutation(internal.refresh.finishSweep, { run });
    return null;
  },
});

/**
 * Counts the copies of each row while a mirror without a key is walked in the order of its content. There should be as
 * many as the refresh brought, and those that arrived since. A row that arrives during the walk has the highest time of
 * creation among its copies, so that it lies on the page at hand or on one to come, or was not yet there; and a page
 * and the list of what has arrived by then are of one moment. Hence the count is exact.
 */
class Copies {
  #current: { keyHash: bigint; id: string; seen: number } | null = null;
  #missing: { id: string; times: number }[] = [];
  #late = new KeyHashBag();

  constructor(private readonly brought: KeyHashBag) {}

  /** The rows of this page that are too many. `late`: what has arrived since the manifest was read. */
  surplus(
    ids: readonly string[],
    hashes: readonly bigint[],
    late: KeyHashBag,
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

  /** Copies that have to be added for rows that are passed, a transaction's worth at a time. */
  missing(isLast: boolean): { id: string; times: number }[][] {
    if (isLast) this.#close();
    const batches: { id: string; times: number }[][] = [];
    let room = 0;
    for (const { id, times } of this.#missing) {
      for (let left = times; left > 0;) {
        if (room === 0) {
          batches.push([]);
          room = WRITE_ROWS;
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

function bagOf(manifests: readonly ArrayBuffer[]): KeyHashBag {
  const bag = new KeyHashBag();
  for (const hashes of manifests) bag.add(new BigInt64Array(hashes));
  return bag;
}

/** All keys that a generation has brought, and the position up to which its manifest was read. */
async function loadManifest(ctx: ActionCtx, mirror: string, generation: number) {
  const brought = new KeyHashBag();
  let sequence = -1;
  for (;;) {
    const page = await ctx.runQuery(internal.refresh.manifestPage, { mirror, generation, after: sequence });
    if (page === null) return { brought, sequence };
    for (const hashes of page.keyHashes) brought.add(new BigInt64Array(hashes));
    sequence = page.sequence;
  }
}

export const manifestPage = internalQuery({
  args: { mirror: v.string(), generation: v.number(), after: v.number() },
  returns: v.union(v.null(), v.object({ sequence: v.number(), keyHashes: v.array(v.bytes()) })),
  handler: async (ctx, { mirror, generation, after }) => {
    const page = await ctx.db
      .query("manifests")
      .withIndex("by_generation", (q) =>
        q.eq("mirror", mirror).eq("generation", generation).gt("sequence", after),
      )
      .take(MANIFEST_PAGE);
    const last = page.at(-1);
    return last === undefined
      ? null
      : { sequence: last.sequence, keyHashes: page.map((manifest) => manifest.keyHashes) };
  },
});

/** What a sweep needs to begin; null when it has been dropped. */
export const sweeping = internalQuery({
  args: { run: v.id("runs") },
  returns: v.union(v.null(), v.object({ mirror: v.string(), generation: v.number(), keyed: v.boolean() })),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping" || run.generation === undefined) return null;
    const { keyed } = await getMirror(ctx, run.mirror);
    return { mirror: run.mirror, generation: run.generation, keyed };
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
export const sweepPage = internalQuery({
  args: { run: v.id("runs"), cursor: v.union(v.string(), v.null()), sequence: v.number() },
  returns: v.union(v.null(), vSweepPage),
  handler: async (ctx, { run: id, cursor: from, sequence }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping") return null;
    const [{ keyed }, handles] = await Promise.all([getMirror(ctx, run.mirror), getHandles(ctx)]);
    const { ids, keyHashes, cursor } = await ctx.runQuery(handles.page as PageHandle, {
      table: run.mirror,
      cursor: from,
      limit: SWEEP_PAGE_ROWS,
      hashed: false,
    });
    const late = keyed ? [] : await arrivedSince(ctx, run, sequence);
    return { ids, keyHashes, cursor, late };
  },
});

/** The manifests of a refresh that came after this position. */
async function arrivedSince(ctx: QueryCtx, run: Doc<"runs">, sequence: number): Promise<ArrayBuffer[]> {
  const late = await ctx.db
    .query("manifests")
    .withIndex("by_generation", (q) =>
      q.eq("mirror", run.mirror).eq("generation", run.generation!).gt("sequence", sequence),
    )
    .collect();
  return late.map(({ keyHashes }) => keyHashes);
}

/**
 * Removes rows that the refresh did not bring, save those whose keys arrived after its manifest was read. `keyHashes` is
 * null when that has been allowed for.
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
    const [mirror, handles] = await Promise.all([getMirror(ctx, run.mirror), getHandles(ctx)]);
    const { keyHashes } = args;
    const arrived = bagOf(keyHashes === null ? [] : await arrivedSince(ctx, run, args.sequence));
    const { gone, delta } = await ctx.runMutation(handles.remove as RemoveHandle, {
      table: run.mirror,
      ids: keyHashes === null ? args.ids : args.ids.filter((_, i) => !arrived.has(keyHashes[i]!)),
    });
    await ctx.db.patch("runs", run._id, { swept: run.swept + gone });
    await ctx.db.patch("mirrors", mirror._id, { rows: mirror.rows - gone, removed: mirror.removed + gone });
    await addToDigest(ctx, run.mirror, delta);
    return null;
  },
});

/** Adds the copies of rows of which a refresh brought more than there are. */
export const addCopies = internalMutation({
  args: { run: v.id("runs"), copies: v.array(v.object({ id: v.string(), times: v.number() })) },
  returns: v.null(),
  handler: async (ctx, args) => {
    const run = await ctx.db.get("runs", args.run);
    if (run?.state !== "sweeping") return null;
    const [mirror, handles] = await Promise.all([getMirror(ctx, run.mirror), getHandles(ctx)]);
    const { added, delta } = await ctx.runMutation(handles.copy as CopyHandle, {
      table: run.mirror,
      copies: args.copies,
    });
    await ctx.db.patch("mirrors", mirror._id, { rows: mirror.rows + added, copied: mirror.copied + added });
    await addToDigest(ctx, run.mirror, delta);
    return null;
  },
});

export const finishSweep = internalMutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping") return null;
    const mirror = await getMirror(ctx, run.mirror);
    await ctx.db.patch("runs", id, {
      state: "complete",
      reason: `Whole; ${String(run.swept)} rows that it did not bring were removed.`,
      finishedAt: now(),
    });
    await ctx.db.patch("mirrors", mirror._id, {
      sweeping: undefined,
      ...(mirror.run === undefined &&
        (await stateChange(ctx, mirror, "upToDate", "Everything received is applied."))),
    });
    await scheduleDrop(ctx, run);
    const before = await startOfGeneration(ctx, run);
    await ctx.scheduler.runAfter(0, internal.quarantine.supersedeBefore, { mirror: run.mirror, before });
    return null;
  },
});

/** When the first of the runs began that brought the generation of this one. */
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

async function scheduleDrop(ctx: MutationCtx, run: Doc<"runs">): Promise<void> {
  if (run.generation === undefined) return;
  await ctx.scheduler.runAfter(0, internal.refresh.dropManifest, {
    mirror: run.mirror,
    generation: run.generation,
  });
}

/** Deletes the manifest of a generation that is done with, a page at a time. */
export const dropManifest = internalMutation({
  args: { mirror: v.string(), generation: v.number() },
  returns: v.null(),
  handler: async (ctx, args) => {
    const page = await ctx.db
      .query("manifests")
      .withIndex("by_generation", (q) => q.eq("mirror", args.mirror).eq("generation", args.generation))
      .take(MANIFEST_PAGE);
    for (const manifest of page) await ctx.db.delete("manifests", manifest._id);
    if (page.length === MANIFEST_PAGE) await ctx.scheduler.runAfter(0, internal.refresh.dropManifest, args);
    return null;
  },
});
