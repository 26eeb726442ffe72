import fc from "fast-check";
import { type GenericValidator, v, type Value } from "convex/values";
import { describe, expect, test } from "vitest";
import type { Encoding } from "./change.js";
import type { Json } from "./values.js";
import { compileConverter } from "./convert.js";
import { WrittenNumber } from "./numbers.js";
import { parseJson } from "./json.js";
import type { ProblemCode } from "./problem.js";

/** The value, without notes: fails when there are any. */
function exactly(validator: GenericValidator, json: Json, encoding: Encoding = "json"): Value {
  const converted = compileConverter(validator)(json, encoding);
  if ("problem" in converted) throw new Error(converted.problem.message);
  expect(converted.notes).toEqual([]);
  return converted.value;
}

function noted(
  validator: GenericValidator,
  json: Json,
  encoding: Encoding = "json",
): { value: Value; notes: readonly unknown[] } {
  const converted = compileConverter(validator)(json, encoding);
  if ("problem" in converted) throw new Error(converted.problem.message);
  return converted;
}

function problem(
  validator: GenericValidator,
  json: Json,
  encoding: Encoding = "json",
): [ProblemCode, string] {
  const converted = compileConverter(validator)(json, encoding);
  if (!("problem" in converted)) throw new Error("was converted");
  expect(converted.problem.message.length).toBeLessThan(500);
  expect(converted.problem.message).not.toMatch(/undefined|\[object/);
  // Who reads it learns which validator would take the value.
  if (converted.problem.code === "TypeMismatch" && converted.problem.message.includes(" belongs."))
    expect(converted.problem.message).toMatch(/v\.\w+\(/);
  return [converted.problem.code, converted.problem.path];
}

const base64 = (bytes: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
function littleEndian(write: (view: DataView) => void): string {
  const bytes = new ArrayBuffer(8);
  write(new DataView(bytes));
  return base64(bytes);
}
const $integer = (value: bigint) => ({
  $integer: littleEndian((view) => {
    view.setBigInt64(0, value, true);
  }),
});
const $float = (value: number) => ({
  $float: littleEndian((view) => {
    view.setFloat64(0, value, true);
  }),
});

describe("v.number()", () => {
  test.each<[Json, number]>([
    [1.5, 1.5],
    [-0, -0],
    [2n ** 60n, 2 ** 60],
    ["12.50", 12.5],
    ["007", 7],
    ["1e5", 1e5],
    ["-0.1", -0.1],
    ["NaN", NaN],
    ["-Infinity", -Infinity],
    ["2024-02-29", Date.UTC(2024, 1, 29)],
    ["2024-02-29T12:34:56.789Z", Date.UTC(2024, 1, 29, 12, 34, 56, 789)],
    ["2024-02-29 12:34:56+02:00", Date.UTC(2024, 1, 29, 10, 34, 56)],
  ])("%s becomes %s", (json, number) => {
    expect(exactly(v.number(), json)).toBe(number);
  });

  test.each<[Json, ProblemCode]>([
    [9007199254740993n, "NumberNotExact"],
    [10n ** 23n, "NumberNotExact"],
    ["9007199254740993", "NumberNotExact"],
    ["1e400", "NumberOutOfRange"],
    [new WrittenNumber("1e400"), "NumberOutOfRange"],
    ["", "TypeMismatch"],
    ["abc", "TypeMismatch"],
    ["2023-02-29", "TypeMismatch"],
    [true, "TypeMismatch"],
    [null, "TypeMismatch"],
    [[1], "TypeMismatch"],
    [{}, "TypeMismatch"],
    [$float(NaN), "TypeMismatch"],
  ])("%s does not", (json, code) => {
    expect(problem(v.number(), json)).toEqual([code, ""]);
  });

  test("Convex's own encoding", () => {
    for (const special of [NaN, Infinity, -Infinity, -0]) {
      expect(exactly(v.number(), $float(special), "convex")).toBe(special);
    }
    expect(exactly(v.number(), $integer(-5n), "convex")).toBe(-5);
    expect(problem(v.number(), $integer(2n ** 53n + 1n), "convex")).toEqual(["NumberNotExact", ""]);
    // Digits are a double there, as JavaScript prints it; int64 has a notation of its own.
    expect(exactly(v.number(), 1234567890123456800n, "convex")).toBe(1234567890123456800);
    expect(exactly(v.union(v.int64(), v.number()), 1234567890123456800n, "convex")).toBe(1234567890123456800);
    expect(problem(v.number(), 1234567890123456801n, "convex")).toEqual(["NumberNotExact", ""]);
    expect(problem(v.number(), $float(1.5), "convex")).toEqual(["TypeMismatch", ""]);
    expect(problem(v.number(), { $bytes: "" }, "convex")).toEqual(["TypeMismatch", ""]);
    expect(problem(v.number(), { $float: "AAA" }, "convex")).toEqual(["InvalidBytes", ""]);
  });

  test("a number that is taken is the number that was sent", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (integer) => {
        for (const json of [parseJson(String(integer)), String(integer)]) {
          const converted = compileConverter(v.number())(json, "json");
          if ("problem" in converted) expect(converted.problem.code).toBe("NumberNotExact");
          else expect(BigInt(converted.value as number)).toBe(integer);
        }
      }),
    );
  });
});

describe("v.int64()", () => {
  test.each<[Json, bigint]>([
    [5, 5n],
    [-0, 0n],
    [9007199254740993n, 9007199254740993n],
    ["-9223372036854775808", -(2n ** 63n)],
    ["9223372036854775807", 2n ** 63n - 1n],
    ["12.00", 12n],
    [-9223372036854775808, -(2n ** 63n)],
  ])("%s becomes %s", (json, integer) => {
    expect(exactly(v.int64(), json)).toBe(integer);
  });

  test.each<[Json, ProblemCode]>([
    [1.5, "NumberNotExact"],
    ["1.5", "NumberNotExact"],
    [2n ** 63n, "NumberOutOfRange"],
    [9223372036854775808, "NumberOutOfRange"],
    ["-9223372036854775809", "NumberOutOfRange"],
    ["1e400", "NumberOutOfRange"],
    [new WrittenNumber("1e400"), "NumberOutOfRange"],
    ["", "TypeMismatch"],
    ["2024-01-01", "TypeMismatch"],
    [true, "TypeMismatch"],
    [null, "TypeMismatch"],
  ])("%s does not", (json, code) => {
    expect(problem(v.int64(), json)).toEqual([code, ""]);
  });

  test("Convex's own encoding", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (integer) => {
        expect(exactly(v.int64(), $integer(integer), "convex")).toBe(integer);
        expect(exactly(v.int64(), String(integer))).toBe(integer);
        expect(exactly(v.int64(), parseJson(String(integer)))).toBe(integer);
      }),
    );
    expect(problem(v.int64(), { $integer: "AA==" }, "convex")).toEqual(["InvalidBytes", ""]);
    expect(problem(v.int64(), $float(NaN), "convex")).toEqual(["TypeMismatch", ""]);
  });
});

describe("v.string()", () => {
  test("text stays", () => {
    expect(exactly(v.string(), "")).toBe("");
    expect(exactly(v.string(), "\u0000😀")).toBe("\u0000😀");
  });

  test.each<[Json, string, string]>([
    [1.5, "1.5", "number"],
    [-0, "-0", "integer"],
    [9007199254740993n, "9007199254740993", "integer"],
    [56099457794818408, "56099457794818408", "integer"],
    [true, "true", "boolean"],
    [{ a: [1, null, 9007199254740993n], "b c": "é" }, '{"a":[1,null,9007199254740993],"b c":"é"}', "object"],
    [[], "[]", "array"],
  ])("%s becomes text, with a note", (json, text, from) => {
    const { value, notes } = noted(v.string(), json);
    expect(value).toBe(text);
    expect(notes).toEqual([
      { kind: "coerced", path: "", from, to: "string", sample: expect.any(String) as string },
    ]);
  });

  test("JSON text reads back to what it was made of", () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (json) => {
        expect(parseJson(noted(v.string(), json as Json).value as string)).toEqual(json);
      }),
    );
  });

  test("what no text can hold is refused", () => {
    expect(problem(v.string(), null)).toEqual(["TypeMismatch", ""]);
    expect(problem(v.string(), "a\ud800")).toEqual(["InvalidString", ""]);
    expect(problem(v.id("t"), "\udc00")).toEqual(["InvalidString", ""]);
    expect(problem(v.any(), { a: ["\ud800b"] })).toEqual(["InvalidString", "a.0"]);
    expect(problem(v.string(), { $bytes: "AA==" }, "convex")).toEqual(["TypeMismatch", ""]);
    expect(noted(v.string(), $integer(7n), "convex").value).toBe("7");
    expect(noted(v.string(), $float(NaN), "convex").value).toBe("NaN");
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as Json;
    expect(problem(v.string(), deep)).toEqual(["TooNested", ""]);
    expect(problem(v.any(), deep)[0]).toBe("TooNested");
  });
});

describe("the other scalars", () => {
  test.each<[Json, boolean]>([
    [1, true],
    [0, false],
    ["true", true],
    ["f", false],
  ])("%s is %s for v.boolean(), with a note", (json, value) => {
    expect(exactly(v.boolean(), value)).toBe(value);
    expect(noted(v.boolean(), json)).toMatchObject({ value, notes: [{ kind: "coerced", to: "boolean" }] });
  });

  test.each<[Json, string]>([
    ["maybe", "v.string()"],
    [2, "v.number()"],
    [2n ** 60n, "v.int64()"],
    [null, "v.union(…, v.null())"],
    [[], "v.any()"],
  ])("%s that is no boolean: the problem names %s", (json, validator) => {
    const converted = compileConverter(v.boolean())(json, "json");
    expect(converted).toMatchObject({
      problem: { message: expect.stringContaining(`${validator} accepts it.`) as string },
    });
  });

  test("v.boolean() takes no other words", () => {
    for (const json of ["yes", "", 2, null, "TRUE "])
      expect(problem(v.boolean(), json)).toEqual(["TypeMismatch", ""]);
  });

  test("v.bytes() takes base64 and nothing that only resembles it", () => {
    const bytes = (json: Json, encoding?: Encoding) =>
      new Uint8Array(exactly(v.bytes(), json, encoding) as ArrayBuffer);
    expect(bytes("-_8=")).toEqual(new Uint8Array([0xfb, 0xff]));
    expect(bytes({ $bytes: "+/8=" }, "convex")).toEqual(new Uint8Array([0xfb, 0xff]));
    expect(problem(v.bytes(), "+_8=")).toEqual(["InvalidBytes", ""]);
    expect(problem(v.bytes(), 5)).toEqual(["TypeMismatch", ""]);
  });

  test("v.literal(), v.null() and v.id()", () => {
    expect(exactly(v.literal("a"), "a")).toBe("a");
    expect(exactly(v.literal(5n), 5)).toBe(5n);
    expect(exactly(v.literal(true), true)).toBe(true);
    expect(problem(v.literal("a"), "b")).toEqual(["TypeMismatch", ""]);
    expect(problem(v.literal(1), "1")).toEqual(["TypeMismatch", ""]);
    expect(problem(v.literal(5n), 6)).toEqual(["TypeMismatch", ""]);
    expect(exactly(v.null(), null)).toBe(null);
    expect(problem(v.null(), 0)).toEqual(["TypeMismatch", ""]);
    expect(exactly(v.id("t"), "k17")).toBe("k17");
    expect(problem(v.id("t"), 5)).toEqual(["TypeMismatch", ""]);
  });
});

describe("v.any()", () => {
  test("JSON as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(exactly(v.any(), stripProto(json as Json))).toEqual(stripProto(json as Json));
      }),
    );
  });

  test("large integers are int64, and are refused when they are not", () => {
    expect(exactly(v.any(), { a: [9007199254740993n] })).toEqual({ a: [9007199254740993n] });
    expect(exactly(v.any(), 2n ** 80n)).toBe(2 ** 80);
    expect(problem(v.any(), [2n ** 80n + 1n])).toEqual(["NumberNotExact", "0"]);
  });

  test("encodings are read where they are one, and names that Convex cannot store are refused", () => {
    expect(exactly(v.any(), { a: [$integer(7n)] }, "convex")).toEqual({ a: [7n] });
    expect(problem(v.any(), { a: $integer(7n) })).toEqual(["InvalidFieldName", "a"]);
    expect(problem(v.any(), { $set: [] }, "convex")).toEqual(["InvalidFieldName", ""]);
    expect(problem(v.record(v.string(), v.any()), JSON.parse('{"__proto__":1}') as Json)).toEqual([
      "InvalidFieldName",
      "",
    ]);
  });
});

describe("objects", () => {
  const row = v.object({ id: v.int64(), name: v.optional(v.string()), at: v.union(v.number(), v.null()) });

  test("fields are converted, optional ones may be null or absent", () => {
    expect(exactly(row, { id: 1, name: "a", at: 2 })).toEqual({ id: 1n, name: "a", at: 2 });
    expect(exactly(row, { id: 1, name: null, at: null })).toStrictEqual({ id: 1n, at: null });
    expect(exactly(v.object({ a: v.optional(v.union(v.string(), v.null())) }), { a: null })).toEqual({
      a: null,
    });
  });

  test("an absent field that may be null becomes null; any other is a problem", () => {
    expect(noted(row, { id: 1 })).toEqual({
      value: { id: 1n, at: null },
      notes: [{ kind: "missingField", path: "at", from: "nothing", to: "null", sample: "" }],
    });
    expect(problem(row, { at: 1 })).toEqual(["MissingField", "id"]);
  });

  test("unknown fields are left out, with a note that shows them", () => {
    expect(noted(row, { id: 1, at: 1, extra: { a: 1 }, more: "x".repeat(200) })).toEqual({
      value: { id: 1n, at: 1 },
      notes: [
        { kind: "unknownField", path: "extra", from: "object", sample: '{"a":1}' },
        { kind: "unknownField", path: "more", from: "string", sample: `${"x".repeat(79)}…` },
      ],
    });
  });

  test("fields named like JavaScript's own are absent unless sent", () => {
    const odd = v.object({ constructor: v.optional(v.string()), toString: v.string() });
    expect(problem(odd, {})).toEqual(["MissingField", "toString"]);
    expect(exactly(odd, { toString: "a" })).toStrictEqual({ toString: "a" });
  });

  test("paths lead to the value", () => {
    const nested = v.object({ a: v.array(v.object({ b: v.record(v.string(), v.number()) })) });
    expect(problem(nested, { a: [{ b: {} }, { b: { x: "?" } }] })).toEqual(["TypeMismatch", "a.1.b.x"]);
    expect(problem(nested, { a: [{}] })).toEqual(["MissingField", "a.0.b"]);
    expect(problem(nested, [])).toEqual(["TypeMismatch", ""]);
    expect(problem(nested, "x")).toEqual(["TypeMismatch", ""]);
  });

  test("an array or record makes one note of many", () => {
    const tags = v.object({
      tags: v.array(v.object({ a: v.string() })),
      r: v.record(v.string(), v.string()),
    });
    const { notes } = noted(tags, {
      tags: Array.from({ length: 50 }, (_, a) => ({ a })),
      r: { x: 1, y: true },
    });
    expect(notes).toMatchObject([
      { path: "tags.*.a", from: "integer" },
      { path: "r.*", from: "integer" },
      { path: "r.*", from: "boolean" },
    ]);
  });
});

describe("unions", () => {
  test.each<[GenericValidator, Json, Value]>([
    [v.union(v.string(), v.number()), 5, 5],
    [v.union(v.number(), v.string()), "5", "5"],
    [v.union(v.number(), v.string()), "2024-01-01", "2024-01-01"],
    [v.union(v.int64(), v.number()), 5, 5],
    [v.union(v.number(), v.int64()), 9007199254740993n, 9007199254740993n],
    [v.union(v.string(), v.int64()), 5, 5n],
    [v.union(v.string(), v.null()), null, null],
    [v.union(v.int64(), v.null()), 5, 5n],
    [v.union(v.literal("a"), v.literal("b")), "b", "b"],
    [
      v.union(v.object({ a: v.number() }), v.object({ a: v.number(), b: v.number() })),
      { a: 1, b: 2 },
      { a: 1, b: 2 },
    ],
    [v.union(v.array(v.string()), v.array(v.union(v.number(), v.null()))), [1, null], [1, null]],
    [v.union(v.union(v.string(), v.null()), v.number()), null, null],
    [
      v.union(v.object({ a: v.optional(v.bytes()) }), v.record(v.string(), v.null())),
      { a: null },
      { a: null },
    ],
    [v.union(v.object({ a: v.optional(v.bytes()) }), v.object({ a: v.string() })), { a: null }, {}],
  ])("the member that is nearest takes the value", (validator, json, value) => {
    expect(exactly(validator, json)).toEqual(value);
  });

  test("only when no member takes the value as it is, one takes it with a note", () => {
    expect(noted(v.union(v.number(), v.string()), true)).toMatchObject({
      value: "true",
      notes: [{ to: "string" }],
    });
    const kinds = v.union(
      v.object({ kind: v.literal("a"), a: v.string() }),
      v.object({ kind: v.literal("b"), b: v.string() }),
    );
    expect(noted(kinds, { kind: "b", b: 1, c: 2 })).toMatchObject({
      value: { kind: "b", b: "1" },
      notes: [{ path: "b" }, { path: "c", kind: "unknownField" }],
    });
  });

  test("a problem says what would have been taken, or where the likeliest member failed", () => {
    const converted = compileConverter(v.union(v.literal("a"), v.number(), v.null()))({ x: 1 }, "json");
    expect(converted).toMatchObject({ problem: { code: "TypeMismatch", path: "" } });
    expect((converted as { problem: { message: string } }).problem.message).toContain(
      'one of "a", number, null',
    );
    expect(problem(v.union(v.string(), v.object({ a: v.int64() })), null)).toEqual(["TypeMismatch", ""]);
    expect(problem(v.union(v.int64(), v.boolean()), 1.5)).toEqual(["NumberNotExact", ""]);
    expect(problem(v.union(v.boolean(), v.object({ a: v.int64() })), { a: 1.5 })).toEqual([
      "NumberNotExact",
      "a",
    ]);
  });

  test("encoded values reach the member of their kind", () => {
    expect(exactly(v.union(v.number(), v.int64()), $integer(5n), "convex")).toBe(5n);
    expect(exactly(v.union(v.string(), v.bytes()), { $bytes: "" }, "convex")).toBeInstanceOf(ArrayBuffer);
    expect(exactly(v.union(v.object({}), v.any()), $integer(5n), "convex")).toBe(5n);
  });
});

test("a validator that no import can satisfy is refused at once", () => {
  expect(() =>
    compileConverter({ kind: "commitTs", isConvexValidator: true } as unknown as GenericValidator),
  ).toThrow(/commitTs/);
});

/** Without the names that Convex cannot store, at any depth. */
function stripProto(json: Json): Json {
  if (Array.isArray(json)) return json.map(stripProto);
  if (typeof json !== "object" || json === null) return json;
  const fit = Object.entries(json).filter(([key]) => /^(?![$_])[ -~]*$/.test(key));
  return Object.fromEntries(fit.map(([key, value]) => [key, stripProto(value)]));
}

describe("a decimal with more digits than a double", () => {
  const decimal = new WrittenNumber("12345678901234567890.125");

  test("keeps all of them where text belongs", () => {
    expect(noted(v.string(), decimal)).toMatchObject({ value: "12345678901234567890.125" });
  });

  test.each([v.number(), v.any(), v.union(v.number(), v.null())])(
    "is the nearest double for %s",
    (validator) => {
      expect(noted(validator, decimal)).toMatchObject({ value: Number(String(decimal)) });
    },
  );

  test("is no integer", () => {
    expect(problem(v.int64(), decimal)[0]).toBe("NumberNotExact");
  });
});

describe("a number that no double holds", () => {
  const huge = new WrittenNumber("1E400");

  test("becomes the text that it was, with a note, where text belongs", () => {
    expect(noted(v.string(), huge)).toMatchObject({
      value: "1E400",
      notes: [{ kind: "coerced", sample: "1E400" }],
    });
  });

  test.each([v.any(), v.union(v.number(), v.null()), v.array(v.number()), v.object({ a: v.any() })])(
    "is refused by %s",
    (validator) => {
      const json = validator.kind === "array" ? [huge] : validator.kind === "object" ? { a: huge } : huge;
      expect(problem(validator, json)[0]).toBe("NumberOutOfRange");
    },
  );
});

describe("a decimal with zeros at its end, from JSON", () => {
  const of = (validator: GenericValidator, text: string) => {
    const converted = compileConverter(validator)(parseJson(text), "json");
    return "problem" in converted ? converted.problem.code : converted.value;
  };

  test.each([
    [v.string(), "1.10", "1.10"],
    [v.string(), "0.00", "0.00"],
    [v.array(v.string()), "[12.50, 1.0]", ["12.50", "1.0"]],
    [v.union(v.string(), v.null()), "100000000000000000000.10", "100000000000000000000.10"],
    [v.number(), "1.10", 1.1],
    [v.number(), "-0.0", -0],
    [v.union(v.string(), v.number()), "1.10", 1.1],
    [v.int64(), "1.0", 1n],
    [v.int64(), "9007199254740993.0", 9007199254740993n],
    [v.int64(), "1.10", "NumberNotExact"],
    [v.number(), "9007199254740993.0", "NumberNotExact"],
    [v.any(), '{"a":[1.10,1.0]}', { a: [1.1, 1] }],
    [v.boolean(), "1.0", true],
    [v.literal(1), "1.0", 1],
    [v.literal(2n), "2.00", 2n],
  ] as [GenericValidator, string, unknown][])("%#: %s", (validator, text, value) => {
    expect(of(validator, text)).toEqual(value);
  });
});
