// @vitest-environment node
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { measureMirror, type Costs } from "../../bench/cases.js";
import type { Cost } from "../../bench/count.js";

const SMALL = 2_000;
const LARGE = 4_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Costs per 1,000 rows, sent as deliveries of 2,000. */
let small: Costs;
let large: Costs;

beforeAll(async () => {
  vi.useFakeTimers();
  small = await measureMirror(SMALL);
  large = await measureMirror(LARGE);
  vi.useRealTimers();
});

/** What 1,000 rows more cost a refresh: without what each refresh costs once. */
function marginal(name: string): Cost {
  const between = (field: keyof Cost) =>
    (large[name]![field] * LARGE - small[name]![field] * SMALL) / (LARGE - SMALL);
  const fields = Object.keys(small[name]!) as (keyof Cost)[];
  return Object.fromEntries(fields.map((field) => [field, between(field)])) as unknown as Cost;
}

describe("1,000 rows cost", () => {
  test("COST-1: no write in the mirror and one index range each, when they are as they were", () => {
    expect(large.unchanged).toMatchObject({ mirrorWrites: 0, mirrorBytes: 0 });
    expect(large.unchanged!.ranges).toBeLessThanOrEqual(1_010);
    expect(large.unchanged!.ledgerWrites).toBeLessThanOrEqual(4);
  });

  test("COST-2: one write in the mirror and two index ranges each, when they changed, one range when they are new", () => {
    expect(large.changed!.mirrorWrites).toBe(1_000);
    expect(large.changed!.ranges).toBeLessThanOrEqual(2_010);
    expect(large.insert!.mirrorWrites).toBe(1_000);
    expect(large.insert!.ranges).toBeLessThanOrEqual(1_010);
    expect(large.changed!.ledgerWrites).toBeLessThanOrEqual(6);
  });

  test("COST-3: three function calls", () => {
    for (const name of ["insert", "changed", "unchanged", "delete"])
      expect(large[name]!.calls).toBeLessThanOrEqual(3);
    expect(marginal("refresh, unchanged").calls).toBeLessThanOrEqual(3);
  });

  test("COST-4: as much in a large mirror as in a small one", () => {
    for (const name of ["insert", "changed", "unchanged", "delete"]) {
      for (const field of ["calls", "ranges", "documentsRead", "mirrorWrites", "ledgerWrites"] as const) {
        expect(large[name]![field], `${field} of ${name}`).toBeCloseTo(small[name]![field], 5);
      }
    }
  });

  test("COST-5: a refresh of unchanged rows no write in the mirror, and eight documents in the ledger at most", () => {
    expect(large["refresh, unchanged"]).toMatchObject({ mirrorWrites: 0, mirrorBytes: 0 });
    expect(marginal("refresh, unchanged").ledgerWrites).toBeLessThanOrEqual(8);
    expect(marginal("refresh, unchanged").ranges).toBeLessThanOrEqual(1_016);
    expect(large["refresh, 1 % changed"]!.mirrorWrites).toBe(10);
  });
});
