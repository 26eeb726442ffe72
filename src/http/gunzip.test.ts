// @vitest-environment node
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gunzip } from "./gunzip.js";

const MAX = 1024 * 1024;

/** Sometimes compressible, sometimes not. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 60_000 }),
  fc
    .tuple(fc.string({ maxLength: 200 }), fc.nat(500))
    .map(([text, times]) => Buffer.from(text.repeat(times))),
);

test("what gzip packs comes out again, at every level", () => {
  fc.assert(
    fc.property(content, fc.integer({ min: 0, max: 9 }), (bytes, level) => {
      expect(gunzip(gzipSync(bytes, { level }), MAX)).toEqual(new Uint8Array(bytes));
    }),
  );
});

test("a stream that was cut off is corrupt, wherever that was", () => {
  fc.assert(
    fc.property(content, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (bytes, at) => {
      // Nothing, cut off, is nothing: its sum and its length are zeros.
      fc.pre(bytes.length > 0);
      const packed = gzipSync(bytes);
      expect(gunzip(packed.subarray(0, Math.floor(packed.length * at)), MAX)).toBe("corrupt");
    }),
  );
});

test("a stream in which one bit of the content was turned is corrupt", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 5_000 }), fc.nat(), fc.nat(7), (bytes, at, bit) => {
      const packed = gzipSync(bytes, { level: 0 });
      // Behind the headers of gzip and of the block, before the trailer.
      packed[15 + (at % bytes.length)]! ^= 1 << bit;
      expect(gunzip(packed, MAX)).toBe("corrupt");
    }),
  );
});

test("two streams in a row, and what is no stream, are corrupt", () => {
  const packed = gzipSync("a");
  expect(gunzip(Buffer.concat([packed, packed]), MAX)).toBe("corrupt");
  expect(gunzip(Buffer.from('{"run": "r"}'), MAX)).toBe("corrupt");
  expect(gunzip(new Uint8Array(), MAX)).toBe("corrupt");
});

test("a stream may be as large as allowed, and not larger", () => {
  const packed = gzipSync(new Uint8Array(MAX));
  expect(gunzip(packed, MAX)).toHaveLength(MAX);
  expect(gunzip(packed, MAX - 1)).toBe("too large");
  expect(gunzip(gzipSync(new Uint8Array(50 * MAX)), MAX)).toBe("too large");
});
