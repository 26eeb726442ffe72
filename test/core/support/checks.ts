import { expect } from "vitest";
import { addRow, decodeDigest, differingBuckets, emptyDigest } from "../../../src/core/proof/digest.js";
import { keyHash, rowHash } from "../../../src/core/proof/hash.js";
import { keyText } from "../../../src/core/proof/keyText.js";
import { addToSketch, emptySketch, subtractSketch } from "../../../src/core/proof/sketch.js";
import { decodeSketch } from "../../../src/core/proof/decodeSketch.js";
import type { Counts } from "../../../src/core/wire/changes.js";
import { countsOf } from "../../../src/core/wire/counts.js";
import type { Row, Stage } from "./world.js";
import type { Value } from "convex/values";

/** received = inserted + updated + unchanged + deleted + stale + ignored + quarantined. */
export function expectCountsConserved(counts: Counts, what: string): void {
  const { received, inserted, updated, unchanged, deleted, stale, ignored, quarantined } = counts;
  expect(received, `received, of ${what}: ${JSON.stringify(counts)}`).toBe(
    inserted + updated + unchanged + deleted + stale + ignored + quarantined,
  );
}

/** The conservation law, for every delivery, every run and the mirror, and the number of its rows. */
export async function expectConserved(world: Stage, name: string): Promise<void> {
  const mirror = await world.mirror(name);
  const documents = await world.documents(name);
  expectCountsConserved(mirror.total, `the mirror ${name}`);
  for (const run of await world.ledger("runs"))
    expectCountsConserved(countsOf(run.counts), `a run of ${run.mirror}`);
  for (const delivery of await world.ledger("deliveries")) {
    const counts = countsOf(delivery.counts);
    expectCountsConserved(counts, `the delivery ${delivery.identity}`);
    const { applied = counts.received } = delivery.part ?? {};
    expect(counts.received, `received, of the delivery ${delivery.identity}`).toBe(applied);
  }
  const { inserted, deleted } = mirror.total;
  const hardDeleted = mirror.deletes === "hard" ? deleted : 0;
  expect(mirror.rows, `rows of ${name}`).toBe(documents.length);
  expect(mirror.rows, `rows of ${name} by its counters`).toBe(
    inserted - hardDeleted - mirror.removed + mirror.copied,
  );
  const waiting = (await world.ledger("quarantine")).filter((entry) => entry.mirror === name);
  expect(mirror.quarantined, `changes of ${name} that wait`).toBe(waiting.length);
  const reasons = (await world.ledger("quarantineReasons")).filter((entry) => entry.mirror === name);
  const sums: Record<string, number> = {};
  for (const { reason } of waiting) sums[reason] = (sums[reason] ?? 0) + 1;
  const counted = Object.fromEntries(reasons.map(({ reason, changes }) => [reason, changes]));
  expect(counted, `quarantined changes of ${name}, by reason`).toEqual(sums);
}

/** The stored digest and sketch are those of the rows. */
export async function expectDigestInStep(
  world: Stage,
  name: string,
  keyFields: readonly string[],
): Promise<void> {
  const stored = await world.digest(name);
  const digest = emptyDigest();
  const sketch = emptySketch();
  for (const row of await world.rows(name)) {
    const key = keyFields.map((field) => row[field] as Value);
    addRow(digest, keyHash(key), rowHash(row as Record<string, Value>));
    addToSketch(sketch, 1, keyHash(key), rowHash(row as Record<string, Value>), keyText(key));
  }
  expect(differingBuckets(digest, decodeDigest(stored.digest)), `differing buckets of ${name}`).toEqual([]);
  const difference = decodeSketch(subtractSketch(sketch, stored.sketch));
  expect(difference, `difference of the sketches of ${name}`).toEqual({ entries: [], complete: true });
}

/** Rows by a field, for comparing without regard to order. */
export function sorted(rows: readonly Row[], field = "id"): Row[] {
  const text = (row: Row) => JSON.stringify([row[field], row]);
  return [...rows].sort((a, b) =>
    typeof a[field] === "number" && typeof b[field] === "number" && a[field] !== b[field]
      ? a[field] - b[field]
      : text(a) < text(b)
        ? -1
        : 1,
  );
}
