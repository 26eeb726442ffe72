import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import { contractOf, mirrorTable, type MirrorContract } from "./index.js";
import { markerKind } from "./softDelete.js";

const fields = {
  id: v.int64(),
  email: v.string(),
  name: v.optional(v.union(v.string(), v.null())),
  updated_at: v.number(),
  address: v.object({ zip: v.string(), country: v.object({ code: v.string() }) }),
  deletedAt: v.optional(v.number()),
  gone: v.boolean(),
  extra: v.optional(v.record(v.string(), v.any())),
  rest: v.any(),
};

/** Options as a caller without types may write them. */
type Loose = Record<string, unknown>;

function declare(options: Loose, own: Loose = fields): MirrorContract {
  return contractOf(mirrorTable(own as typeof fields, options as { primaryKey: ["id"] }))!;
}

const keyed = { primaryKey: ["id"] };

test("what is not said has the defaults that import everything", () => {
  expect(declare(keyed)).toMatchObject({
    onDelete: "hard",
    deletedField: null,
    drift: { unknownFields: "evolve", types: "evolve", missingFields: "evolve" },
    overflow: null,
    expectEveryMs: null,
    shrinkLimit: 0.5,
    columns: {},
    drop: [],
    hash: [],
    where: null,
  });
});

test("the contract holds what is said as plain values", () => {
  const where = () => true;
  expect(
    declare({
      ...keyed,
      version: "updated_at",
      onDelete: "soft",
      deletedField: "deletedAt",
      drift: { types: "freeze" },
      overflow: "extra",
      expectEvery: "15 minutes",
      shrinkLimit: 0.9,
      columns: { name: "Full Name" },
      drop: ["ssn", "ssn", "address.geo"],
      hash: ["email"],
      where,
    }),
  ).toMatchObject({
    onDelete: "soft",
    deletedField: "deletedAt",
    drift: { unknownFields: "evolve", types: "freeze", missingFields: "evolve" },
    overflow: "extra",
    expectEveryMs: 900_000,
    shrinkLimit: 0.9,
    columns: { name: "Full Name" },
    drop: ["ssn", "address.geo"],
    hash: ["email"],
    where,
  });
});

test("a policy alone is for all kinds of drift", () => {
  expect(declare({ drift: "discard_row" }).drift).toEqual({
    unknownFields: "discard_row",
    types: "discard_row",
    missingFields: "discard_row",
  });
});

test.each([
  ["1 second", 1_000],
  ["15 minutes", 900_000],
  ["1 hour", 3_600_000],
  ["1.5 hours", 5_400_000],
  ["2 days", 172_800_000],
  [60_000, 60_000],
])("expectEvery %s is %i ms", (expectEvery, ms) => {
  expect(declare({ expectEvery }).expectEveryMs).toBe(ms);
});

test.each([
  [v.optional(v.boolean()), "boolean"],
  [v.boolean(), "boolean"],
  [v.union(v.null(), v.number()), "float64"],
  [v.optional(v.union(v.string(), v.null())), "string"],
])("a field may mark deleted rows with its %#th kind", (marker, kind) => {
  expect(
    declare({ ...keyed, onDelete: "soft", deletedField: "mark" }, { ...fields, mark: marker }).deletedField,
  ).toBe("mark");
  expect(markerKind(marker)).toBe(kind);
});

test("the importer's own fields are no source columns, so that another field may have theirs", () => {
  const columns = { name: "deletedAt" };
  expect(declare({ ...keyed, onDelete: "soft", deletedField: "deletedAt", columns }).columns).toEqual(
    columns,
  );
});

describe("refused, saying what to write instead", () => {
  const soft = { ...keyed, onDelete: "soft", deletedField: "deletedAt" };
  test.each<[string, Loose, RegExp]>([
    [
      "an option that does not exist",
      { softDelete: true },
      /no option "softDelete"; the options are primaryKey/,
    ],

    ["deletes of another kind", { ...keyed, onDelete: "archive" }, /"onDelete" is "archive"; write "hard"/],
    ["soft deletes without a key", { onDelete: "soft", deletedField: "gone" }, /needs a primaryKey/],
    ["soft deletes without a marker", { ...keyed, onDelete: "soft" }, /declare deletedAt: v\.optional/],
    ["a marker without soft deletes", { ...keyed, deletedField: "gone" }, /add onDelete: "soft"/],
    ["a marker that is no field", { ...soft, deletedField: "nope" }, /no field "nope"; the fields are id/],
    ["a marker that is no name", { ...soft, deletedField: 1 }, /"deletedField" is the name of a field/],
    ["a marker inside of an object", { ...soft, deletedField: "address.zip" }, /fields of the row itself/],
    ["a marker of another kind", { ...soft, deletedField: "id" }, /must be a boolean/],
    [
      "a marker that must be set",
      { ...soft, deletedField: "updated_at" },
      /wrap its validator in v\.optional/,
    ],
    [
      "a marker in the key",
      { ...soft, primaryKey: ["gone"], deletedField: "gone" },
      /"primaryKey" names "gone"/,
    ],
    [
      "a marker that is the version",
      { ...soft, version: "deletedAt" },
      /"version" names "deletedAt", which the importer fills in itself/,
    ],
    [
      "a marker with a column",
      { ...soft, columns: { deletedAt: "d" } },
      /it is the deletedField; name another/,
    ],

    ["a policy that does not exist", { drift: "ignore" }, /"drift" is "ignore"; the policies are evolve/],
    ["a policy that is no policy", { drift: 1 }, /"drift" is 1; write a policy/],
    ["drift that does not exist", { drift: { columns: "freeze" } }, /no "columns"; it has unknownFields/],
    ["one wrong policy", { drift: { types: "warn" } }, /"drift\.types" is "warn"; the policies/],
    ["overflow that is no field", { overflow: "nope" }, /no field "nope"/],
    ["overflow of text", { overflow: "email" }, /declare it as v\.optional\(v\.record/],
    ["overflow of an object", { overflow: "address" }, /declare it as v\.optional\(v\.record/],
    [
      "overflow that nothing flows into",
      { overflow: "extra", drift: "freeze" },
      /write unknownFields: "evolve"/,
    ],
    [
      "overflow with a column",
      { overflow: "extra", columns: { extra: "Extra" } },
      /it is the overflow field/,
    ],

    ["a time without a unit", { expectEvery: "15" }, /write it as "15 minutes"/],
    ["a time with another unit", { expectEvery: "2 weeks" }, /write it as "15 minutes"/],
    ["no time", { expectEvery: 0 }, /"expectEvery" is 0/],
    ["an endless time", { expectEvery: Infinity }, /"expectEvery" is Infinity/],
    ["a number that is hardly meant in milliseconds", { expectEvery: 15 }, /write the unit: "15 minutes"/],

    ["columns that are no object", { columns: ["email"] }, /an object from fields to source columns/],
    ["columns of a field that is not there", { columns: { nope: "x" } }, /no field "nope"/],
    ["a column without a name", { columns: { email: "" } }, /maps "email" to ""/],
    [
      "a column for two fields",
      { columns: { email: "x", name: "x" } },
      /"email" and "name" are both fed by .* "x"/,
    ],
    ["the column of another field", { columns: { email: "name" } }, /both fed by the source column "name"/],

    ["drop that is no list", { drop: "ssn" }, /write a list of source columns: drop: \["ssn"\]/],
    ["a dropped column without a name", { drop: [""] }, /write a list of source columns/],
    ["a dropped field", { drop: ["email"] }, /feeds the field "email"; remove one/],
    ["a dropped column of a field", { drop: ["E"], columns: { email: "E" } }, /feeds the field "email"/],
    ["a dropped part of a field", { drop: ["address.country.code"] }, /declared in the field "address"/],

    ["hash that is no list", { hash: "email" }, /write a list of fields: hash: \["email"\]/],
    ["a hash of no field", { hash: ["nope"] }, /no field "nope"/],
    ["a hash of a part of a field", { hash: ["address.zip"] }, /fields of the row itself/],
    ["a hash of a number", { hash: ["updated_at"] }, /is of kind float64, but a hash is text/],
    ["a hashed version", { version: "email", hash: ["email"] }, /hashes do not sort/],
    ["a hashed overflow field", { overflow: "extra", hash: ["extra"] }, /it is the overflow field/],

    ["a filter that is no function", { where: "active" }, /write a function of the row/],
  ])("%s", (_, options, message) => {
    expect(() => declare(options)).toThrow(message);
    expect(() => declare(options)).toThrow(/^mirrorTable: /);
  });
});
