/**
 * Deliveries that are applied. Writes `deliveries`: those of one run, whose sender sends one after another. Only runs
 * that have ended are pruned.
 */
import { v, type Infer } from "convex/values";
import { ledgerError } from "../../src/core/wire/errors.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import type { Counts } from "../../src/core/wire/changes.js";
import { addCounts, noCounts, tallyOf } from "../../src/core/wire/counts.js";

/**
 * Applied deliveries of a run that are remembered. A sender waits for each answer before it sends the next, so that it
 * only ever asks about the last; a run that continues for months must not fill the table.
 */
const KEPT_PER_RUN = 100;

/** Keys of quarantined changes that an answer names; the quarantine itself has them all. */
const MAX_NAMED_KEYS = 20;

/** Characters that those keys may have together: they are a part of a document. */
const MAX_NAMED_LENGTH = 64 * 1024;

/** The first keys, as many as an answer names. */
export function namedKeys(keys: readonly string[]): string[] {
  let length = 0;
  return keys
    .slice(0, MAX_NAMED_KEYS)
    .filter((key) => length + key.length <= MAX_NAMED_LENGTH && (length += key.length) >= 0);
}

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
 * The record of a delivery that has been seen before, or null.
 * @throws DeliveryMismatch when its name was given to another delivery of the run.
 */
export async function findDelivery(
  ctx: MutationCtx,
  mirror: Doc<"mirrors">,
  run: Id<"runs"> | undefined,
  place: Place,
): Promise<Doc<"deliveries"> | null> {
  if (run === undefined) return null;
  const known = await ctx.db
    .query("deliveries")
    .withIndex("by_identity", (q) => q.eq("run", run).eq("identity", place.identity))
    .unique();
  if (known === null) return null;
  // A run of another mirror: the caller may not be allowed to see it.
  if (run !== mirror.run && (await ctx.db.get("runs", run))?.mirror !== mirror.name) return null;
  if (known.content === place.content && known.sequence === place.sequence) return known;
  throw ledgerError(
    "DeliveryMismatch",
    `The delivery "${place.identity}" was sent before with other content or another sequence number. Give every delivery an identity of its own, and resend it unchanged.`,
  );
}

/** The delivery of a run with that sequence number, or null. */
export async function deliveryAt(
  ctx: MutationCtx,
  run: Id<"runs">,
  sequence: number,
): Promise<Doc<"deliveries"> | null> {
  return await ctx.db
    .query("deliveries")
    .withIndex("by_run", (q) => q.eq("run", run).eq("sequence", sequence))
    .unique();
}

/**
 * Makes sure that a chunk is the next one of its run, and of its delivery.
 * @throws OutOfSequence, DeliveryMoved
 */
export function claimDelivery(run: Doc<"runs">, place: Place, known: Doc<"deliveries"> | null): void {
  if (known === null) checkSequence(run, place);
  const applied = known?.part?.applied ?? 0;
  if (applied !== place.offset) throw moved(place, applied);
}

function checkSequence(run: Doc<"runs">, place: Place): void {
  const expected = run.sequence + 1;
  const { begun } = run;
  if (place.sequence === expected && begun === undefined) return;
  const waitsFor = begun === undefined ? "" : ` It waits for the rest of "${begun}": send that again first.`;
  throw ledgerError(
    "OutOfSequence",
    `The run expects the delivery with sequence ${String(expected)}, not ${String(place.sequence)}${begun === undefined ? "" : ` named "${place.identity}"`}.${waitsFor}`,
    { expected },
  );
}

function moved(place: Place, applied: number) {
  return ledgerError(
    "DeliveryMoved",
    `${String(applied)} changes of the delivery "${place.identity}" are already applied; continue after them.`,
    { applied },
  );
}

/**
 * Records that a chunk of a delivery is applied. Returns the last completely applied delivery of the run, and this
 * delivery so far.
 */
export async function recordDelivery(
  ctx: MutationCtx,
  run: Doc<"runs">,
  place: Place,
  known: Doc<"deliveries"> | null,
  chunk: { changes: number; counts: Counts; quarantinedKeys: string[] },
): Promise<{ place: Pick<Doc<"runs">, "sequence" | "begun">; total: Counts; quarantinedKeys: string[] }> {
  const { identity, sequence, content, size } = place;
  const applied = place.offset + chunk.changes;
  const whole = applied === size;
  const total = addCounts(known?.counts ?? noCounts, chunk.counts);
  const quarantinedKeys = namedKeys([...(known?.quarantinedKeys ?? []), ...chunk.quarantinedKeys]);
  const record = {
    run: run._id,
    identity,
    sequence,
    content,
    ...(!whole && { part: { size, applied } }),
    counts: tallyOf(total),
    ...(quarantinedKeys.length > 0 && { quarantinedKeys }),
  };
  // In place of the one that is forgotten: a write less than to delete that.
  const forgotten = known === null && sequence > KEPT_PER_RUN;
  const stored = forgotten ? await deliveryAt(ctx, run._id, sequence - KEPT_PER_RUN) : known;
  if (stored === null) await ctx.db.insert("deliveries", record);
  else await ctx.db.replace("deliveries", stored._id, record);
  return {
    place: whole ? { sequence, begun: undefined } : { sequence: run.sequence, begun: identity },
    total,
    quarantinedKeys,
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
