/** Sums of counts. Apart from their validators, which only functions that take or return counts have to make. */
import type { Counts } from "./changes.js";

export const noCounts: Counts = {
  received: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  stale: 0,
  ignored: 0,
  quarantined: 0,
};

/** Counts as documents keep them that every chunk writes: without those that are 0. */
export type Tally = { [Name in keyof Counts]?: number | undefined };

const NAMES = Object.keys(noCounts) as (keyof Counts)[];

function each(count: (name: keyof Counts) => number): Counts {
  return Object.fromEntries(NAMES.map((name) => [name, count(name)])) as Counts;
}

export function addCounts(a: Tally, b: Tally): Counts {
  return each((name) => (a[name] ?? 0) + (b[name] ?? 0));
}

export function subtractCounts(a: Tally, b: Tally): Counts {
  return each((name) => (a[name] ?? 0) - (b[name] ?? 0));
}

export function countsOf(tally: Tally): Counts {
  return addCounts(noCounts, tally);
}

export function tallyOf(counts: Counts): Partial<Counts> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

/** Whether everything that was received is accounted for. */
export function isConserved(counts: Readonly<Counts>): boolean {
  const { received, ...became } = counts;
  return received === Object.values(became).reduce((sum, count) => sum + count, 0);
}
