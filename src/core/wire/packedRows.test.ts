import type { Value } from "convex/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { upsertOf } from "../../../test/rowChange.js";
import { MAX_DOCUMENT_BYTES } from "../rows/limits.js";
import type { RowChange } from "./changes.js";
import { keyHashesBrought, keyHashesOf, packRows, unpackRows } from "./packedRows.js";

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom('{"$integer":"x"}', '"', "\\", "\u0001"),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.constantFrom(NaN, -0, Infinity),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    text,
    fc.uint8Array({ maxLength: 9 }).map((bytes) => bytes.slice().buffer),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]\w{0,5}$/), tie("value"), { maxKeys: 3 }),
  ),
}));
const row = fc.dictionary(fc.stringMatching(/^[a-z]\w{0,5}$/), value, { maxKeys: 5 });
const hash = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const changes: fc.Arbitrary<RowChange[]> = fc.array(
  fc.oneof(
    fc.record({
      op: fc.constant("upsert" as const),
      key: fc.array(value),
      keyHash: hash,
      position: fc.nat(),
      row,
    }),
    fc.record(
      {
        op: fc.constant("update" as const),
        key: fc.array(value),
        keyHash: hash,
        position: fc.nat(),
        row,
        unset: fc.array(text),
        kept: fc.array(text),
        storable: fc.boolean(),
      },
      { requiredKeys: ["op", "key", "keyHash", "position", "row"] },
    ),
    fc.record(
      {
        op: fc.constant("delete" as const),
        key: fc.array(value),
        keyHash: hash,
        position: fc.nat(),
        version: value,
      },
      { requiredKeys: ["op", "key", "keyHash", "position"] },
    ),
  ),
  { maxLength: 5 },
);

test("changes of any values arrive as they were packed", () => {
  fc.assert(
    fc.property(changes, (rows) => {
      const packed = packRows(rows);
      expect(unpackRows(packed)).toEqual(rows);
      expect([...keyHashesOf(packed)]).toEqual(rows.map(({ keyHash }) => keyHash));
      expect(keyHashesBrought(packed)).toEqual(
        rows.flatMap(({ op, keyHash }) => (op === "delete" ? [] : keyHash)),
      );
    }),
    { numRuns: 500 },
  );
});

test.each(['"', "\\", "\u0001", "文", "😀", "é"])(
  "a row of the largest size, all of %j, fits into the arguments of a call",
  (character) => {
    const length = MAX_DOCUMENT_BYTES / new TextEncoder().encode(character).length;
    const packed = packRows([upsertOf([1], { id: 1, text: character.repeat(length) })]);
    // The text is written down once more with the arguments, of which 16 MiB are allowed.
    expect(new TextEncoder().encode(JSON.stringify(packed.text)).length).toBeLessThan(8 * 2 ** 20);
  },
);
