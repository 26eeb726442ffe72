// @vitest-environment node
// The code is run, which edge-runtime does not allow.
import { v, type GenericValidator, type ValidatorJSON } from "convex/values";
import fc from "fast-check";
import { format } from "prettier";
import { expect, test } from "vitest";
import { fieldCode, validatorCode } from "./validatorCode.js";

const { anyValidator } = fc.letrec<{ anyValidator: ValidatorJSON }>((tie) => ({
  anyValidator: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<ValidatorJSON>(
      ...(["string", "number", "bigint", "boolean", "bytes", "any", "null"] as const).map((type) => ({
        type,
      })),
      { type: "id", tableName: "users" },
    ),
    fc
      .oneof(
        fc.string(),
        fc.string({ unit: fc.constantFrom(`"`, `'`, "\\", "\n", "a", "ü") }),
        fc.boolean(),
        fc.integer(),
        fc.constantFrom({ $integer: "AQAAAAAAIAA=" }, { $integer: "//////////8=" }),
      )
      .map((value): ValidatorJSON => ({ type: "literal", value })),
    tie("anyValidator").map((value): ValidatorJSON => ({ type: "array", value })),
    fc
      .array(tie("anyValidator"), { minLength: 2, maxLength: 6 })
      .map((value): ValidatorJSON => ({ type: "union", value })),
    tie("anyValidator").map((fieldType): ValidatorJSON => {
      return { type: "record", keys: { type: "string" }, values: { fieldType, optional: false } };
    }),
    fc
      .dictionary(
        fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,20}$/),
        fc.record({ fieldType: tie("anyValidator"), optional: fc.boolean() }),
        { maxKeys: 4 },
      )
      .map((value): ValidatorJSON => ({ type: "object", value })),
  ),
}));

const jsonOf = (code: string): unknown =>
  (
    (new Function("v", `return ${code};`) as (api: typeof v) => GenericValidator)(v) as unknown as {
      json: unknown;
    }
  ).json;

test("the code makes the validator that it is made from, in one line or in many", () => {
  fc.assert(
    fc.property(anyValidator, fc.constantFrom(20, 80, Infinity), (json, width) => {
      const code = validatorCode(json, { v: "v", width }, 0, 0);
      expect(jsonOf(code)).toEqual(json);
      if (width === Infinity) expect(code).not.toContain("\n");
    }),
  );
});

test("the code is as Prettier formats it", async () => {
  await fc.assert(
    fc.asyncProperty(anyValidator, fc.boolean(), async (fieldType, optional) => {
      const start = "  field: ";
      const code = fieldCode({ fieldType, optional }, { v: "v", width: 80 }, 2, start.length + 1);
      const file = `const fields = {\n${start}${code},\n};\n`;
      expect(await format(file, { parser: "typescript" })).toBe(file);
    }),
    { numRuns: 200 },
  );
});

test("v may be called otherwise", () => {
  expect(validatorCode({ type: "array", value: { type: "bigint" } }, { v: "values", width: 80 })).toBe(
    "values.array(values.int64())",
  );
});
