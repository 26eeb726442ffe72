import { compareValues, convexToJson, type GenericValidator, v, type Value } from "convex/values";
import fc, { type Arbitrary } from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "./values.js";
import { compileConverter } from "./convert.js";
import { parseJson } from "./json.js";
import { checkDocument } from "./limits.js";

/** A validator, and values that satisfy it. */
interface Kind {
  validator: GenericValidator;
  values: Arbitrary<Value>;
}

const text = fc.string({ unit: "grapheme", maxLength: 8 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const bytes = fc.uint8Array({ maxLength: 8 }).map((array): Value => array.slice().buffer);
const name = fc.constantFrom("a", "b", "constructor", "x y", "toString");
const leaf: Arbitrary<Value> = fc.oneof(fc.constant(null), fc.boolean(), fc.double(), int64, text, bytes);

const { kind } = fc.letrec<{ kind: Kind }>((tie) => ({
  kind: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<Kind>(
      { validator: v.number(), values: fc.double() },
      { validator: v.int64(), values: int64 },
      { validator: v.string(), values: text },
      { validator: v.boolean(), values: fc.boolean() },
      { validator: v.bytes(), values: bytes },
      { validator: v.null(), values: fc.constant(null) },
      { validator: v.literal("on"), values: fc.constant("on") },
      { validator: v.literal(7n), values: fc.constant(7n) },
      { validator: v.any(), values: fc.oneof(leaf, fc.array(leaf), fc.dictionary(name, leaf)) },
    ),
    tie("kind").map(arrayOf),
    tie("kind").map(recordOf),
    fc.array(tie("kind"), { minLength: 1, maxLength: 3 }).map(unionOf),
    fc
      .uniqueArray(fc.tuple(name, fc.boolean(), tie("kind")), { maxLength: 4, selector: ([key]) => key })
      .map(objectOf),
  ),
}));

function arrayOf({ validator, values }: Kind): Kind {
  return { validator: v.array(validator as never), values: fc.array(values, { maxLength: 4 }) };
}

function recordOf({ validator, values }: Kind): Kind {
  return { validator: v.record(v.string(), validator as never), values: fc.dictionary(name, values) };
}

function unionOf(members: Kind[]): Kind {
  return {
    validator: v.union(...members.map(({ validator }) => validator as never)),
    values: fc.oneof(...members.map(({ values }) => values)),
  };
}

function objectOf(fields: [string, boolean, Kind][]): Kind {
  const validators = fields.map(([key, optional, { validator }]): [string, GenericValidator] => [
    key,
    optional ? v.optional(validator as never) : validator,
  ]);
  const requiredKeys = fields.filter(([, optional]) => !optional).map(([key]) => key);
  const values = Object.fromEntries(fields.map(([key, , { values: of }]) => [key, of]));
  return { validator: v.object(Object.fromEntries(validators)), values: fc.record(values, { requiredKeys }) };
}

const pair = kind.chain(({ validator, values }) => fc.tuple(fc.constant(validator), values));

test("a value of the validator's own, in Convex's encoding, comes back as it is and without a note", () => {
  fc.assert(
    fc.property(pair, ([validator, value]) => {
      const json = parseJson(JSON.stringify(convexToJson(value)));
      const converted = compileConverter(validator)(json, "convex");
      if ("problem" in converted) throw new Error(converted.problem.message);
      expect(compareValues(converted.value, value)).toBe(0);
      expect(converted.notes).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

test("any JSON becomes a value of the validator, or a problem; converting is the same every time", () => {
  fc.assert(
    fc.property(kind, fc.jsonValue({ maxDepth: 3 }), ({ validator }, json) => {
      const convert = compileConverter(validator);
      const converted = convert(json as Json, "json");
      expect(convert(json as Json, "json")).toEqual(converted);
      if ("problem" in converted) {
        expect(converted.problem.message).toMatch(/^(The row|The field ".*"): /);
        return;
      }
      // What comes out is a value of the validator's own: Convex's encoding of it converts to itself.
      const again = convert(convexToJson(converted.value) as Json, "convex");
      if ("problem" in again) throw new Error(again.problem.message);
      expect(compareValues(again.value, converted.value)).toBe(0);
      expect(checkDocument({ value: converted.value })).toBe(null);
    }),
    { numRuns: 1000 },
  );
});
