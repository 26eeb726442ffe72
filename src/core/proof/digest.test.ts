import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addRow,
  bucketOf,
  BUCKETS,
  decodeDigest,
  differingBuckets,
  emptyDigest,
  encodeDigest,
  merge,
  removeRow,
  rowCount,
  type Digest,
} from "./digest.js";

const hash = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const row = fc.tuple(hash, hash);
const rows = fc.array(row, { maxLength: 200 });

function digestOf(all: readonly (readonly [bigint, bigint])[]): Digest {
  const digest = emptyDigest();
  for (const [key, value] of all) addRow(digest, key, value);
  return digest;
}

test("the order of rows does not matter", () => {
  fc.assert(
    fc.property(
      rows.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        expect(digestOf(shuffled)).toEqual(digestOf(all));
      },
    ),
  );
});

test("adding a row and taking it out again changes nothing", () => {
  fc.assert(
    fc.property(rows, row, (all, [key, value]) => {
      const digest = digestOf(all);
      expect(removeRow(addRow(digest, key, value), key, value)).toEqual(digestOf(all));
    }),
  );
});

test("the differences of batches add up to the digest of the whole, in any grouping", () => {
  fc.assert(
    fc.property(rows, rows, rows, (a, b, c) => {
      const whole = digestOf([...a, ...b, ...c]);
      expect(merge(merge(digestOf(a), digestOf(b)), digestOf(c))).toEqual(whole);
      expect(merge(digestOf(a), merge(digestOf(b), digestOf(c)))).toEqual(whole);
      expect(merge(digestOf(b), digestOf(a))).toEqual(digestOf([...a, ...b]));
    }),
  );
});

test("a difference may take out rows that it has not seen", () => {
  fc.assert(
    fc.property(rows, rows, (kept, gone) => {
      const delta = emptyDigest();
      for (const [key, value] of gone) removeRow(delta, key, value);
      expect(merge(digestOf([...kept, ...gone]), delta)).toEqual(digestOf(kept));
    }),
  );
});

test("encoding keeps everything, negative counts too", () => {
  fc.assert(
    fc.property(rows, rows, (added, removed) => {
      const digest = digestOf(added);
      for (const [key, value] of removed) removeRow(digest, key, value);
      const encoded = encodeDigest(digest);
      expect(encoded.byteLength).toBe(768);
      expect(decodeDigest(encoded)).toEqual(digest);
    }),
  );
});

test("a changed row shows in its bucket and in no other", () => {
  fc.assert(
    fc.property(rows, hash, hash, hash, (all, key, before, after) => {
      fc.pre(before !== after);
      const a = addRow(digestOf(all), key, before);
      const b = addRow(digestOf(all), key, after);
      expect(differingBuckets(a, b)).toEqual([bucketOf(key)]);
      expect(differingBuckets(a, a)).toEqual([]);
      expect(rowCount(a)).toBe(all.length + 1);
    }),
  );
});

test("the bucket is the highest 6 bits of the key hash, also of one that was stored as a signed integer", () => {
  expect(bucketOf(0n)).toBe(0);
  expect(bucketOf((1n << 58n) - 1n)).toBe(0);
  expect(bucketOf(1n << 58n)).toBe(1);
  expect(bucketOf(2n ** 64n - 1n)).toBe(BUCKETS - 1);
  expect(bucketOf(-1n)).toBe(BUCKETS - 1);
});

test("bytes that are no digest are refused", () => {
  expect(() => decodeDigest(new ArrayBuffer(767))).toThrow(RangeError);
});
