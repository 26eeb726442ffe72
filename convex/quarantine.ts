import { compareValues, convexToJson, v, type Value } from "convex/values";
import { keyText } from "../src/core/proof/keyText.js";
import { findMirror, getMirror } from "./mirror/mirrors.js";
import type { Doc } from "./_generated/dataModel.js";
import { api, internal } from "./_generated/api.js";
import { internalMutation, mutation, query, type MutationCtx } from "./_generated/server.js";
import { replaceAt, splitPath, type Tree } from "../src/core/rows/paths.js";
import { now } from "../src/core/time.js";
import type { BadRow, RowChange } from "../src/core/wire/validators.js";
import { vQuarantineEntry } from "../src/core/wire/views.js";
import { countReasons, reasonOf } from "./write/reasons.js";

/** Entries on one page of a listing or of a replay: payloads are up to 256 KiB each, and a query reads up to 16 MiB. */
const PAGE = 32;

/** How long a change waits before it is given up: a month leaves time to notice, to deploy and to replay. */
export const QUARANTINE_DAYS = 30;

/** What to do with the changes of a chunk once the quarantine has been asked about their keys. */
interface Screened {
  /** Changes to apply. */
  rows: RowChange[];
  /** Partial changes of rows with quarantined changes: they are quarantined behind them. */
  held: BadRow[];
  /** Changes of this chunk that would be quarantined if later changes in it did not replace them. */
  superseded: Set<BadRow>;
}

/**
 * Checks the keys of a chunk against the quarantine, so that no change overtakes a quarantined one unnoticed: a full
 * row or a deletion replaces the quarantined changes of its key (unless its version is older), even if it is
 * quarantined itself; a partial change is quarantined behind them. Also returns the number of entries that left the
 * quarantine.
 */
export async function screen(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  rows: readonly RowChange[],
  bad: readonly BadRow[],
): Promise<Screened & { released: number }> {
  const waiting = mirror.quarantined === 0 ? noEntries : await waitingFor(ctx, mirror, [...rows, ...bad]);
  const { obsolete, ...screened } = passBy(waiting, rows, bad);
  for (const { _id } of obsolete) await ctx.db.delete("quarantine", _id);
  await countReasons(ctx, mirror.name, { left: obsolete });
  return { ...screened, released: obsolete.length };
}

const noEntries: ReadonlyMap<bigint, Doc<"quarantine">[]> = new Map();

/** Lets changes pass by what waits for their keys, in order, where nothing waits but changes of the same chunk. */
export function screenBehind(bad: readonly BadRow[], rows: readonly RowChange[]): Screened {
  return passBy(noEntries, rows, bad);
}

function passBy(
  waiting: ReadonlyMap<bigint, Doc<"quarantine">[]>,
  rows: readonly RowChange[],
  bad: readonly BadRow[],
): Screened & { obsolete: Doc<"quarantine">[] } {
  const passed: RowChange[] = [];
  const superseded = new Set<BadRow>();
  const obsolete: Doc<"quarantine">[] = [];
  const stored = new Map(waiting);
  /** Changes of this chunk that wait, by key. */
  const behind = new Map<bigint, { change: BadRow; held: boolean }[]>();
  const isBad = new Set<RowChange | BadRow>(bad);
  for (const change of [...rows, ...bad].sort((a, b) => a.position - b.position)) {
    const { keyHash } = change;
    if (keyHash === undefined) continue;
    if (change.op !== "update") {
      const [gone, stay] = partition(
        stored.get(keyHash) ?? [],
        (entry) => !isOlder(change, entry.version as Value),
      );
      const [dropped, left] = partition(
        behind.get(keyHash) ?? [],
        (one) => !isOlder(change, one.change.version as Value),
      );
      obsolete.push(...gone);
      for (const one of dropped) superseded.add(one.change);
      stored.set(keyHash, stay);
      behind.set(keyHash, left);
    }
    const waits = behind.get(keyHash) ?? [];
    if (isBad.has(change)) {
      behind.set(keyHash, [...waits, { change: change as BadRow, held: false }]);
    } else if (change.op === "update" && waits.length + (stored.get(keyHash)?.length ?? 0) > 0) {
      behind.set(keyHash, [...waits, { change: holdBehind(change as RowChange), held: true }]);
    } else {
      passed.push(change as RowChange);
    }
  }
  const held = [...behind.values()].flat().flatMap((one) => (one.held ? one.change : []));
  return { rows: passed, held, superseded, obsolete };
}

function partition<T>(all: readonly T[], matches: (one: T) => boolean): [matching: T[], others: T[]] {
  return [all.filter(matches), all.filter((one) => !matches(one))];
}

async function waitingFor(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  changes: readonly (RowChange | BadRow)[],
) {
  const keys = [...new Set(changes.flatMap(({ keyHash }) => keyHash ?? []))];
  const found = await Promise.all(
    keys.map(async (keyHash) => {
      const entries = await ctx.db
        .query("quarantine")
        .withIndex("by_key", (q) => q.eq("mirror", mirror.name).eq("keyHash", keyHash))
        .take(PAGE);
      return [keyHash, entries] as const;
    }),
  );
  return new Map(found.filter(([, entries]) => entries.length > 0));
}

/** True when a full row or deletion is known to be older than the quarantined change. */
function isOlder(change: RowChange | BadRow, waits: Value | undefined): boolean {
  const mine = change.version as Value | undefined;
  if (mine === undefined || mine === null || waits === undefined || waits === null) return false;
  return compareValues(mine, waits) < 0;
}

function holdBehind(row: RowChange): BadRow {
  return quarantineChange(
    row,
    "HeldBehind",
    "An earlier change of the same row is in quarantine; this one waits for it.",
  );
}

/** A converted change on its way to quarantine, for reasons that only the transaction knows. */
export function quarantineChange(row: RowChange, code: string, message: string): BadRow {
  let fields = (row.row ?? {}) as Tree<Value>;
  for (const path of row.unset ?? []) fields = replaceAt(fields, splitPath(path), null);
  return {
    position: row.position,
    code,
    message,
    op: row.op,
    payload: JSON.stringify(convexToJson(fields)),
    whole: true,
    encoding: "stored",
    keyHash: row.keyHash,
    key: keyText(row.key as Value[]),
    version: row.version as Value,
  };
}

/** Puts changes into quarantine. */
export async function putAside(
  ctx: MutationCtx,
  run: Doc<"runs">,
  delivery: string | undefined,
  bad: readonly BadRow[],
): Promise<void> {
  const receivedAt = now();
  // In the order in which they came, for that is the order of a replay.
  for (const { position: _position, ...row } of [...bad].sort((a, b) => a.position - b.position)) {
    await ctx.db.insert("quarantine", {
      mirror: run.mirror,
      ...row,
      reason: reasonOf(row).reason,
      run: run._id,
      delivery,
      receivedAt,
    });
  }
  await countReasons(ctx, run.mirror, { entered: bad });
}

/** Quarantined changes of a mirror, oldest first: a page of at most 32, after the entry `after`; of one reason, or all. */
export const list = query({
  args: {
    mirror: v.string(),
    after: v.union(v.id("quarantine"), v.null()),
    reason: v.optional(v.string()),
  },
  returns: v.array(vQuarantineEntry),
  handler: async (ctx, { mirror, after, reason }) => {
    const last = after === null ? null : await ctx.db.get("quarantine", after);
    const since = last?._creationTime ?? 0;
    const all = ctx.db.query("quarantine");
    const entries = await (
      reason === undefined
        ? all.withIndex("by_mirror", (q) => q.eq("mirror", mirror).gt("_creationTime", since))
        : all.withIndex("by_reason", (q) =>
            q.eq("mirror", mirror).eq("reason", reason).gt("_creationTime", since),
          )
    ).take(PAGE);
    return entries.map(({ _id, mirror, code, message, key, op, payload, whole, encoding, receivedAt }) => ({
      id: _id,
      mirror,
      code,
      message,
      key: key ?? null,
      op,
      payload,
      whole,
      encoding,
      receivedAt,
    }));
  },
});

/** Gives up quarantined changes: those named, or all of a mirror's (a page at a time). Returns how many. */
export const discard = mutation({
  args: { mirror: v.string(), ids: v.optional(v.array(v.id("quarantine"))) },
  returns: v.number(),
  handler: async (ctx, { mirror: name, ids }) => {
    const mirror = await getMirror(ctx, name);
    const entries =
      ids === undefined
        ? await ctx.db
            .query("quarantine")
            .withIndex("by_mirror", (q) => q.eq("mirror", name))
            .take(PAGE)
        : (await Promise.all(ids.map((id) => ctx.db.get("quarantine", id)))).filter(
            (entry) => entry?.mirror === name,
          );
    await release(
      ctx,
      mirror,
      entries.map((entry) => entry!),
    );
    return entries.length;
  },
});

/** Gives up all quarantined changes of a mirror with this reason, a page per transaction. Returns how many at first. */
export const discardReason = mutation({
  args: { mirror: v.string(), reason: v.string() },
  returns: v.number(),
  handler: async (ctx, { mirror: name, reason }) => {
    const mirror = await getMirror(ctx, name);
    const entries = await ctx.db
      .query("quarantine")
      .withIndex("by_reason", (q) => q.eq("mirror", name).eq("reason", reason))
      .take(PAGE);
    await release(ctx, mirror, entries);
    if (entries.length === PAGE)
      await ctx.scheduler.runAfter(0, api.quarantine.discardReason, { mirror: name, reason });
    return entries.length;
  },
});

/** Replaces the reason of a change that still cannot be applied. */
export const refuseAgain = mutation({
  args: { id: v.id("quarantine"), code: v.string(), message: v.string() },
  returns: v.null(),
  handler: async (ctx, { id, code, message }) => {
    const entry = await ctx.db.get("quarantine", id);
    if (entry !== null) await refuse(ctx, entry, { code, message });
    return null;
  },
});

/** Replaces the reason of a quarantined change, and counts it under the new one. */
export async function refuse(
  ctx: MutationCtx,
  entry: Doc<"quarantine">,
  { code, message }: { code: string; message: string },
): Promise<void> {
  await ctx.db.patch("quarantine", entry._id, { code, message, reason: reasonOf({ code, message }).reason });
  await countReasons(ctx, entry.mirror, { entered: [{ code, message }], left: [entry] });
}

/** Takes changes out of quarantine. */
export async function release(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  entries: readonly Doc<"quarantine">[],
): Promise<void> {
  for (const { _id } of entries) await ctx.db.delete("quarantine", _id);
  await countReasons(ctx, mirror.name, { left: entries });
  await ctx.db.patch("mirrors", mirror._id, {
    quarantined: Math.max(0, mirror.quarantined - entries.length),
  });
}

/**
 * Discards entries that were quarantined before a now complete refresh began: the refresh delivered the current state
 * of every row that the source still has. A page at a time.
 */
export const supersedeBefore = internalMutation({
  args: { mirror: v.string(), before: v.number() },
  returns: v.null(),
  handler: async (ctx, args) => {
    const mirror = await findMirror(ctx, args.mirror);
    if (mirror === null || mirror.quarantined === 0) return null;
    const entries = await ctx.db
      .query("quarantine")
      .withIndex("by_mirror", (q) => q.eq("mirror", args.mirror).lt("_creationTime", args.before))
      .take(PAGE);
    await release(ctx, mirror, entries);
    if (entries.length === PAGE) await ctx.scheduler.runAfter(0, internal.quarantine.supersedeBefore, args);
    return null;
  },
});
