import { type GenericValidator, v } from "convex/values";
import { describe, expect, test } from "vitest";
import { contractOf, type DriftOption, type DriftPolicy, mirrorTable } from "../../schema/index.js";
import type { Change } from "./change.js";
import type { JsonObject } from "./values.js";
import type { Note } from "./problem.js";
import { type CompiledMirror, compileMirror, prepareRow, type Row } from "./row.js";

function compiled(table: { validator: GenericValidator }): CompiledMirror {
  return compileMirror(table.validator, contractOf(table)!);
}

const declare = (drift: DriftOption) =>
  compiled(
    mirrorTable(
      {
        id: v.union(v.string(), v.null()),
        text: v.string(),
        maybe: v.optional(v.string()),
        nullable: v.union(v.string(), v.null()),
        at: v.union(v.number(), v.null()),
        place: v.optional(v.object({ zip: v.string() })),
      },
      { primaryKey: ["id"], version: "at", drift },
    ),
  );

const good = { id: "a", text: "t", nullable: "n", at: 1 };

/** What becomes of a row: what is stored and noted, or what is refused. */
type Outcome =
  { row: Row; notes: Pick<Note, "kind" | "path">[] } | { code: string; path: string; refuse: boolean };

function outcome(mirror: CompiledMirror, row: JsonObject, op: Change["op"] = "upsert"): Outcome {
  const result = prepareRow(mirror, { op, row });
  if ("problem" in result) {
    const { code, path } = result.problem;
    return { code, path, refuse: result.refuse };
  }
  if (result.op !== "upsert") throw new Error(`became a ${result.op}`);
  return { row: result.row!, notes: result.notes.map(({ kind, path }) => ({ kind, path })) };
}

const quarantined = (code: string, path: string) => ({ code, path, refuse: false });
const refused = (code: string, path: string) => ({ code, path, refuse: true });

describe("the table of drift policies", () => {
  const stored = (row: Row, kind: Note["kind"], path: string) => ({ row, notes: [{ kind, path }] });
  const { nullable: _nullable, ...withoutNullable } = good;

  test.each<[string, JsonObject, Record<DriftPolicy, unknown>]>([
    [
      "an unknown field",
      { ...good, extra: 1 },
      {
        evolve: stored(good, "unknownField", "extra"),
        discard_value: stored(good, "unknownField", "extra"),
        discard_row: quarantined("UnknownField", "extra"),
        freeze: refused("UnknownField", "extra"),
      },
    ],
    [
      "an unknown field inside of an object",
      { ...good, place: { zip: "1", extra: 1 } },
      {
        evolve: stored({ ...good, place: { zip: "1" } }, "unknownField", "place.extra"),
        discard_value: stored({ ...good, place: { zip: "1" } }, "unknownField", "place.extra"),
        discard_row: quarantined("UnknownField", "place.extra"),
        freeze: refused("UnknownField", "place.extra"),
      },
    ],
    [
      "a value that converts, where the field may be absent",
      { ...good, maybe: 5 },
      {
        evolve: stored({ ...good, maybe: "5" }, "coerced", "maybe"),
        discard_value: stored(good, "discardedValue", "maybe"),
        discard_row: quarantined("TypeMismatch", "maybe"),
        freeze: refused("TypeMismatch", "maybe"),
      },
    ],
    [
      "a value that converts, where the field may be null",
      { ...good, nullable: true },
      {
        evolve: stored({ ...good, nullable: "true" }, "coerced", "nullable"),
        discard_value: stored({ ...good, nullable: null }, "discardedValue", "nullable"),
        discard_row: quarantined("TypeMismatch", "nullable"),
        freeze: refused("TypeMismatch", "nullable"),
      },
    ],
    [
      "a value that converts, where the field needs one",
      { ...good, text: 5 },
      {
        evolve: stored({ ...good, text: "5" }, "coerced", "text"),
        discard_value: quarantined("TypeMismatch", "text"),
        discard_row: quarantined("TypeMismatch", "text"),
        freeze: refused("TypeMismatch", "text"),
      },
    ],
    [
      "a value that converts, inside of an object",
      { ...good, place: { zip: 8000 } },
      {
        evolve: stored({ ...good, place: { zip: "8000" } }, "coerced", "place.zip"),
        discard_value: stored(good, "discardedValue", "place"),
        discard_row: quarantined("TypeMismatch", "place.zip"),
        freeze: refused("TypeMismatch", "place.zip"),
      },
    ],
    [
      "a value that does not convert",
      { ...good, place: "x" },
      {
        evolve: quarantined("TypeMismatch", "place"),
        discard_value: stored(good, "discardedValue", "place"),
        discard_row: quarantined("TypeMismatch", "place"),
        freeze: refused("TypeMismatch", "place"),
      },
    ],
    [
      "a value that does not convert, where the field needs one",
      { ...good, text: null },
      {
        evolve: quarantined("TypeMismatch", "text"),
        discard_value: quarantined("TypeMismatch", "text"),
        discard_row: quarantined("TypeMismatch", "text"),
        freeze: refused("TypeMismatch", "text"),
      },
    ],
    [
      "a value of the key, which may be null",
      { ...good, id: 5 },
      {
        evolve: stored({ ...good, id: "5" }, "coerced", "id"),
        discard_value: quarantined("TypeMismatch", "id"),
        discard_row: quarantined("TypeMismatch", "id"),
        freeze: refused("TypeMismatch", "id"),
      },
    ],
    [
      "a version that cannot be read",
      { ...good, at: "soon" },
      {
        evolve: quarantined("TypeMismatch", "at"),
        discard_value: quarantined("TypeMismatch", "at"),
        discard_row: quarantined("TypeMismatch", "at"),
        freeze: refused("TypeMismatch", "at"),
      },
    ],
    [
      "a missing field",
      { id: "a", nullable: "n", at: 1 },
      {
        evolve: quarantined("MissingField", "text"),
        discard_value: quarantined("MissingField", "text"),
        discard_row: quarantined("MissingField", "text"),
        freeze: refused("MissingField", "text"),
      },
    ],
    [
      "a missing field inside of an object that may be absent",
      { ...good, place: {} },
      {
        evolve: quarantined("MissingField", "place.zip"),
        discard_value: quarantined("MissingField", "place.zip"),
        discard_row: quarantined("MissingField", "place.zip"),
        freeze: refused("MissingField", "place.zip"),
      },
    ],
    [
      "a missing part of the key",
      { text: "t", nullable: "n", at: 1 },
      {
        evolve: quarantined("MissingPrimaryKeyValue", "id"),
        discard_value: quarantined("MissingPrimaryKeyValue", "id"),
        discard_row: quarantined("MissingPrimaryKeyValue", "id"),
        freeze: refused("MissingPrimaryKeyValue", "id"),
      },
    ],
    [
      "an absent field that may be null, which is no drift",
      withoutNullable,
      Object.fromEntries(
        ["evolve", "discard_value", "discard_row", "freeze"].map((policy) => [
          policy,
          stored({ ...good, nullable: null }, "missingField", "nullable"),
        ]),
      ) as Record<DriftPolicy, unknown>,
    ],
    [
      "a row too large, which is no drift",
      { ...good, text: "x".repeat(2 ** 20) },
      Object.fromEntries(
        ["evolve", "discard_value", "discard_row", "freeze"].map((policy) => [
          policy,
          quarantined("ValueTooLarge", "text"),
        ]),
      ) as Record<DriftPolicy, unknown>,
    ],
  ])("%s", (_, row, expected) => {
    for (const policy of ["evolve", "discard_value", "discard_row", "freeze"] as const) {
      expect([policy, outcome(declare(policy), row)]).toEqual([policy, expected[policy]]);
    }
  });
});

test("each kind of drift has its own policy", () => {
  const mirror = declare({ unknownFields: "freeze", types: "discard_value", missingFields: "evolve" });
  expect(outcome(mirror, { ...good, maybe: 5 })).toMatchObject({ notes: [{ kind: "discardedValue" }] });
  expect(outcome(mirror, { ...good, extra: 5 })).toEqual(refused("UnknownField", "extra"));
  expect(outcome(mirror, { id: "a" })).toEqual(quarantined("MissingField", "text"));
});

test("a row that is bad in two ways is refused when either is frozen", () => {
  const row = { ...good, text: {}, nullable: 5, extra: 1 };
  expect(outcome(declare({ unknownFields: "freeze" }), { ...row, place: 1 })).toEqual(
    refused("UnknownField", "extra"),
  );
  expect(outcome(declare({ types: "freeze", unknownFields: "discard_row" }), row)).toEqual(
    refused("TypeMismatch", "text"),
  );
  expect(outcome(declare({ missingFields: "freeze" }), { id: "a", place: 1, at: 1 })).toEqual(
    refused("MissingField", "text"),
  );
  expect(outcome(declare("discard_row"), row)).toEqual(quarantined("TypeMismatch", "text"));
});

test("a row that is put aside tells what was unexpected", () => {
  const result = prepareRow(declare("discard_row"), { op: "upsert", row: { ...good, extra: 1 } });
  expect(result).toMatchObject({
    refuse: false,
    key: ["a"],
    version: 1,
    notes: [{ kind: "unknownField", path: "extra", sample: "1" }],
  });
});

test("a value that is left out of a partial row is removed, for what is stored is no longer true", () => {
  const result = prepareRow(declare("discard_value"), {
    op: "update",
    row: { id: "a", maybe: 5, nullable: 5 },
  });
  expect(result).toMatchObject({ op: "update", row: { id: "a", nullable: null }, unset: ["maybe"] });
});

test("a delete whose key cannot be read is refused when types are frozen", () => {
  const mirror = declare("freeze");
  expect(prepareRow(mirror, { op: "delete", row: { id: {} } })).toMatchObject({ op: "delete", key: ["{}"] });
  const numeric = compiled(mirrorTable({ id: v.number() }, { primaryKey: ["id"], drift: "freeze" }));
  expect(outcome(numeric, { id: "x" }, "delete")).toEqual(refused("TypeMismatch", "id"));
});

describe("overflow", () => {
  const fields = { id: v.string(), extra: v.optional(v.record(v.string(), v.any())) };
  const mirror = compiled(mirrorTable(fields, { primaryKey: ["id"], overflow: "extra" }));

  test("keeps unknown fields as they are, with a note", () => {
    expect(
      prepareRow(mirror, { op: "upsert", row: { id: "a", b: 1, "US Gross": [{ c: null }] } }),
    ).toMatchObject({
      row: { id: "a", extra: { b: 1, "US Gross": [{ c: null }] } },
      notes: [
        { kind: "unknownField", path: "b", to: "extra" },
        { kind: "unknownField", path: "US Gross", to: "extra" },
      ],
    });
  });

  test("is absent when there are none, or empty when it cannot be", () => {
    expect(outcome(mirror, { id: "a" })).toEqual({ row: { id: "a" }, notes: [] });
    const required = compiled(
      mirrorTable({ id: v.string(), rest: v.any() }, { primaryKey: ["id"], overflow: "rest" }),
    );
    expect(outcome(required, { id: "a" })).toEqual({ row: { id: "a", rest: {} }, notes: [] });
    expect(prepareRow(required, { op: "update", row: { id: "a" } })).toMatchObject({ row: { id: "a" } });
  });

  test("a source column of its name is one among the others", () => {
    expect(outcome(mirror, { id: "a", extra: 1 })).toMatchObject({ row: { id: "a", extra: { extra: 1 } } });
  });

  test("what cannot be kept is left out", () => {
    const row = { id: "a", big: 10n ** 30n + 1n, ["x".repeat(2000)]: 1 };
    expect(outcome(mirror, row)).toMatchObject({ row: { id: "a" }, notes: [{ path: "big" }, {}] });
  });

  test("counts for the content of rows without a key", () => {
    const { id: _, ...keyless } = fields;
    const events = compiled(mirrorTable({ ...keyless, kind: v.string() }, { overflow: "extra" }));
    const key = (row: JsonObject) => {
      const result = prepareRow(events, { op: "upsert", row });
      return "key" in result ? result.key : null;
    };
    expect(key({ kind: "a", b: 1 })).not.toEqual(key({ kind: "a", b: 2 }));
  });
});

describe("the field that marks deleted rows", () => {
  const declareMarker = (marker: GenericValidator) =>
    compiled(
      mirrorTable(
        { id: v.string(), gone: marker },
        { primaryKey: ["id"], onDelete: "soft", deletedField: "gone", drift: "freeze" },
      ),
    );

  test.each<[string, GenericValidator, Row]>([
    ["absent", v.optional(v.union(v.number(), v.null())), { id: "a" }],
    ["null", v.union(v.number(), v.null()), { id: "a", gone: null }],
    ["false", v.boolean(), { id: "a", gone: false }],
  ])("is %s in a row that is there, whatever the source says", (_, marker, row) => {
    expect(outcome(declareMarker(marker), { id: "a" })).toEqual({ row, notes: [] });
    expect(outcome(declareMarker(marker), { id: "a", gone: true })).toEqual({ row, notes: [] });
  });

  test("is no part of a partial row or a deletion", () => {
    const mirror = declareMarker(v.boolean());
    expect(prepareRow(mirror, { op: "update", row: { id: "a" } })).toMatchObject({
      row: { id: "a" },
      unset: [],
    });
    expect(prepareRow(mirror, { op: "delete", row: { id: "a" } })).toMatchObject({
      op: "delete",
      key: ["a"],
    });
  });
});
