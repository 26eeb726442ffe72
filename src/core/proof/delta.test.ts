import fc from "fast-check";
import { convexToJson, type Value } from "convex/values";
import { expect, test } from "vitest";
import { addDelta, decodeItems, deltaOf, encodeItems, noSums, sumsOf, type ChangedItem } from "./delta.js";

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const items = fc.array(
  fc.record({ sign: fc.constantFrom(1, -1), keyHash: int64, rowHash: int64, key: fc.string() }),
  { maxLength: 150 },
);

const itemOf = (i: number): ChangedItem => ({
  sign: 1,
  keyHash: BigInt(i) << 40n,
  rowHash: BigInt(i),
  key: `[${String(i)}]`,
});

test("few changes and many add up to the same, in whatever parts", () => {
  fc.assert(
    fc.property(items, fc.nat(150), (all, cut) => {
      const whole = sumsOf({ items: all });
      expect(sumsOf(deltaOf(all))).toEqual(whole);
      expect(addDelta(deltaOf(all.slice(0, cut)), deltaOf(all.slice(cut)))).toEqual(whole);
      expect(addDelta(noSums(), whole)).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});

test("few changes are small on their way, and many no larger than their sums", () => {
  const bytes = (count: number) => {
    const delta = deltaOf(Array.from({ length: count }, (_, i) => itemOf(i)));
    return JSON.stringify(convexToJson(delta as unknown as Value)).length;
  };
  expect(bytes(0)).toBeLessThan(20);
  expect(bytes(2)).toBeLessThan(300);
  expect(bytes(64)).toBeLessThan(bytes(1000));
  expect(bytes(1000)).toBe(bytes(65));
});

test("changes that were written as bytes add up to the same", () => {
  const key = fc.oneof(fc.string({ unit: "grapheme", maxLength: 60 }), fc.constant(null));
  const row = fc.record({ keyHash: int64, key, before: int64, now: int64 });
  fc.assert(
    fc.property(items, fc.array(row, { maxLength: 20 }), (some, edited) => {
      const all: ChangedItem[] = [
        ...some,
        ...edited.flatMap(({ keyHash, key, before, now }) => [
          { sign: -1, keyHash, rowHash: before, key },
          { sign: 1, keyHash, rowHash: now, key },
        ]),
      ];
      expect(sumsOf({ items: decodeItems(encodeItems(all)) })).toEqual(sumsOf({ items: all }));
    }),
    { numRuns: 100 },
  );
});

test("an edited row has its key once", () => {
  const [keyHash, key] = [1n, "[1]"];
  const edited = encodeItems([
    { sign: -1, keyHash, rowHash: 2n, key },
    { sign: 1, keyHash, rowHash: 3n, key },
  ]);
  expect(edited.byteLength).toBe(1 + 8 + 1 + key.length + 8 + 1 + 8);
});
