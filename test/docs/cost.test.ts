// @vitest-environment node
import { expect, test, vi } from "vitest";
import { measureMirror, type Costs } from "../../bench/cases.js";
import type { Cost } from "../../bench/count.js";
import { read } from "./pages.js";

/** What docs/cost.md says of a million rows is what is counted. */

const SMALL = 2_000;
const LARGE = 4_000;

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

test("docs/cost.md says what is counted, per million rows", async () => {
  vi.useFakeTimers();
  const [small, large] = [await measureMirror(SMALL), await measureMirror(LARGE)];
  vi.useRealTimers();
  /** Without what each refresh costs once. */
  const perMillion = (name: string, field: keyof Cost) =>
    ((large[name]![field] * LARGE - small[name]![field] * SMALL) / (LARGE - SMALL)) * 1_000;
  const section = /## A million rows\n([\s\S]*?)\n## /.exec(read("docs/cost.md"))![1]!;
  const lines = section.split("\n").filter((line) => /^\| .*\d/.test(line));

  expect(lines).toHaveLength(Object.keys(MEASURED).length);
  for (const line of lines) {
    const [what = "", ...cells] = line.split("|").slice(1, -1);
    const said = cells.map(numberOf);
    for (const [i, column] of COLUMNS.entries()) {
      const counted = perMillion(MEASURED[what.trim()]!, column);
      const place = `${what.trim()}: ${column} is ${String(counted)}, the page says ${String(said[i])}`;
      expect(counted, place).toBeLessThanOrEqual(said[i]! * ROUNDING);
      expect(said[i], place).toBeLessThanOrEqual(counted * STALE);
    }
  }
});
