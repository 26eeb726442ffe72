import { expect, test } from "vitest";
import { plotPath } from "./RowsPlot.js";

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
    highest: 10,
  });
});

test("an empty mirror lies on the axis", () => {
  expect(
    plotPath(
      [0, 1].map((at) => ({ at, value: 0 })),
      SIZE,
    )?.line,
  ).toBe("M0 10H100V10");
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
