import fc from "fast-check";
import type { ObjectFieldType, ValidatorJSON, Value } from "convex/values";
import { describe, expect, test } from "vitest";
import { type JsonSchema, tableSchema } from "./jsonSchema.js";
import { type ExportFormat, writeFields } from "./values.js";

type Fields = Record<string, ObjectFieldType>;

const name = fc.constantFrom("a", "b", "c");

/** Validators, two levels deep. */
const validator: fc.Arbitrary<ValidatorJSON> = fc.letrec<{ type: ValidatorJSON; fields: Fields }>((tie) => ({
  fields: fc.dictionary(name, fc.record({ fieldType: tie("type"), optional: fc.boolean() }), {
    noNullPrototype: true,
  }),
  type: fc.oneof(
    { maxDepth: 2, depthIdentifier: "validator" },
    fc.constantFrom<ValidatorJSON>(
      { type: "null" },
      { type: "boolean" },
      { type: "string" },
      { type: "number" },
      { type: "bigint" },
      { type: "bytes" },
      { type: "any" },
      { type: "id", tableName: "things" },
      { type: "literal", value: "red" },
      { type: "literal", value: 7 },
      { type: "literal", value: true },
    ),
    fc.record({ type: fc.constant("array" as const), value: tie("type") }),
    fc.record({ type: fc.constant("object" as const), value: tie("fields") }),
    fc.record({
      type: fc.constant("union" as const),
      value: fc.array(tie("type"), { minLength: 1, maxLength: 3 }),
    }),
    tie("type").map((value): ValidatorJSON => ({
      type: "record",
      keys: { type: "string" },
      values: { fieldType: value, optional: false },
    })),
  ),
})).type;

/** Values that a validator accepts. */
function valueOf(type: ValidatorJSON, floats: fc.Arbitrary<number>): fc.Arbitrary<Value> {
  switch (type.type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "string":
    case "id":
      return fc.string();
    case "number":
      return floats;
    case "bigint":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "bytes":
      return fc.uint8Array({ maxLength: 4 }).map((bytes) => bytes.slice().buffer);
    case "literal":
      return fc.constant(type.value as Value);
    case "array":
      return fc.array(valueOf(type.value, floats), { maxLength: 3 });
    case "object":
      return objectOf(type.value, floats);
    case "union":
      return fc.oneof(...type.value.map((member) => valueOf(member, floats)));
    case "record":
      return fc.dictionary(name, valueOf(type.values.fieldType, floats), { noNullPrototype: true });
    default:
      return fc.constantFrom<Value>(null, "text", 1n, [true], { a: 1.5 });
  }
}

function objectOf(fields: Fields, floats: fc.Arbitrary<number>): fc.Arbitrary<Record<string, Value>> {
  const required = Object.keys(fields).filter((field) => !fields[field]!.optional);
  return fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([field, { fieldType }]) => [field, valueOf(fieldType, floats)]),
    ),
    { requiredKeys: required, noNullPrototype: true },
  ) as fc.Arbitrary<Record<string, Value>>;
}

/** Whether a value fits: the keywords of JSON Schema that the export uses. */
function fits(value: unknown, schema: JsonSchema): boolean {
  if (schema === false) return false;
  const {
    type,
    anyOf,
    properties = {},
    additionalProperties = true,
    required = [],
    items,
  } = schema as {
    type?: string;
    anyOf?: JsonSchema[];
    properties?: Record<string, JsonSchema>;
    additionalProperties?: boolean;
    required?: string[];
    items?: JsonSchema;
  };
  if (anyOf !== undefined && !anyOf.some((member) => fits(value, member))) return false;
  if (type !== undefined && type !== typeOf(value)) return false;
  if (Array.isArray(value)) return items === undefined || value.every((item) => fits(item, items));
  if (typeof value !== "object" || value === null) return true;
  return (
    required.every((field) => field in value) &&
    Object.entries(value).every(([field, inner]) =>
      field in properties ? fits(inner, properties[field]!) : additionalProperties,
    )
  );
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

const anyFloat = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

describe("E12: any stored value fits the schema of its table", () => {
  const check = (format: ExportFormat, floats: fc.Arbitrary<number>) => {
    const stored = fc
      .dictionary(name, fc.record({ fieldType: validator, optional: fc.boolean() }), {
        noNullPrototype: true,
      })
      .chain((fields) => fc.tuple(fc.constant(fields), objectOf(fields, floats)));
    fc.assert(
      fc.property(stored, ([fields, row]) => {
        const table = { name: "things", exclude: [], document: { type: "object" as const, value: fields } };
        const text = writeFields({ _id: "id", _creationTime: 1.5, ...row }, format);
        expect(fits(JSON.parse(`{${text}}`), tableSchema(table, format, true)), text).toBe(true);
      }),
      { numRuns: 300 },
    );
  };

  test.each(["convex_encoded_json", "export_json"] as const)("in the format %s", (format) => {
    check(format, anyFloat);
  });

  test("in the format json, but for NaN and the infinities, which come as text", () => {
    check("json", finite);
    const table = { name: "things", exclude: [], document: { type: "number" as const } };
    expect(fits({}, tableSchema(table, "json", false))).toBe(false);
    expect(writeFields({ n: NaN, i: -Infinity }, "json")).toBe('"i":"-Infinity","n":"NaN"');
  });
});
