import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "./values.js";
import { isWellFormed, jsonText, makeWellFormed, sampleOf, shorten, shortenToBytes } from "./text.js";

const anyText = fc
  .string({ unit: "binary", maxLength: 120 })
  .map((text) => text + (text.length % 3 === 0 ? "\ud800" : ""));

test("well-formed is what the language says it is", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      // UTF-8 cannot carry half a pair: what comes back from it differs exactly then.
      const carried = new TextDecoder().decode(new TextEncoder().encode(`.${text}`)).slice(1);
      expect(isWellFormed(text)).toBe(carried === text);
      expect(makeWellFormed(text)).toBe(carried);
    }),
  );
});

test("a shortened text is short, well-formed, and a beginning of the whole", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 2, max: 90 }), (text, length) => {
      const short = shorten(text, length);
      expect(short.length).toBeLessThanOrEqual(length);
      expect(isWellFormed(short)).toBe(true);
      expect(makeWellFormed(text).startsWith(short.replace(/…$/, ""))).toBe(true);
    }),
  );
  expect(shorten("ab😀cd", 4)).toBe("ab…");
});

test("a text shortened to bytes has no more of them, is well-formed, and a beginning of the whole", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 3, max: 200 }), (text, bytes) => {
      const short = shortenToBytes(text, bytes);
      const whole = makeWellFormed(text);
      const size = (of: string) => new TextEncoder().encode(of).length;
      expect(size(short)).toBeLessThanOrEqual(bytes);
      expect(isWellFormed(short)).toBe(true);
      if (size(whole) <= bytes) expect(short).toBe(whole);
      else expect(whole.startsWith(short.slice(0, -1)) && short.endsWith("…")).toBe(true);
    }),
  );
  expect(shortenToBytes("a😀cd", 6)).toBe("a…");
});

test("a sample is never longer than 80 characters, however large the value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (json) => {
      expect(sampleOf(json as Json).length).toBeLessThanOrEqual(80);
      expect(isWellFormed(sampleOf(json as Json))).toBe(true);
    }),
  );
  const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as Json;
  expect(sampleOf(deep)).toBe("[[[…]]]");
  expect(sampleOf({ a: "x".repeat(1e6), b: 1 })).toHaveLength(80);
  expect(sampleOf(undefined)).toBe("");
  expect(sampleOf([1n, -0, "a"])).toBe('[1,0,"a"]');
});

/** JSON without the numbers that are written otherwise: integers beyond 2^53 and -0. */
const plainJson = fc.anything({
  values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constantFrom(0.5, 1e-7, -2.25)],
  key: fc.string(),
  maxDepth: 4,
});

test("JSON text is that of JSON.stringify", () => {
  fc.assert(
    fc.property(plainJson, (json) => {
      expect(jsonText(json as Json)).toBe(JSON.stringify(json));
    }),
  );
  expect(jsonText([2n ** 64n, -0, 56099457794818408, 2 ** 80])).toBe(
    "[18446744073709551616,-0,56099457794818408,1208925819614629174706176]",
  );
});
