import { expect, test } from "vitest";
import { noCounts } from "../core/wire/counts.js";
import { plotPath, seriesOf } from "./Plot.js";

const SIZE = { width: 100, height: 10 };

test("a value holds until the next is known, above an axis at 0", () => {
  const points = [
    { at: 1_000, value: 5 },
    { at: 1_500, value: 10 },
    { at: 2_000, value: 0 },
  ];
  expect(plotPath(points, SIZE)).toEqual({
    line: "M0 5H50V0H100V10",
    area: "M0 5H50V0H100V10V10H0Z",
    from: 1_000,
    to: 2_000,
    first: 5,
    last: 0,
    highest: 10,
  });
});

test("nothing is plotted where all is 0", () => {
  expect(
    plotPath(
      [0, 1].map((at) => ({ at, value: 0 })),
      SIZE,
    ),
  ).toBeNull();
});

const MINUTE = 60_000;
const sample = (minute: number, rows: number, lagMs: number | null = null) => ({
  at: new Date(minute * MINUTE).toISOString(),
  rows,
  received: rows,
  quarantined: 0,
  lagMs,
});
const mirror = {
  rows: 500,
  lagMs: 40,
  lastAppliedAt: new Date(2.5 * MINUTE).toISOString(),
  total: { ...noCounts, received: 500 },
};
const series = (view: "rows" | "throughput" | "lag") =>
  seriesOf(view, [sample(1, 100, 20), sample(2, 300)], mirror, 10 * MINUTE).map(({ at, value }) => [
    at / MINUTE,
    value,
  ]);

test("the current value begins when the last change was applied, not now", () => {
  expect(series("rows")).toEqual([
    [1, 100],
    [2, 300],
    [2.5, 500],
    [10, 500],
  ]);
});

test("throughput is what came between two points, per minute; nothing since", () => {
  expect(series("throughput")).toEqual([
    [1, 200],
    [2, 400],
    [2.5, 0],
    [10, 0],
  ]);
});

test("lag ends with the last delivery: nobody knows it after", () => {
  expect(series("lag")).toEqual([
    [1, 20],
    [2.5, 40],
  ]);
});

test("one moment is nothing to see", () => {
  expect(plotPath([], SIZE)).toBeNull();
  expect(plotPath([{ at: 1, value: 3 }], SIZE)).toBeNull();
  expect(
    plotPath(
      [1, 1].map((at) => ({ at, value: 3 })),
      SIZE,
    ),
  ).toBeNull();
});
