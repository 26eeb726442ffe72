import { compareValues, type Value } from "convex/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isSame } from "../rows/sameValue.js";
import { canonicalBytes } from "./canonical.js";

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array().map((bytes) => bytes.slice().buffer),
    fc.array(tie("value")),
    fc.dictionary(fc.string({ unit: "grapheme", minLength: 1 }), tie("value")),
  ),
}));

const bytesOf = (of: Value) => String(canonicalBytes(of));

test("bytes are equal when, and only when, Convex takes the values for equal", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(bytesOf(a) === bytesOf(b)).toBe(compareValues(a, b) === 0);
      expect(bytesOf(structuredClone(a))).toBe(bytesOf(a));
    }),
    { numRuns: 500 },
  );
});

test("values are the same when, and only when, Convex takes them for equal", () => {
  const near = (a: Value) =>
    fc.tuple(
      fc.constant(a),
      fc.oneof(value, fc.constantFrom<Value[]>(structuredClone(a), { a }, [a], [a, a])),
    );
  fc.assert(
    fc.property(value.chain(near), ([a, b]) => {
      const equal = compareValues(a, b) === 0;
      expect(isSame(a, b)).toBe(equal);
      expect(isSame({ a }, { a: b })).toBe(equal);
      expect(isSame([a], [b])).toBe(equal);
      expect(isSame({ a }, { a, b })).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test("the order of fields does not matter", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), value), (object) => {
      const reversed = Object.fromEntries(Object.entries(object).reverse());
      expect(bytesOf(reversed)).toBe(bytesOf(object));
    }),
  );
});

test("names sort by UTF-8, where UTF-16 has another order", () => {
  // U+FF61 comes before U+10000 in UTF-8 and after its surrogates in UTF-16.
  expect(Object.keys({ "\uff61": 1, "\u{10000}": 2 }).sort()).toEqual(["\u{10000}", "\uff61"]);
  const text = new TextDecoder().decode(canonicalBytes({ "\u{10000}": null, "\uff61": null }).slice());
  expect(text.indexOf("\uff61")).toBeLessThan(text.indexOf("\u{10000}"));
});

test("every NaN is one, and text of any length and script is its UTF-8", () => {
  const odd = new Float64Array(new BigUint64Array([0xfff8000000000001n]).buffer)[0]!;
  expect(bytesOf(odd)).toBe(bytesOf(NaN));
  for (const text of [
    "",
    "a".repeat(63),
    "a".repeat(64),
    "a".repeat(65),
    `${"a".repeat(63)}é`,
    "é".repeat(5000),
    "😀",
  ]) {
    const utf8 = new TextEncoder().encode(text);
    const bytes = canonicalBytes(text);
    expect(new DataView(bytes.buffer).getUint32(1)).toBe(utf8.length);
    expect(bytes.slice(5)).toEqual(utf8);
  }
});

test("large values grow the buffer, and small ones after them are right", () => {
  expect(canonicalBytes(new ArrayBuffer(2 ** 21)).length).toBe(2 ** 21 + 5);
  expect(canonicalBytes(["x".repeat(2 ** 21), 1]).length).toBe(5 + 5 + 2 ** 21 + 9);
  expect([...canonicalBytes([true])]).toEqual([0x61, 0, 0, 0, 1, 0x74]);
});
