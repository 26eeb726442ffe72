import fc from "fast-check";
import { expect, test } from "vitest";
import type { Value } from "convex/values";
import { keyHash, rowHash } from "./hash.js";
import { keyText } from "./keyText.js";
import {
  addToSketch,
  emptySketch,
  mergeSketch,
  SKETCH_BYTES,
  type SketchEntry,
  subtractSketch,
} from "./sketch.js";
import { decodeSketch } from "./decodeSketch.js";

/** A row of a mirror that is keyed by `key`. */
interface Item {
  sign: 1 | -1;
  key: Value[];
  content: number;
}

const keyPart = fc.oneof(
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const key = fc.array(keyPart, { minLength: 1, maxLength: 2 });
const item: fc.Arbitrary<Item> = fc.record({ sign: fc.constantFrom(1, -1), key, content: fc.nat() });
const items = (maxLength: number) =>
  fc.uniqueArray(item, { maxLength, selector: ({ key, content }) => keyText([...key, content]) });

function add(sketch: ArrayBuffer, { sign, key, content }: Item): ArrayBuffer {
  addToSketch(sketch, sign, keyHash(key), rowHash({ key, content }), keyText(key));
  return sketch;
}

function sketchOf(all: readonly Item[]): ArrayBuffer {
  return all.reduce(add, emptySketch());
}

function opposite(one: Item): Item {
  return { ...one, sign: one.sign === 1 ? -1 : 1 };
}

function entryOf({ sign, key, content }: Item): SketchEntry {
  const text = keyText(key);
  const isKept = new TextEncoder().encode(text).length < 48;
  return { sign, keyHash: keyHash(key), rowHash: rowHash({ key, content }), key: isKept ? text : null };
}

function sorted(entries: readonly SketchEntry[]): SketchEntry[] {
  return [...entries].sort((a, b) => (a.rowHash < b.rowHash ? -1 : 1));
}

/** Numbers that are the same in every run: a generator of Park and Miller. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647);
}

/** Rows with keys of their own, the same for the same seed. */
function rows(count: number, seed: number, sign: 1 | -1 = 1): Item[] {
  const next = numbers(seed);
  return Array.from({ length: count }, (_, i) => ({
    sign,
    key: [BigInt(seed) * 100000n + BigInt(i)],
    content: next(),
  }));
}

test("differing items are named, with the text of their keys, whatever the rows in common", () => {
  const common = sketchOf(rows(500, 7));
  const withCommon = (some: readonly Item[]) => some.reduce(add, common.slice(0));
  fc.assert(
    fc.property(items(12), (differing) => {
      const a = withCommon(differing.filter(({ sign }) => sign === 1));
      const b = withCommon(differing.filter(({ sign }) => sign === -1).map(opposite));
      const { entries, complete } = decodeSketch(subtractSketch(a, b));
      expect(complete).toBe(true);
      expect(sorted(entries)).toEqual(sorted(differing.map(entryOf)));
    }),
    { seed: 1, numRuns: 60 },
  );
});

test("equal sketches differ in nothing", () => {
  fc.assert(
    fc.property(items(200), (all) => {
      const sketch = sketchOf(all);
      expect(decodeSketch(subtractSketch(sketch, sketch))).toEqual({ entries: [], complete: true });
    }),
    { numRuns: 20 },
  );
});

test("the order of rows does not matter, and merging is commutative and associative", () => {
  fc.assert(
    fc.property(items(20), items(20), items(20), (a, b, c) => {
      const whole = sketchOf([...c, ...b, ...a]);
      expect(mergeSketch(mergeSketch(sketchOf(a), sketchOf(b)), sketchOf(c))).toEqual(whole);
      expect(mergeSketch(sketchOf(a), mergeSketch(sketchOf(b), sketchOf(c)))).toEqual(whole);
      expect(mergeSketch(sketchOf(b), sketchOf(a))).toEqual(mergeSketch(sketchOf(a), sketchOf(b)));
      expect(subtractSketch(whole, sketchOf(c))).toEqual(sketchOf([...a, ...b]));
    }),
    { numRuns: 30 },
  );
});

test("adding a row and taking it out again changes nothing", () => {
  fc.assert(
    fc.property(items(20), item, (all, one) => {
      expect(add(add(sketchOf(all), one), opposite(one))).toEqual(sketchOf(all));
    }),
  );
});

test("merging and subtracting leave what they are given as it was", () => {
  const [a, b] = [sketchOf(rows(3, 1)), sketchOf(rows(3, 2))];
  const before = [a.slice(0), b.slice(0)];
  mergeSketch(a, b);
  decodeSketch(subtractSketch(a, b));
  expect([a, b]).toEqual(before);
});

test("30 edited rows of 2,000 are named, by 60 items", () => {
  const before = rows(2000, 3);
  const edited = before.slice(100, 130);
  const stored = sketchOf(before);
  const after = stored.slice(0);
  for (const one of edited) add(add(after, opposite(one)), { ...one, content: one.content + 1 });
  const { entries, complete } = decodeSketch(subtractSketch(after, stored));
  expect(complete).toBe(true);
  expect(entries).toHaveLength(60);
  const named = new Set(entries.map(({ key }) => key));
  expect(named).toEqual(new Set(edited.map(({ key }) => keyText(key))));
});

test("of 300 differences of 60 items, at most one is not named whole", () => {
  let incomplete = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const next = numbers(seed);
    const sketch = emptySketch();
    for (let i = 0; i < 60; i++) addToSketch(sketch, 1, BigInt(next()), BigInt(next()), null);
    const { entries, complete } = decodeSketch(sketch);
    if (!complete) incomplete++;
    else expect(entries).toHaveLength(60);
  }
  expect(incomplete).toBeLessThanOrEqual(1);
});

test("too many items are not named whole, and those that are named are right", () => {
  for (const count of [140, 160, 200, 1000]) {
    const all = rows(count, 11);
    const { entries, complete } = decodeSketch(sketchOf(all));
    if (count >= 200) expect(complete).toBe(false);
    const expected = new Set(all.map(({ key }) => keyText(key)));
    for (const { sign, key } of entries) expect([sign, expected.has(key!)]).toEqual([1, true]);
  }
});

test("an item that is there twice is not named, nor is anything wrong", () => {
  fc.assert(
    fc.property(items(10), fc.array(item, { minLength: 1, maxLength: 5 }), (others, twice) => {
      const all = [...others, ...twice, ...twice];
      const { entries, complete } = decodeSketch(sketchOf(all));
      const sums = new Map<bigint, number>();
      for (const { sign, key, content } of all) {
        const hash = rowHash({ key, content });
        sums.set(hash, (sums.get(hash) ?? 0) + sign);
      }
      if ([...sums.values()].some((sum) => Math.abs(sum) > 1)) expect(complete).toBe(false);
      const right = all.map(entryOf);
      for (const entry of entries) expect(right).toContainEqual(entry);
    }),
    { seed: 2, numRuns: 100 },
  );
});

test("a copy of a row that is already there is named", () => {
  const [one] = rows(1, 5);
  const difference = subtractSketch(sketchOf([one!, one!, one!]), sketchOf([one!, one!]));
  expect(decodeSketch(difference)).toEqual({ entries: [entryOf(one!)], complete: true });
});

test("hashes may come as Convex's signed integers", () => {
  const [a, b] = [emptySketch(), emptySketch()];
  addToSketch(a, 1, -1n, -2n, null);
  addToSketch(b, 1, 2n ** 64n - 1n, 2n ** 64n - 2n, null);
  expect(a).toEqual(b);
  expect(decodeSketch(a).entries).toEqual([
    { sign: 1, keyHash: 2n ** 64n - 1n, rowHash: 2n ** 64n - 2n, key: null },
  ]);
});

test("the text of a key is kept up to 47 bytes, and never given for another key", () => {
  for (const [length, isKept] of [
    [43, true],
    [44, false],
  ] as const) {
    const sketch = sketchOf([{ sign: -1, key: ["x".repeat(length)], content: 1 }]);
    expect(decodeSketch(sketch).entries[0]!.key !== null).toBe(isKept);
  }
  const lying = emptySketch();
  addToSketch(lying, 1, keyHash(["a"]), 1n, keyText(["b"]));
  expect(decodeSketch(lying).entries[0]!.key).toBeNull();
});

test("an item that was added with its text can be taken out without it", () => {
  const sketch = emptySketch();
  addToSketch(sketch, 1, keyHash(["a"]), 1n, keyText(["a"]));
  addToSketch(sketch, -1, keyHash(["a"]), 1n, null);
  expect(decodeSketch(sketch)).toEqual({ entries: [], complete: true });
});

test("bytes that are no sketch are refused", () => {
  const wrong = new ArrayBuffer(SKETCH_BYTES - 1);
  expect(() => mergeSketch(emptySketch(), wrong)).toThrow(RangeError);
  expect(() => decodeSketch(wrong)).toThrow(RangeError);
  expect(() => {
    addToSketch(wrong, 1, 1n, 1n, null);
  }).toThrow(RangeError);
});
