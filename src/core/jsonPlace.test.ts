import { expect, test } from "vitest";
import { jsonPlace } from "./jsonPlace.js";

test.each([
  ["", "it is empty"],
  [" \n", "it is empty"],
  ['{ "a": 1', "it ends too early"],
  ["{\n", "it ends too early"],
  ['{ "a": secret }', "line 1, column 8"],
  ['{\n  "a": 1,\n}', "line 3, column 1"],
  ["{} x", "line 1, column 4"],
  ['{\r\n "a" 1}', "line 2, column 6"],
])("%j: %s", (text, place) => {
  expect(() => JSON.parse(text) as unknown).toThrow();
  expect(jsonPlace(text)).toBe(place);
});
