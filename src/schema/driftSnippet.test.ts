import { v, type GenericValidator, type ObjectFieldType, type ValidatorJSON } from "convex/values";
import { expect, test, vi } from "vitest";
import { admittingSnippet, driftSnippet, unsettled, type DriftEntry } from "./driftSnippet.js";

function entry(overrides: Partial<DriftEntry>): DriftEntry {
  return {
    kind: "unknownField",
    field: "nickname",
    from: "string",
    to: null,
    sample: "Jo",
    times: 120,
    firstSeenAt: "2026-11-20T11:00:00.000Z",
    ...overrides,
  };
}

test("a new field is a line to paste", () => {
  expect(driftSnippet([entry({})])).toBe(
    "  nickname: v.optional(v.string()), // seen 120 times, first 2026-11-20",
  );
});

test("nothing gives nothing", () => {
  expect(driftSnippet([])).toBe("");
});

test.each([
  ["integer", "5", "v.number()"],
  ["integer", "9007199254740993", "v.int64()"],
  ["integer", "123456789012345678901234567890…", "v.int64()"],
  ["number", "1.5", "v.number()"],
  ["boolean", "true", "v.boolean()"],
  ["int64", "", "v.int64()"],
  ["bytes", "", "v.bytes()"],
  ["array", "[]", "v.array(v.any())"],
  ["object", "{}", "v.any()"],
  ["null", "null", "v.any()"],
])("a field with %s values (%s) is %s", (from, sample, validator) => {
  expect(driftSnippet([entry({ from, sample, times: 1 })])).toBe(
    `  nickname: v.optional(${validator}), // seen once, first 2026-11-20`,
  );
});

test.each([
  ["US Gross", "usGross"],
  ["1st", "source1st"],
  ["Größe (cm)", "grosseCm"],
  ["?", "source"],
  ["a.b c", "aBC"],
])("a column whose name a schema cannot declare gets one that it can: %s", (field, name) => {
  expect(driftSnippet([entry({ field })])).toBe(
    `  ${name}: v.optional(v.string()), // seen 120 times, first 2026-11-20; needs columns: { ${name}: ${JSON.stringify(field)} }`,
  );
});

test("a field inside of an object is declared there", () => {
  expect(driftSnippet([entry({ field: "lines.*.sku" })])).toBe(
    "  // inside of lines.*: sku: v.optional(v.string()), seen 120 times, first 2026-11-20",
  );
});

test("what has a field already is a comment, after the new fields", () => {
  expect(
    driftSnippet([
      entry({ kind: "missingField", field: "phone", from: "nothing", to: "null", times: 2 }),
      entry({ kind: "coerced", field: "email", from: "integer", to: "string", sample: "5" }),
      entry({ kind: "discardedValue", field: "age", from: "object" }),
      entry({ kind: "news", field: "x" }),
      entry({ field: "b" }),
      entry({ field: "a" }),
    ]).split("\n"),
  ).toEqual([
    "  a: v.optional(v.string()), // seen 120 times, first 2026-11-20",
    "  b: v.optional(v.string()), // seen 120 times, first 2026-11-20",
    '  // "age": an object left out 120 times, first 2026-11-20; v.union(…, v.any()) would keep it',
    '  // "email": an integer stored as a string 120 times, first 2026-11-20; v.union(…, v.number()) would keep what it is',
    '  // "phone": absent 2 times, first 2026-11-20, and stored as null; v.optional(…) would leave it absent',
    '  // "x": news 120 times, first 2026-11-20',
  ]);
});

test("names of a source cannot end the comment that they are in", () => {
  expect(driftSnippet([entry({ kind: "coerced", field: "a\nb", to: "string" })]).split("\n")).toHaveLength(1);
});

const FIELDS = {
  id: field(v.int64()),
  tags: field(v.array(v.string())),
  note: field(v.optional(v.union(v.string(), v.null()))),
};

/** A field as the schema's JSON has it. */
function field(validator: GenericValidator): ObjectFieldType {
  const { json } = validator as unknown as { json: ValidatorJSON };
  return { fieldType: json, optional: validator.isOptional === "optional" };
}

test.each([
  ["TypeMismatch", "tags", "null", "tags: v.union(v.array(v.string()), v.null()),"],
  ["TypeMismatch", "tags", "object", "tags: v.union(v.array(v.string()), v.any()),"],
  ["TypeMismatch", "note", "integer", "note: v.optional(v.union(v.string(), v.null(), v.number())),"],
  ["MissingField", "tags", null, "tags: v.optional(v.array(v.string())),"],
  // An array is refused for what is in it: no line of this field says what.
  ["TypeMismatch", "tags", "array", null],
  ["TypeMismatch", "id", "null", null],
  ["MissingPrimaryKeyValue", null, null, null],
  ["ValueTooLarge", "tags", null, null],
  ["TypeMismatch", "toString", "null", null],
])("the line that admits %s of %s (%s) is %s", (code, field, found, line) => {
  expect(admittingSnippet({ code, field, found }, { fields: FIELDS, keyFields: ["id"] })).toBe(line);
});

test("a column that is declared by now, under its own or another name, is settled", () => {
  const fields = { nickname: {}, usGross: {} };
  const entries = ["nickname", "US Gross", "Größe", "age"].map((field) => entry({ field }));
  const columns = { usGross: "US Gross" };
  expect(unsettled(entries, { fields, columns }).map(({ field }) => field)).toEqual(["Größe", "age"]);
  const coerced = entry({ kind: "coerced" });
  expect(unsettled([coerced], { fields, columns })).toEqual([coerced]);
});

test("a query, which cannot load other scripts, shows columns named in them", async () => {
  vi.resetModules();
  const fresh = await import("./driftSnippet.js");
  const mirror = { fields: { size: {} }, columns: { size: "Größe" } };
  expect(fresh.unsettled([entry({ field: "Größe" })], mirror)).toEqual([]);
  expect(fresh.driftSnippet([entry({ field: "Länge (cm)" })])).toContain(
    'needs columns: { lNgeCm: "Länge (cm)" }',
  );
});

test.each([
  ["41", "v.number()"],
  ["1.50", "v.number()"],
  ["9007199254740993", "v.int64()"],
  ["true", "v.boolean()"],
  ["007", null],
  ["old", null],
])("a text that a CSV file may mean otherwise says so: %s", (sample, type) => {
  const line = driftSnippet([entry({ sample })]);
  expect(line).toContain("nickname: v.optional(v.string()), // seen");
  if (type === null) expect(line).not.toContain("CSV");
  else expect(line).toContain(`; from a CSV file, ${type} fits too`);
});
