import { compareValues, convexToJson, v, type Value } from "convex/values";
import { getMirror } from "./mirrors.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { mutation, query, type MutationCtx } from "./_generated/server.js";
import { now } from "./time.js";
import type { BadRow, RowChange } from "./validators.js";

/** Entries on one page of a listing or of a replay: payloads are up to 256 KiB each, and a query reads up to 16 MiB. */
const PAGE = 32;

/** How long a change waits before it is given up: a month leaves time to notice, to deploy and to replay. */
export const QUARANTINE_DAYS = 30;

/** What to do with the rows of a chunk once the quarantine has been asked about their keys. */
interface Screened {
  /** Changes to apply. */
  rows: RowChange[];
  /** Partial changes of rows whose earlier news wait: they wait behind them. */
  held: BadRow[];
  /** Bad rows of this chunk whose later news in it supersede them: they need not wait. */
  superseded: Set<BadRow>;
  /** Entries that whole news of the same row have made obsolete: their number. */
  released: number;
}

/**
 * Asks the quarantine about the keys of a chunk, so that nothing overtakes a waiting change silently: a whole row or a
 * deletion supersedes what waits (unless its version is older), a partial change waits behind it.
 */
export async function screen(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  rows: readonly RowChange[],
  bad: readonly BadRow[],
): Promise<Screened> {
  const screened: Screened = { rows: [], held: [], superseded: new Set(), released: 0 };
  const waiting = mirror.quarantined === 0 ? new Map<bigint, Doc<"quarantine">[]>() : await waitingFor(ctx, mirror, rows);
  for (const row of rows) {
    const entries = waiting.get(row.keyHash) ?? [];
    const before = bad.filter(
      (badRow) =>
        badRow.keyHash === row.keyHash && badRow.position < row.position && !screened.superseded.has(badRow),
    );
    const holding = screened.held.some((held) => held.keyHash === row.keyHash);
    if (row.op === "update" && (entries.length > 0 || before.length > 0 || holding)) {
      screened.held.push(holdBehind(row));
      continue;
    }
    if (row.op !== "update") {
      const obsolete = entries.filter((entry) => !isOlder(row, entry.version as Value | undefined));
      for (const entry of obsolete) await ctx.db.delete("quarantine", entry._id);
      screened.released += obsolete.length;
      waiting.set(row.keyHash, entries.filter((entry) => !obsolete.includes(entry)));
      for (const badRow of before) if (!isOlder(row, badRow.version as Value | undefined)) screened.superseded.add(badRow);
    }
    screened.rows.push(row);
  }
  return screened;
}

async function waitingFor(ctx: MutationCtx, mirror: Doc<"mirrors">, rows: readonly RowChange[]) {
  const keys = [...new Set(rows.map(({ keyHash }) => keyHash))];
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

/** True when a whole row or deletion is known to be older than what waits. */
function isOlder(row: RowChange, waits: Value | undefined): boolean {
  const mine = row.version as Value | undefined;
  if (mine === undefined || mine === null || waits === undefined || waits === null) return false;
  return compareValues(mine, waits) < 0;
}

function holdBehind(row: RowChange): BadRow {
  return quarantineChange(
    row,
    "HeldBehind",
    "An earlier change of the same row waits in quarantine; this one waits behind it.",
  );
}

/** A converted change on its way to quarantine, for reasons that only the transaction knows. */
export function quarantineChange(row: RowChange, code: string, message: string): BadRow {
  const fields = { ...(row.row as Record<string, Value> | undefined) };
  for (const field of row.unset ?? []) fields[field] = null;
  return {
    position: row.position,
    code,
    message,
    op: row.op,
    payload: JSON.stringify(convexToJson(fields)),
    whole: true,
    encoding: "convex",
    keyHash: row.keyHash,
    key: JSON.stringify(convexToJson(row.key as Value[])),
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
  for (const { position: _position, ...row } of bad) {
    await ctx.db.insert("quarantine", {
      mirror: run.mirror,
      ...row,
      run: run._id,
      delivery,
      receivedAt,
    });
  }
}

const vEntry = v.object({
  id: v.id("quarantine"),
  mirror: v.string(),
  code: v.string(),
  message: v.string(),
  key: v.union(v.string(), v.null()),
  op: v.string(),
  payload: v.string(),
  whole: v.boolean(),
  encoding: v.union(v.literal("json"), v.literal("convex")),
  receivedAt: v.string(),
});

/** Changes of a mirror that wait, oldest first: a page of at most 32, after the entry `after`. */
export const list = query({
  args: { mirror: v.string(), after: v.union(v.id("quarantine"), v.null()) },
  returns: v.array(vEntry),
  handler: async (ctx, { mirror, after }) => {
    const last = after === null ? null : await ctx.db.get("quarantine", after);
    const entries = await ctx.db
      .query("quarantine")
      .withIndex("by_mirror", (q) => {
        const ofMirror = q.eq("mirror", mirror);
        return last === null ? ofMirror : ofMirror.gt("_creationTime", last._creationTime);
      })
      .take(PAGE);
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

/** Gives up waiting changes: those named, or all of a mirror's (a page at a time). Returns how many. */
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
        : (await Promise.all(ids.map((id) => ctx.db.get("quarantine", id)))).filter((entry) => entry?.mirror === name);
    await release(ctx, mirror, entries.map((entry) => entry!._id));
    return entries.length;
  },
});

/** Replaces the reason of a change that still cannot be applied. */
export const refuseAgain = mutation({
  args: { id: v.id("quarantine"), code: v.string(), message: v.string() },
  returns: v.null(),
  handler: async (ctx, { id, code, message }) => {
    if ((await ctx.db.get("quarantine", id)) !== null) await ctx.db.patch("quarantine", id, { code, message });
    return null;
  },
});

/** Takes changes out of quarantine. */
export async function release(ctx: MutationCtx, mirror: Doc<"mirrors">, ids: Id<"quarantine">[]): Promise<void> {
  for (const id of ids) await ctx.db.delete("quarantine", id);
  await ctx.db.patch("mirrors", mirror._id, { quarantined: Math.max(0, mirror.quarantined - ids.length) });
}
