import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import {
  internalAction,
  internalMutation,
  internalQuery,
  mutation,
  type ActionCtx,
  type MutationCtx,
} from "./_generated/server.js";
import { KeyHashSet } from "./keyHashSet.js";
import type { ClearHandle, PageHandle, RemoveHandle } from "./port.js";
import { getHandles, getMirror } from "./registry.js";
import { now } from "./time.js";
import { vHandles } from "./validators.js";

/** Rows read per page of a sweep: well inside 32,000 documents and, at the usual size of rows, 16 MiB a query. */
const SWEEP_PAGE_ROWS = 2_000;

/** Manifest documents read per query: 8 KB each for chunks of 1,000 rows. */
const MANIFEST_PAGE = 500;

/** Rows deleted per transaction of a clear or a sweep: two index ranges each, of 4,096. */
const REMOVE_ROWS = 1_000;

/** An action may run for 10 minutes; a sweep hands over to a successor before that. */
const SWEEP_SLICE_MS = 8 * 60_000;

/** When a sweep has not reported by then, it died, and is started again from the beginning (that is harmless). */
const SWEEP_WATCHDOG_MS = 15 * 60_000;

/**
 * Deletes a page of a mirror's rows, for mirrors without a primary key, which start a full refresh empty, and for
 * operators. Returns how many went; call again until 0.
 */
export const clearPage = mutation({
  args: { mirror: v.string() },
  returns: v.number(),
  handler: async (ctx, { mirror: name }) => {
    const [mirror, handles] = await Promise.all([getMirror(ctx, name), getHandles(ctx)]);
    const gone = await ctx.runMutation(handles.clear as ClearHandle, { table: name, limit: REMOVE_ROWS });
    if (gone > 0) {
      await ctx.db.patch("mirrors", mirror._id, { rows: mirror.rows - gone, removed: mirror.removed + gone });
    }
    return gone;
  },
});

/** Starts to remove what a finished refresh did not bring. A sweep of an older refresh that still runs is dropped. */
export async function startSweep(ctx: MutationCtx, mirror: Doc<"mirrors">, run: Doc<"runs">): Promise<void> {
  if (mirror.sweeping !== undefined) {
    await ctx.db.patch("runs", mirror.sweeping, {
      state: "complete",
      reason: `Refresh ${String(run.generation)} finished first and sweeps in its stead.`,
      finishedAt: now(),
    });
    await ctx.scheduler.runAfter(0, internal.refresh.dropManifest, { run: mirror.sweeping });
  }
  await ctx.db.patch("runs", run._id, { state: "sweeping", reason: "Whole; removing rows that it did not bring." });
  await ctx.db.patch("mirrors", mirror._id, { sweeping: run._id });
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

/** Walks the mirror and removes the rows whose key the refresh did not bring. Reads each row once, writes none. */
export const sweep = internalAction({
  args: { run: v.id("runs"), cursor: v.union(v.string(), v.null()) },
  returns: v.null(),
  handler: async (ctx, { run, cursor: start }) => {
    const startedAt = Date.now();
    const { brought, sequence } = await loadManifest(ctx, run);
    let cursor = start;
    do {
      const sweeping = await ctx.runQuery(internal.refresh.sweeping, { run });
      if (sweeping === null) return null;
      const page = await ctx.runQuery(sweeping.handles.page as PageHandle, {
        table: sweeping.mirror,
        cursor,
        limit: SWEEP_PAGE_ROWS,
      });
      const hashes = new BigUint64Array(page.keyHashes);
      const stale = page.ids.flatMap((id, i) => (brought.has(hashes[i]!) ? [] : [{ id, keyHash: hashes[i]! }]));
      for (let from = 0; from < stale.length; from += REMOVE_ROWS) {
        const slice = stale.slice(from, from + REMOVE_ROWS);
        await ctx.runMutation(internal.refresh.removeStale, {
          run,
          sequence,
          ids: slice.map(({ id }) => id),
          keyHashes: BigUint64Array.from(slice, ({ keyHash }) => keyHash).buffer,
        });
      }
      cursor = page.cursor;
      if (cursor !== null && Date.now() - startedAt > SWEEP_SLICE_MS) {
        await ctx.runMutation(internal.refresh.continueSweep, { run, cursor });
        return null;
      }
    } while (cursor !== null);
    await ctx.runMutation(internal.refresh.finishSweep, { run });
    return null;
  },
});

/** All keys that a refresh has brought, and the position up to which its manifest was read. */
async function loadManifest(ctx: ActionCtx, run: Doc<"runs">["_id"]) {
  const brought = new KeyHashSet();
  let sequence = -1;
  for (;;) {
    const page = await ctx.runQuery(internal.refresh.manifestPage, { run, after: sequence });
    if (page === null) return { brought, sequence };
    for (const hashes of page.keyHashes) brought.add(new BigUint64Array(hashes));
    sequence = page.sequence;
  }
}

export const manifestPage = internalQuery({
  args: { run: v.id("runs"), after: v.number() },
  returns: v.union(v.null(), v.object({ sequence: v.number(), keyHashes: v.array(v.bytes()) })),
  handler: async (ctx, { run, after }) => {
    const page = await ctx.db
      .query("manifests")
      .withIndex("by_run", (q) => q.eq("run", run).gt("sequence", after))
      .take(MANIFEST_PAGE);
    const last = page.at(-1);
    return last === undefined
      ? null
      : { sequence: last.sequence, keyHashes: page.map((manifest) => manifest.keyHashes) };
  },
});

/** What a sweep needs to go on; null when it has been dropped. */
export const sweeping = internalQuery({
  args: { run: v.id("runs") },
  returns: v.union(v.null(), v.object({ mirror: v.string(), handles: vHandles })),
  handler: async (ctx, { run: id }) => {
    const run = await ctx.db.get("runs", id);
    if (run?.state !== "sweeping") return null;
    return { mirror: run.mirror, handles: await getHandles(ctx) };
  },
});

/** Removes rows that the refresh did not bring, save those that arrived after its manifest was read. */
export const removeStale = internalMutation({
  args: { run: v.id("runs"), sequence: v.number(), ids: v.array(v.string()), keyHashes: v.bytes() },
  returns: v.null(),
  handler: async (ctx, args) => {
    const run = await ctx.db.get("runs", args.run);
    if (run?.state !== "sweeping") return null;
    const [mirror, handles] = await Promise.all([getMirror(ctx, run.mirror), getHandles(ctx)]);
    const arrived = new KeyHashSet();
    const late = ctx.db
      .query("manifests")
      .withIndex("by_run", (q) => q.eq("run", args.run).gt("sequence", args.sequence));
    for await (const manifest of late) arrived.add(new BigUint64Array(manifest.keyHashes));
    const hashes = new BigUint64Array(args.keyHashes);
    const gone = await ctx.runMutation(handles.remove as RemoveHandle, {
      table: run.mirror,
      ids: args.ids.filter((_, i) => !arrived.has(hashes[i]!)),
    });
    await ctx.db.patch("runs", run._id, { swept: run.swept + gone });
    await ctx.db.patch("mirrors", mirror._id, { rows: mirror.rows - gone, removed: mirror.removed + gone });
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
      ...(mirror.run === undefined && { state: "upToDate" as const, reason: "Everything received is applied." }),
    });
    await ctx.scheduler.runAfter(0, internal.refresh.dropManifest, { run: id });
    return null;
  },
});

/** Deletes the manifest of a refresh that is done, a page at a time. */
export const dropManifest = internalMutation({
  args: { run: v.id("runs") },
  returns: v.null(),
  handler: async (ctx, { run }) => {
    const page = await ctx.db
      .query("manifests")
      .withIndex("by_run", (q) => q.eq("run", run))
      .take(MANIFEST_PAGE);
    for (const manifest of page) await ctx.db.delete("manifests", manifest._id);
    if (page.length === MANIFEST_PAGE) await ctx.scheduler.runAfter(0, internal.refresh.dropManifest, { run });
    return null;
  },
});
