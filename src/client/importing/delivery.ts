import type { ComponentApi } from "../../../convex/_generated/component.js";
import { ledgerErrorData } from "../../core/wire/errors.js";
import { turnOf } from "../../core/wire/budget.js";
import type { BadRow, Counts, Debt, RowChange } from "../../core/wire/changes.js";
import { addCounts, noCounts } from "../../core/wire/counts.js";
import { chunkRows, MAX_CHUNK_BYTES, MAX_CHUNK_ROWS } from "../../core/wire/chunk.js";
import { packRows } from "../../core/wire/packedRows.js";
import { isTransactionLimit } from "../../core/wire/limitErrors.js";
import { mergeNotes, type Note } from "../../core/rows/problem.js";
import { isTransient } from "../../core/wire/transient.js";
import type { SyncMode } from "../../http/importer.js";
import { sleep } from "../../core/time.js";
import type { RunsFunctions } from "../mirrors.js";
import type { Item } from "./items.js";
import { BUSY_WAIT_MS, MAX_PATIENCE_MS, retryConflicts, unlessBusy } from "./retry.js";

/** What is the same for all chunks of a delivery. */
export interface DeliveryOptions {
  mirror: string;
  keylessRefresh: "content" | "append";
  syncMode?: SyncMode;
  token: string;
  /** Whether it is time to note that the token's connector is sending. */
  touchDue: boolean;
  /** What imports owed to the write budget when the request began. */
  debt: Debt;
  settleAfterMs: number;
  budget: { bytesPerSecond: number };
  run?: string;
  committedAt?: number;
  /** How far the sender has read its source with this delivery. */
  reach?: { upTo?: string; position?: string };
  /** The sender's name for the delivery, when it has one: it is applied once then. */
  delivery?: { identity: string; sequence: number; content: string };
  /**
   * Wait for the write budget, and while the deployment is too busy, instead of passing the refusal on: for connectors
   * that do not retry. An action has ten minutes.
   */
  patient: boolean;
}

/** What became of a delivery. */
export interface Delivered {
  counts: Counts;
  /** Of a delivery with an identity: the first of its quarantined changes. */
  quarantinedKeys: string[];
  /** It had been applied before; this is the answer of then. */
  replayed: boolean;
  syncMode: SyncMode;
  chunks: number;
}

/** How often a request that waits shows that its connector is alive, in milliseconds. */
const SIGN_OF_LIFE_MS = 2_000;

/** A sender that is not kept waiting learns of the write budget with the first of so many bytes: it has sent the rest. */
const ADMITTED_BYTES = 4 * MAX_CHUNK_BYTES;

/** A chunk of so many bytes is noted before it is applied, and waits for its turn. */
const LARGE_BYTES = MAX_CHUNK_BYTES / 4;

/** Applies a delivery, in as many transactions as the platform's limits ask for. */
export async function deliver(
  ctx: RunsFunctions,
  component: ComponentApi,
  items: readonly Item[],
  options: DeliveryOptions,
): Promise<Delivered> {
  const { delivery, patient, touchDue, debt: firstDebt, ...common } = options;
  const done: Delivered = {
    counts: noCounts,
    quarantinedKeys: [],
    replayed: false,
    syncMode: options.syncMode ?? "append_dedup",
    chunks: 0,
  };
  let offset = 0;
  let maxRows: number | undefined;
  let patienceMs = MAX_PATIENCE_MS;
  let debt: Debt | null = firstDebt;
  let admitted = 0;
  let noted = 0;
  if (touchDue) await showLife();
  do {
    const chunk = nextChunk(items, offset, maxRows);
    const { bytes, ...parts } = partsOf(chunk);
    let known: Debt = debt ?? (await ctx.runQuery(component.write.budget.debt, {}));
    debt = null;
    try {
      if (patient && bytes >= LARGE_BYTES && noted === 0) {
        noted = await ctx.runMutation(component.write.budget.note, {
          mirror: options.mirror,
          bytes,
          debt: known,
        });
        known = await ctx.runQuery(component.write.budget.debt, {});
        const turn = Math.min(turnOf(noted, known, options.budget.bytesPerSecond), patienceMs);
        await wait(turn);
        patienceMs -= turn;
      }
      const applied = await retryConflicts(async () =>
        ctx.runMutation(component.ingest.applyChunk, {
          ...common,
          debt: known,
          noted,
          ...parts,
          bytes,
          ...(delivery !== undefined && { place: { ...delivery, size: items.length, offset } }),
        }),
      );
      noted = 0;
      done.chunks += 1;
      done.syncMode = applied.syncMode;
      // The record of a delivery has the sum of its chunks, those of an earlier attempt included.
      done.counts = delivery === undefined ? addCounts(done.counts, applied.counts) : applied.total;
      done.quarantinedKeys = applied.quarantinedKeys;
      if (applied.replayed) return { ...done, replayed: true };
      offset += chunk.length;
      admitted += applied.written;
      if (!patient && admitted < ADMITTED_BYTES) debt = known;
      else admitted = 0;
      if (patient && offset < items.length) await wait(Math.min(applied.waitMs, MAX_PATIENCE_MS));
    } catch (error) {
      const refusal = ledgerErrorData(error);
      if (refusal?.code === "DeliveryMoved") offset = refusal.applied!;
      else if (refusal?.code === "OverBudget" && patient && patienceMs > 0) {
        await wait(refusal.retryAfterMs!);
        patienceMs -= refusal.retryAfterMs!;
      } else if (patient && patienceMs > 0 && isTransient(error)) {
        await wait(BUSY_WAIT_MS);
        patienceMs -= BUSY_WAIT_MS;
      } else if (isTransactionLimit(error) && chunk.length > 1 && maxRows !== 1)
        maxRows = Math.ceil(chunk.length / 2);
      else throw error;
    }
  } while (offset < items.length);
  return done;

  /** Waits, and shows that the connector does: its open refresh would count its silence as the end otherwise. */
  async function wait(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= SIGN_OF_LIFE_MS) {
      await sleep(Math.min(left, SIGN_OF_LIFE_MS));
      await showLife();
    }
  }
  async function showLife(): Promise<void> {
    await unlessBusy(async () =>
      ctx.runMutation(component.tokens.touch, { token: options.token, sending: true }),
    );
  }
}

/** What a transaction is given of its items. */
function partsOf(items: readonly Item[]) {
  const rows: RowChange[] = [];
  const bad: BadRow[] = [];
  const notes: Note[] = [];
  let filtered = 0;
  let bytes = 0;
  for (const item of items) {
    bytes += item.bytes;
    if (item.notes.length > 0) notes.push(...item.notes);
    if (item.row !== undefined) rows.push(item.row);
    else if (item.bad !== undefined) bad.push(item.bad);
    else filtered += 1;
  }
  return { rows: packRows(rows), bad, filtered, notes: mergeNotes(notes), bytes };
}

/** The first items, as many as a transaction takes. One that belongs together with the next is not the last of them. */
function nextChunk(items: readonly Item[], from: number, maxRows: number | undefined): readonly Item[] {
  const [chunk = []] = chunkRows(items.slice(from, from + MAX_CHUNK_ROWS), { maxRows });
  if (chunk.at(-1)?.moves !== true) return chunk;
  return chunk.length > 1 ? chunk.slice(0, -1) : items.slice(from, from + 2);
}
