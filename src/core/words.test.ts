import { expect, test } from "vitest";
import { count, number } from "./words.js";

test.each([
  [0, "0"],
  [999, "999"],
  [1_000, "1,000"],
  [-13_011, "-13,011"],
  [1_234_567.891, "1,234,567.891"],
])("%d is %s", (value, text) => {
  expect(number(value)).toBe(text);
});

test("one is singular, everything else plural", () => {
  expect([0, 1, 2_000].map((value) => count(value, "row"))).toEqual(["0 rows", "1 row", "2,000 rows"]);
});
