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

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    received: a.received + b.received,
    inserted: a.inserted + b.inserted,
    updated: a.updated + b.updated,
    unchanged: a.unchanged + b.unchanged,
    deleted: a.deleted + b.deleted,
    stale: a.stale + b.stale,
    ignored: a.ignored + b.ignored,
    quarantined: a.quarantined + b.quarantined,
  };
}

/** Whether everything that was received is accounted for. */
export function isConserved(counts: Readonly<Counts>): boolean {
  const { received, ...became } = counts;
  return received === Object.values(became).reduce((sum, count) => sum + count, 0);
}
