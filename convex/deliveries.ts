import { v, type Infer } from "convex/values";
import { ledgerError } from "./errors.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import type { MutationCtx } from "./_generated/server.js";
import { now } from "./time.js";
import { addCounts, noCounts, type Counts } from "./validators.js";

/** Keys of quarantined changes that an answer names; the quarantine itself has them all. */
export const MAX_NAMED_KEYS = 20;

/** A chunk's place in a delivery. Connectors without identities (Airbyte's stock one) send none. */
export const vPlace = v.object({
  identity: v.string(),
  sequence: v.number(),
  content: v.string(),
  size: v.number(),
  /** Changes of the delivery that come before this chunk. */
  offset: v.number(),
});
export type Place = Infer<typeof vPlace>;

/**
 * Finds out whether a chunk is the next one of its delivery. Returns the delivery's record: complete when the whole
 * delivery is applied already and only the answer is wanted, null when it is new.
 * @throws OutOfSequence, DeliveryMismatch, DeliveryMoved
 */
export async function claimDelivery(
  ctx: MutationCtx,
  run: Doc<"runs">,
  place: Place,
): Promise<Doc<"deliveries"> | null> {
  const known = await ctx.db
    .query("deliveries")
    .withIndex("by_identity", (q) => q.eq("run", run._id).eq("identity", place.identity))
    .unique();
  if (known === null) {
    await checkSequence(ctx, run, place);
    if (place.offset > 0) throw moved(place, 0);
    return null;
  }
  if (known.content !== place.content || known.sequence !== place.sequence) {
    throw ledgerError(
      "DeliveryMismatch",
      `The delivery "${place.identity}" was sent before with other content or another sequence number. Give every delivery an identity of its own, and resend it unchanged.`,
    );
  }
  if (known.applied < known.size && known.applied !== place.offset) throw moved(place, known.applied);
  return known;
}

async function checkSequence(ctx: MutationCtx, run: Doc<"runs">, place: Place): Promise<void> {
  const expected = run.sequence + 1;
  const begun = await ctx.db
    .query("deliveries")
    .withIndex("by_run", (q) => q.eq("run", run._id).eq("sequence", expected))
    .unique();
  if (place.sequence === expected && begun === null) return;
  const waitsFor = begun === null ? "" : ` It waits for the rest of "${begun.identity}": send that again first.`;
  throw ledgerError(
    "OutOfSequence",
    `The run expects the delivery with sequence ${String(expected)}, not ${String(place.sequence)}.${waitsFor}`,
    { expected },
  );
}

function moved(place: Place, applied: number) {
  return ledgerError(
    "DeliveryMoved",
    `${String(applied)} changes of the delivery "${place.identity}" are applied already; go on behind them.`,
    { applied },
  );
}

/** Notes that a chunk of a delivery is applied. Returns up to where the run is applied whole, and the delivery so far. */
export async function recordDelivery(
  ctx: MutationCtx,
  run: Doc<"runs">,
  place: Place,
  known: Doc<"deliveries"> | null,
  chunk: { changes: number; counts: Counts; quarantinedKeys: string[] },
): Promise<{ sequence: number; total: Counts; quarantinedKeys: string[] }> {
  const applied = place.offset + chunk.changes;
  const progress = {
    applied,
    counts: addCounts(known?.counts ?? noCounts, chunk.counts),
    quarantinedKeys: [...(known?.quarantinedKeys ?? []), ...chunk.quarantinedKeys].slice(0, MAX_NAMED_KEYS),
    appliedAt: now(),
  };
  if (known === null) {
    const { identity, sequence, content, size } = place;
    await ctx.db.insert("deliveries", { run: run._id, mirror: run.mirror, identity, sequence, content, size, ...progress });
  } else {
    await ctx.db.patch("deliveries", known._id, progress);
  }
  return {
    sequence: applied === place.size ? place.sequence : run.sequence,
    total: progress.counts,
    quarantinedKeys: progress.quarantinedKeys,
  };
}

/** Deletes the records of a run's deliveries, a page at a time. Returns whether there may be more. */
export async function dropDeliveries(ctx: MutationCtx, run: Id<"runs">, limit: number): Promise<boolean> {
  const page = await ctx.db
    .query("deliveries")
    .withIndex("by_run", (q) => q.eq("run", run))
    .take(limit);
  for (const delivery of page) await ctx.db.delete("deliveries", delivery._id);
  return page.length === limit;
}
