import { MAX_CHUNK_BYTES } from "./chunk.js";
import type { Debt, Spending } from "./changes.js";

/**
 * The write budget of all imports: a bucket that fills by `bytesPerSecond`, with no document of its own. Each run keeps
 * in its own document what it has written lately, and an action reads those of all runs before a chunk. So no two
 * senders write the same document, and what they owe together is known but for the chunks that are under way.
 *
 * A run's document also has what all imports owed a few seconds before, so that the writes of the last seconds are all
 * that has to be kept and read. A large chunk is noted before it begins, because others cannot see it before it commits.
 */

type Owed = Debt["now"];

/** A transaction has committed by then: what is older than this is known for certain. In milliseconds. */
const SETTLED_AFTER_MS = 5_000;

/** Writes closer together than this are kept as one: large ones, and such as come to little together. */
const GRAIN_MS = { large: 250, small: 2_500 };
const SMALL_BYTES = 64 * 1024;

/** What is owed while nobody has written. */
export const noDebt: Debt = { now: { at: 0, bytes: 0 }, settled: { at: 0, bytes: 0 } };

/** How much may be owed before anybody has to wait: a second's worth, and a chunk at least. */
export function capacityOf(bytesPerSecond: number): number {
  return Math.max(bytesPerSecond, MAX_CHUNK_BYTES);
}

/** What is left of a debt at a later moment. */
export function owedLater({ at, bytes }: Debt["now"], bytesPerSecond: number, nowMs: number): number {
  return Math.max(0, bytes - (bytesPerSecond * Math.max(0, nowMs - at)) / 1_000);
}

/** What all imports owe, from the spending of runs, the last that wrote first. Reads no further than it has to. */
export async function debtOf(
  runs: AsyncIterable<Spending> | Iterable<Spending>,
  bytesPerSecond: number,
  nowMs: number,
): Promise<Debt> {
  let from = noDebt.settled;
  const writes: Owed[] = [];
  for await (const spending of runs) {
    if (spending.at <= from.at) break;
    const [settled = noDebt.settled, ...own] = owedOf(spending);
    if (settled.at > from.at) from = settled;
    writes.push(...own);
  }
  const start = from;
  writes.sort((a, b) => a.at - b.at);
  const owedAt = (until: number) => {
    let owed = start;
    for (const write of writes) {
      if (write.at <= start.at || write.at > until) continue;
      owed = { at: write.at, bytes: owedLater(owed, bytesPerSecond, write.at) + write.bytes };
    }
    return { at: until, bytes: owedLater(owed, bytesPerSecond, until) };
  };
  return { now: owedAt(nowMs), settled: owedAt(Math.max(start.at, nowMs - SETTLED_AFTER_MS)) };
}

/** A run's spending with what it writes now. */
export function spendingWith(
  spending: Spending | undefined,
  debt: Debt,
  bytes: number,
  nowMs: number,
): Spending {
  const [before = debt.settled, ...own] = spending === undefined ? [] : owedOf(spending);
  const settled = debt.settled.at > before.at ? debt.settled : before;
  const writes = own.filter(({ at }) => at > settled.at);
  const last = writes.at(-1);
  const isSmall = (last?.bytes ?? 0) + bytes <= SMALL_BYTES;
  const joined = last !== undefined && nowMs - last.at < GRAIN_MS[isSmall ? "small" : "large"];
  const now = joined
    ? [...writes.slice(0, -1), { at: last.at, bytes: last.bytes + bytes }]
    : [...writes, { at: nowMs, bytes }];
  return { at: nowMs, owed: [settled, ...now].flatMap((each) => [each.at, each.bytes]) };
}

/** What was settled, and the writes since. */
function owedOf({ owed }: Spending): Owed[] {
  return Array.from({ length: owed.length / 2 }, (_, i) => ({ at: owed[2 * i]!, bytes: owed[2 * i + 1]! }));
}

/**
 * When it is the turn of a chunk that was noted before this debt was read, in milliseconds from then: as soon as what was
 * noted before it is written, but for one chunk. So large chunks begin one after the other, at the pace of the budget.
 */
export function turnOf(noted: number, { now }: Debt, bytesPerSecond: number): number {
  return (Math.max(0, now.bytes - noted - MAX_CHUNK_BYTES) / bytesPerSecond) * 1_000;
}

/** The write budget as the component tells it: what fills by `bytesPerSecond` up to `capacity`, from `at` on. */
export interface BudgetBalance {
  bytesPerSecond: number;
  capacity: number;
  /** In bytes; below 0 it is owed. */
  balance: number;
  /** In milliseconds. */
  at: number;
}

/** The write budget, and how much of it imports use. */
export interface BudgetUse {
  /** What all imports together may write. */
  bytesPerSecond: number;
  /** 0: no recent writes. 1: imports write as much as they may. More: they wait until the budget recovers. */
  usedShare: number;
}

/** How much of the write budget is in use now. */
export function budgetUse(
  { balance, bytesPerSecond, capacity, at }: BudgetBalance,
  nowMs: number,
): BudgetUse {
  const filledSince = Math.max(0, (nowMs - at) / 1000) * bytesPerSecond;
  const used = 1 - Math.min(balance + filledSince, capacity) / capacity;
  return { bytesPerSecond, usedShare: Math.round(used * 1_000) / 1_000 };
}
