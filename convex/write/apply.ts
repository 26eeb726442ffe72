/**
 * How changes are applied to a mirror. Writes to `mirrors` only how many tombstones it has, with the counts of the
 * chunk. The rows are the app's: each is read in the transaction that writes it.
 */
import { type Infer, v } from "convex/values";
import { shorten } from "../../src/core/rows/text.js";
import { isTransactionLimit } from "../../src/core/wire/limitErrors.js";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { addChanged, recordChanged } from "./recordChanges.js";
import { addDelta } from "../../src/core/proof/delta.js";
import { addToDigest } from "./digests.js";
import { isSetUpError, ledgerError, ledgerErrorData } from "../../src/core/wire/errors.js";
import { type Applied, vApplied, vMatch, vTombstone } from "../../src/core/wire/applied.js";
import type { ApplyHandle } from "../../src/core/wire/port.js";
import { quarantineChange, screenBehind } from "./screen.js";
import { getApp } from "../mirror/mirrors.js";
import { findTombstones, layTombstones } from "./tombstones.js";
import type { BadRow } from "../../src/core/wire/changes.js";
import {
  keyHashesOf,
  type PackedRows,
  packRows,
  unpackRows,
  vPackedRows,
} from "../../src/core/wire/packedRows.js";
import { addCounts, noCounts } from "../../src/core/wire/counts.js";

/** What became of converted changes. */
interface Outcome {
  counts: Applied["counts"];
  rowsDelta: number;
  /** Changes that failed inside the transaction, on their way to quarantine. */
  failed: BadRow[];
  /** Rows that were inserted or replaced. */
  written: number;
}

type Batch = {
  rows: PackedRows;
  match: Infer<typeof vMatch>;
  /** Of rows that earlier changes of the same chunk have deleted, when it had to be cut. */
  tombstones?: Applied["tombstones"];
};

/**
 * Writes converted changes to a mirror, and updates its digest and its tombstones: all that happens to a mirror's rows
 * happens here, in sweep.ts, in clear.ts, or not at all.
 */
export async function applyToMirror(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  { tombstones = true, ...batch }: Pick<Batch, "rows" | "match"> & { tombstones?: boolean },
): Promise<Outcome> {
  if (batch.rows.count === 0) return { counts: noCounts, rowsDelta: 0, failed: [], written: 0 };
  const { applied, failed } = await isolate(ctx, mirror, batch);
  if (applied.written > 0 || applied.rowsDelta !== 0) await addToDigest(ctx, mirror.name, applied.delta);
  await recordChanged(ctx, mirror.name, applied.changed);
  const laid = tombstones ? await layTombstones(ctx, mirror.name, applied.tombstones) : 0;
  // Rows with equal keys, which only a write past the importer can cause, became one.
  const { inserted, deleted } = applied.counts;
  const collapsed = inserted - (mirror.deletes === "hard" ? deleted : 0) - applied.rowsDelta;
  if (laid > 0 || collapsed > 0) {
    await ctx.db.patch("mirrors", mirror._id, {
      tombstones: mirror.tombstones + laid,
      removed: mirror.removed + collapsed,
    });
  }
  return { counts: applied.counts, rowsDelta: applied.rowsDelta, failed, written: applied.written };
}

/**
 * Applies a batch; when it fails, its halves, so that one bad change does not stop its neighbours. Each try is a
 * nested mutation, which rolls back alone. A batch that is too large for a transaction is the caller's to cut.
 */
async function isolate(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  batch: Batch,
): Promise<{ applied: Applied; failed: BadRow[] }> {
  if (batch.rows.count === 0) return { applied: nothing(), failed: [] };
  try {
    return { applied: await applyHeeding(ctx, mirror, batch), failed: [] };
  } catch (error) {
    if (isTransactionLimit(error) || isSetUpError(error)) throw error;
    const rows = unpackRows(batch.rows);
    if (rows.length === 1) {
      const message = error instanceof Error ? shorten(error.message, 500) : String(error);
      return { applied: nothing(), failed: [quarantineChange(rows[0]!, "ApplyFailed", message, mirror)] };
    }
    const middle = Math.ceil(rows.length / 2);
    const first = await isolate(ctx, mirror, { ...batch, rows: packRows(rows.slice(0, middle)) });
    // A change quarantined now holds back later changes of its row, or is replaced by them, like any quarantined
    // change.
    const behind = screenBehind(first.failed, rows.slice(middle));
    const second = await isolate(ctx, mirror, {
      ...batch,
      rows: behind.rows,
      tombstones: [...(batch.tombstones ?? []), ...first.applied.tombstones],
    });
    const dropped = behind.superseded.size;
    return {
      applied: addApplied(addApplied(first.applied, second.applied), {
        ...nothing(),
        counts: { ...noCounts, received: dropped, stale: dropped },
      }),
      failed: [
        ...first.failed.filter((row) => !behind.superseded.has(row)),
        ...behind.held,
        ...second.failed,
      ],
    };
  }
}

/**
 * Applies a batch and respects tombstones. They are looked up only for inserted rows, because only those can be late.
 */
async function applyHeeding(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  { tombstones: fresh = [], ...batch }: Batch,
): Promise<Applied> {
  const attempt = { ...batch, mirror: mirror.name, tombstones: fresh };
  // The app's function rolls back alone, too. Every mutation in between costs an evaluation and a copy of the rows.
  if (mirror.version === undefined || mirror.tombstones === 0) return await write(ctx, attempt);
  try {
    return await ctx.runMutation(internal.write.apply.once, attempt);
  } catch (error) {
    if (ledgerErrorData(error)?.code !== "TombstoneHit") throw error;
    const stored = await findTombstones(ctx, mirror.name, [...keyHashesOf(batch.rows)]);
    return await write(ctx, { ...batch, mirror: mirror.name, tombstones: [...stored, ...fresh] });
  }
}

/**
 * One attempt, which rolls back completely. @throws TombstoneHit when a row that it inserted may have been deleted
 * before.
 */
export const once = internalMutation({
  args: {
    mirror: v.string(),
    rows: vPackedRows,
    match: vMatch,
    tombstones: v.array(vTombstone),
  },
  returns: vApplied,
  handler: async (ctx, batch) => {
    const applied = await write(ctx, batch);
    if ((await findTombstones(ctx, batch.mirror, applied.inserted)).length > 0) {
      throw ledgerError("TombstoneHit", "A row that was deleted before is among those inserted.");
    }
    return applied;
  },
});

/** Has the app write. @throws NotDeclared */
async function write(
  ctx: MutationCtx,
  { mirror: table, ...batch }: Required<Batch> & { mirror: string },
): Promise<Applied> {
  const { handles, secret } = await getApp(ctx);
  return await ctx.runMutation(handles.write as ApplyHandle, {
    secret,
    table,
    apply: { ...batch, at: Date.now() },
  });
}

function nothing(): Applied {
  return { counts: noCounts, rowsDelta: 0, written: 0, delta: { items: [] }, inserted: [], tombstones: [] };
}

function addApplied(a: Applied, b: Applied): Applied {
  return {
    counts: addCounts(a.counts, b.counts),
    rowsDelta: a.rowsDelta + b.rowsDelta,
    written: a.written + b.written,
    delta: addDelta(a.delta, b.delta),
    inserted: [...a.inserted, ...b.inserted],
    tombstones: [...a.tombstones, ...b.tombstones],
    changed: addChanged(a.changed, b.changed),
  };
}
