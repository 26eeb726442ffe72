// @vitest-environment node
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { measureMirror, type Costs } from "../../bench/cases.js";
import type { Cost } from "../../bench/count.js";
import { read } from "../docs/pages.js";

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

/** The rows of the page's first table, and the measurement of each. */
const MEASURED: Record<string, keyof Costs> = {
  new: "insert",
  changed: "changed",
  unchanged: "unchanged",
  deleted: "delete",
  "a full refresh, unchanged": "refresh, unchanged",
};

const COLUMNS = ["calls", "mirrorWrites", "ledgerWrites", "ledgerBytes", "documentsRead"] as const;

/** The page rounds. */
const ROUNDING = 1.05;

/** What became cheaper need not rewrite the page at once; what costs half of what it says should. */
const STALE = 2;

/** "17 MB" and "1,000,000" as numbers. */
function numberOf(text: string): number {
  const [, digits = "", unit] = /^([\d,]+)( MB)?$/.exec(text.trim()) ?? [];
  return Number(digits.replaceAll(",", "")) * (unit === undefined ? 1 : 1e6);
}

test("docs/cost.md says what is counted, per million rows", () => {
  const section = /## A million rows\n([\s\S]*?)\n## /.exec(read("docs/cost.md"))![1]!;
  const lines = section.split("\n").filter((line) => /^\| .*\d/.test(line));

  expect(lines).toHaveLength(Object.keys(MEASURED).length);
  for (const line of lines) {
    const [what = "", ...cells] = line.split("|").slice(1, -1);
    const said = cells.map(numberOf);
    for (const [i, column] of COLUMNS.entries()) {
      const counted = marginal(MEASURED[what.trim()]!)[column] * 1_000;
      const place = `${what.trim()}: ${column} is ${String(counted)}, the page says ${String(said[i])}`;
      expect(counted, place).toBeLessThanOrEqual(said[i]! * ROUNDING);
      expect(said[i], place).toBeLessThanOrEqual(counted * STALE);
    }
  }
});
