// @vitest-environment node
import { expect, test, vi } from "vitest";
import { Meter } from "./meter.js";
import { makeReport, type MirrorStatus } from "./report.js";

const status: MirrorStatus = {
  name: "flights",
  state: "upToDate",
  reason: "Everything received is applied.",
  rows: 8,
  removed: 0,
  total: {
    received: 12,
    inserted: 9,
    updated: 1,
    unchanged: 1,
    deleted: 1,
    stale: 0,
    ignored: 0,
    quarantined: 0,
  },
};
const expected = { sent: { flights: 12, measurements: 0 }, rows: { flights: 8, measurements: 0 } };

function problemsOf(change: Partial<MirrorStatus>): string[] {
  return makeReport([{ ...status, ...change }], expected, new Meter(), new Meter()).problems;
}

test("a mirror that accounts for all it received is in order", () => {
  const { report, problems } = makeReport([status], expected, new Meter(), new Meter());
  expect(problems).toEqual([]);
  expect(report.ok).toBe(true);
  expect(report.mirrors).toEqual({ flights: { ...status.total, removed: 0, rows: 8 } });
});

test.each<[string, Partial<MirrorStatus>, RegExp]>([
  [
    "a change that became of nothing",
    { total: { ...status.total, unchanged: 0 } },
    /12 changes received, 11 accounted/,
  ],
  [
    "a change that never arrived",
    { total: { ...status.total, received: 11, unchanged: 0 } },
    /12 changes were sent, 11/,
  ],
  ["a row too many", { rows: 9 }, /9 rows, but the source has 8/],
  ["a row that nothing inserted", { rows: 9 }, /inserted - deleted - removed is 8/],
  ["a mirror that failed", { state: "failed", reason: "no" }, /has failed: no/],
  ["another mirror", { name: "airports" }, /flights: not in the registry/],
])("%s is a problem", (_name, change, problem) => {
  expect(problemsOf(change).join("; ")).toMatch(problem);
});

test("a rate over a part interpolates between requests", () => {
  const clock = [0, 1000, 1500, 2500];
  const now = vi.spyOn(performance, "now").mockImplementation(() => clock.shift()!);
  const meter = new Meter();
  for (const rows of [100, 100, 200]) meter.add(rows);
  now.mockRestore();
  expect([meter.rows, meter.seconds, meter.rate()]).toEqual([400, 2.5, 160]);
  expect(meter.rate(0, 0.1)).toBeCloseTo(100);
  expect(meter.rate(0.9, 1)).toBeCloseTo(200);
});
