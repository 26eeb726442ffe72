import { getDocumentSize, type Value } from "convex/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  checkDocument,
  MAX_ARRAY_LENGTH,
  MAX_DOCUMENT_BYTES,
  MAX_FIELD_NAME_BYTES,
  MAX_NESTING,
  MAX_OBJECT_FIELDS,
  measureDocument,
} from "./limits.js";
import { isWellFormed } from "./text.js";

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 1.5, 7n),
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "binary" }),
    fc.uint8Array({ maxLength: 9 }).map((bytes) => bytes.slice().buffer),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]\w{0,5}$/), tie("value"), { maxKeys: 3 }),
  ),
}));

const found = (document: Record<string, Value>) => {
  const problem = checkDocument(document);
  return problem === null ? null : [problem.code, problem.path];
};

const fields = (count: number): Record<string, Value> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${String(i)}`, i]));

function nested(levels: number, wrap: (inner: Value) => Value): Value {
  let value: Value = 1;
  for (let i = 0; i < levels; i++) value = wrap(value);
  return value;
}

// The numbers of docs.convex.dev/production/state/limits: convex-test does not refuse what is beyond them.
test("the constants are the documented ones", () => {
  expect([
    MAX_DOCUMENT_BYTES,
    MAX_ARRAY_LENGTH,
    MAX_OBJECT_FIELDS,
    MAX_NESTING,
    MAX_FIELD_NAME_BYTES,
  ]).toEqual([1_048_576, 8192, 1024, 16, 1024]);
});

describe("each limit holds at its edge", () => {
  test("bytes of a document, system fields included", () => {
    const overhead = getDocumentSize({ text: "" });
    const document = (size: number) => ({ text: "x".repeat(size - overhead) });
    expect(measureDocument(document(MAX_DOCUMENT_BYTES - 1))).toBe(MAX_DOCUMENT_BYTES - 1);
    expect(found(document(MAX_DOCUMENT_BYTES))).toBe(null);
    expect(found(document(MAX_DOCUMENT_BYTES + 1))).toEqual(["ValueTooLarge", "text"]);
    // Three bytes per character in UTF-8.
    expect(found({ a: 1, text: "€".repeat(349_490) })).toBe(null);
    expect(found({ a: 1, text: "€".repeat(349_530) })).toEqual(["ValueTooLarge", "text"]);
    expect(found({ a: new ArrayBuffer(MAX_DOCUMENT_BYTES) })).toEqual(["ValueTooLarge", "a"]);
  });

  test("elements of an array", () => {
    const array = (length: number) => ({ o: { a: new Array<number>(length).fill(0) } });
    expect(found(array(MAX_ARRAY_LENGTH - 1))).toBe(null);
    expect(found(array(MAX_ARRAY_LENGTH))).toBe(null);
    expect(found(array(MAX_ARRAY_LENGTH + 1))).toEqual(["ArrayTooLong", "o.a"]);
  });

  test("fields of an object; the document has two of its own", () => {
    expect(found(fields(MAX_OBJECT_FIELDS - 3))).toBe(null);
    expect(found(fields(MAX_OBJECT_FIELDS - 2))).toBe(null);
    expect(found(fields(MAX_OBJECT_FIELDS - 1))).toEqual(["TooManyFields", ""]);
    expect(found({ o: fields(MAX_OBJECT_FIELDS) })).toBe(null);
    expect(found({ o: [fields(MAX_OBJECT_FIELDS + 1)] })).toEqual(["TooManyFields", "o.0"]);
    expect(found({ ...fields(MAX_OBJECT_FIELDS - 2), absent: undefined as unknown as Value })).toBe(null);
  });

  test("levels of nesting; the document is one, an empty array is one", () => {
    for (const wrap of [(inner: Value) => [inner], (inner: Value) => ({ a: inner })]) {
      expect(found({ a: nested(MAX_NESTING - 2, wrap) })).toBe(null);
      expect(found({ a: nested(MAX_NESTING - 1, wrap) })).toBe(null);
      expect(found({ a: nested(MAX_NESTING, wrap) })?.[0]).toBe("TooNested");
      expect(found({ a: nested(5000, wrap) })?.[0]).toBe("TooNested");
    }
    let deepest: Value = [];
    for (let i = 0; i < MAX_NESTING - 2; i++) deepest = [deepest];
    expect(found({ a: deepest })).toBe(null);
    expect(found({ a: [deepest] })?.[0]).toBe("TooNested");
  });

  test("names of fields", () => {
    expect(found({ ["a".repeat(MAX_FIELD_NAME_BYTES)]: 1 })).toBe(null);
    expect(found({ ["a".repeat(MAX_FIELD_NAME_BYTES + 1)]: 1 })).toEqual(["InvalidFieldName", ""]);
    for (const name of ["", " ", "~", "a.b"]) expect(found({ o: { [name]: 1 } })).toBe(null);
    for (const name of ["_a", "$a", "é", "\n"])
      expect(found({ o: { [name]: 1 } })).toEqual(["InvalidFieldName", "o"]);
  });

  test("text that is not well-formed", () => {
    expect(found({ a: ["😀"] })).toBe(null);
    expect(found({ a: ["", "\ud83d"] })).toEqual(["InvalidString", "a.1"]);
  });
});

test("the size is the one that Convex counts", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]\w{0,5}$/), value), (document) => {
      expect(measureDocument(document)).toBe(getDocumentSize(document));
    }),
  );
});

test("messages name the place and are fit to be stored", () => {
  expect(checkDocument({ a: ["\ud83d"] })?.message).toMatch(/^The field "a\.0": /);
  expect(isWellFormed(checkDocument({ o: { "\ud83d": 1 } })!.message)).toBe(true);
});
