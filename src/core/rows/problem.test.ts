import { expect, test } from "vitest";
import { mergeNotes, type Note } from "./problem.js";

const note = (overrides: Partial<Note>): Note => ({
  kind: "unknownField",
  path: "extra",
  from: "integer",
  sample: "1",
  ...overrides,
});

test("equal notes are counted, with the first sample", () => {
  expect(
    mergeNotes([
      note({}),
      note({ kind: "coerced", path: "email", to: "string" }),
      note({ sample: "2" }),
      note({ from: "string", sample: "x" }),
    ]),
  ).toEqual([
    { kind: "unknownField", field: "extra", from: "integer", sample: "1", times: 2 },
    { kind: "coerced", field: "email", from: "integer", to: "string", sample: "1", times: 1 },
    { kind: "unknownField", field: "extra", from: "string", sample: "x", times: 1 },
  ]);
});

test("no notes merge to none, and those of a source that invents names to a hundred", () => {
  expect(mergeNotes([])).toEqual([]);
  const notes = Array.from({ length: 500 }, (_, i) => note({ path: `f${String(i % 250)}` }));
  const merged = mergeNotes(notes);
  expect(merged).toHaveLength(100);
  expect(merged[0]).toMatchObject({ field: "f0", times: 2 });
});
