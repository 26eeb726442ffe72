import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson, writeJson } from "./json.js";
import { type Json, plainNumber } from "./values.js";
import { WrittenNumber } from "./numbers.js";

describe("numbers", () => {
  test.each<[string, number | bigint]>([
    ["0", 0],
    ["-0", -0],
    ["1e20", 1e20],
    ["100000000000000000000", 1e20],
    ["9007199254740992", 2 ** 53],
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740993", -9007199254740993n],
    ["9007199254740993e0", 9007199254740993n],
    ["900719925474099.3e1", 9007199254740993n],
    ["9223372036854775807", 9223372036854775807n],
    // What doubles are printed as stays a double: JavaScript's 1e23, and C's %.17g of it.
    ["1e+23", 1e23],
    ["9.9999999999999992e+22", 1e23],
    ["1.7976931348623157E308", Number.MAX_VALUE],
    ["1.5e300", 1.5e300],
    // Digits alone are taken literally.
    ["99999999999999991611393", 99999999999999991611393n],
    ["1e-400", 0],
  ])("%s", (text, number) => {
    expect(parseJson(text)).toBe(number);
    expect(parseJson(`{"a":[${text}]}`)).toEqual({ a: [number] });
  });

  test.each(["1E400", "-1e400", "1e99999999999", `${"9".repeat(400)}.5`, "9".repeat(5000)])(
    "%s is beyond doubles, and kept as it is written",
    (text) => {
      const huge = parseJson(text);
      expect(huge).toBeInstanceOf(WrittenNumber);
      expect(String(huge)).toBe(text);
      expect(writeJson({ a: [huge] })).toBe(`{"a":[${text}]}`);
    },
  );

  test.each([
    "12345678901234567890.125",
    "0.1234567890123456789",
    "-3.14159265358979323846e2",
    "0.10000000000000000001",
  ])("%s has more digits than a double, and is kept as it is written", (text) => {
    const [written] = parseJson(`[${text}]`) as [WrittenNumber];
    expect(written).toBeInstanceOf(WrittenNumber);
    expect(String(written)).toBe(text);
    expect(written.nearest).toBe(Number(text));
    expect(writeJson([written])).toBe(`[${text}]`);
  });

  test.each<[string, number | bigint]>([
    ["1.10", 1.1],
    ["12.50", 12.5],
    ["1.0", 1],
    ["-0.0", -0],
    ["0.00", 0],
    ["9007199254740993.0", 9007199254740993n],
    ["12345678901234567.0", 12345678901234567n],
    ["12345678901234568.0", 12345678901234568],
  ])("%s is kept as it is written, and is %s where numbers are wanted", (text, number) => {
    for (const json of [text, `{"a":"\\"${text}","b":[${text}]}`]) {
      const read = parseJson(json) as { b?: [WrittenNumber] };
      const written = (read.b?.[0] ?? read) as WrittenNumber;
      expect(written).toBeInstanceOf(WrittenNumber);
      expect(String(written)).toBe(text);
      expect(written.plain).toBe(number);
      expect(writeJson(read as never)).toBe(json);
    }
  });

  test("a fraction as any language prints a double is that double", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        for (const text of [String(double), double.toExponential(16), double.toPrecision(17)]) {
          const [read] = parseJson(`[${text.replace("+", "")}]`) as [Json];
          if (!Number.isInteger(double)) expect(plainNumber(read)).toBe(double);
        }
      }),
    );
  });

  test("integers of columns without a limit arrive whole", () => {
    const text = "7".repeat(400);
    expect(parseJson(text)).toBe(BigInt(text));
  });

  test("every bigint comes back", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (integer) => {
        const parsed = parseJson(`[${String(integer)}]`) as [number | bigint];
        expect(BigInt(parsed[0])).toBe(integer);
        expect(typeof parsed[0] === "number").toBe(BigInt(Number(integer)) === integer);
      }),
    );
  });

  test("every double that JavaScript prints comes back, or the digits it prints do", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        const text = JSON.stringify(double);
        const parsed = parseJson(text);
        // Between 2^53 and 10^21 JavaScript prints digits alone, as it would an integer of a 64-bit column.
        expect(typeof parsed === "bigint" ? String(parsed) === text : parsed === double).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("a double with 17 digits, as C prints it, comes back", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        expect(parseJson(double.toExponential(16)) === double).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("everything else is as JSON.parse has it", () => {
  test("any JSON, on the fast path and on the slow one", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        const parsed = parseJson(text);
        if (!/\d{16}|\de/.test(text)) expect(parsed).toEqual(JSON.parse(text));
        const slow = parseJson(`[${text},9007199254740993]`) as unknown[];
        expect(slow[1]).toBe(9007199254740993n);
        expect(slow[0]).toEqual(parsed);
      }),
    );
  });

  test("digits in strings are text, whatever is escaped before them", () => {
    for (const text of [
      '"9007199254740993"',
      '["\\\\","9007199254740993"]',
      '{"a\\"9007199254740993":"\\\\\\"1e400"}',
    ]) {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }
  });

  test.each([
    "",
    "{",
    '{"a":}',
    "[1,]",
    "nul",
    '"\\x"',
    '{"a":1}}',
    "01",
    "1.",
    "-",
    "+1",
    ".5",
    "\ufeff1",
    "'a'",
  ])("%j is malformed on both paths", (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
    expect(() => parseJson(`[9007199254740993,${text}`)).toThrow(SyntaxError);
  });

  test("the message of a malformed text says where", () => {
    expect(() => parseJson('{"a":1,}')).toThrow(/position|line/);
    expect(() => parseJson('{"a":9007199254740993,}')).toThrow(/position/);
  });

  test("__proto__ is a property, and of equal keys the last counts", () => {
    for (const number of ["1", "9007199254740993"]) {
      const parsed = parseJson(`{"__proto__":{"polluted":${number}},"a":1,"a":{"b":2}}`) as Record<
        string,
        unknown
      >;
      expect(Object.keys(parsed)).toEqual(["__proto__", "a"]);
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
      expect(parsed["a"]).toEqual({ b: 2 });
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    }
  });

  test("depth that no stack holds is a SyntaxError, not a crash", () => {
    const deep = "[".repeat(200_000);
    expect(() => parseJson(`${deep}9007199254740993`)).toThrow(SyntaxError);
  });
});

describe("writing", () => {
  test.each<[number | bigint, string]>([
    [2 ** 63, "9223372036854775808"],
    [-(2 ** 53), "-9007199254740992"],
    [9007199254740993n, "9007199254740993"],
    [-0, "-0"],
    [0, "0"],
    [1.5, "1.5"],
    [1e21, "1e+21"],
    [1e23, "1e+23"],
  ])("%s", (number, text) => {
    expect(writeJson({ a: [number] })).toBe(`{"a":[${text}]}`);
  });

  test("is undone by reading, for every number", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger()),
        (number) => {
          for (const one of [number, number * 2 ** 20]) {
            if (Number.isFinite(one)) expect(parseJson(writeJson([one]))).toStrictEqual([one]);
          }
        },
      ),
    );
  });
});
