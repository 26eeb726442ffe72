import fc from "fast-check";
import { expect, test } from "vitest";
import { isExact, readNumber } from "./numbers.js";

test.each<[string, ReturnType<typeof readNumber>]>([
  ["+5", 5],
  ["007", 7],
  [".5", 0.5],
  ["5.", 5],
  ["-.5e-1", -0.05],
  ["1E3", 1000],
  ["0e99999999999", 0],
  ["1e99999999999", "tooLarge"],
  ["9".repeat(4096), BigInt("9".repeat(4096))],
  ["9".repeat(4097), "tooLarge"],
  ["", null],
  [".", null],
  ["-", null],
  ["e5", null],
  ["1e", null],
  [" 1", null],
  ["1 ", null],
  ["1_000", null],
  ["1,5", null],
  ["0x10", null],
  ["Infinity", null],
  ["٣", null],
])("%j reads as %s", (text, number) => {
  expect(readNumber(text)).toBe(number);
});

test("integers are kept to the last digit, however they are written", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(3), (integer, zeros) => {
      const number = readNumber(String(integer));
      expect(typeof number === "bigint" ? number : BigInt(number as number)).toBe(integer);
      expect(typeof number === "number").toBe(isExact(integer));
      // With a point there is the other reading: what a double prints as is the double.
      const pointed = readNumber(`${String(integer)}.${"0".repeat(zeros)}`);
      if (typeof pointed === "bigint") expect(pointed).toBe(integer);
      else expect(pointed).toBe(Number(integer));
    }),
    { numRuns: 1000 },
  );
});

test("what a double is printed as, by any language, is the double", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
      // %.17g and the shortest form, which Python, Rust and Java write with a point or an exponent.
      expect(readNumber(double.toExponential(16))).toBe(
        double === 0 ? Number(double.toExponential(16)) : double,
      );
      expect(readNumber(double.toExponential())).toBe(double === 0 ? 0 : double);
    }),
    { numRuns: 2000 },
  );
});

test("zeros in the middle of many digits are read", () => {
  // In proportion to the square of the zeros, this would take hours.
  expect(readNumber(`0.1${"0".repeat(1_000_000)}1`)).toBe(0.1);
});
