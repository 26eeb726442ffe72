import { expect, test } from "vitest";
import { keyOf, valueAt } from "./paths.js";

const row = { id: 1n, address: { id: "x", city: null, lines: ["a"] }, empty: {} };

test("values are found at dotted paths, in objects only", () => {
  expect(valueAt(row, "id")).toBe(1n);
  expect(valueAt(row, "address.id")).toBe("x");
  expect(valueAt(row, ["address", "city"])).toBe(null);
  for (const path of [
    "x",
    "id.x",
    "address.lines.0",
    "address.lines.length",
    "address.city.x",
    "empty.constructor",
    "toString",
  ]) {
    expect(valueAt(row, path)).toBeUndefined();
  }
});

test("a key has its values in the order of its paths; null is one, absence is a problem", () => {
  expect(keyOf(row, ["address.id", "id", "address.city"])).toEqual(["x", 1n, null]);
  expect(keyOf(row, ["id", "address.zip"])).toMatchObject({
    code: "MissingPrimaryKeyValue",
    path: "address.zip",
  });
});
