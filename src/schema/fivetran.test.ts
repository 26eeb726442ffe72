import { v, type Validator } from "convex/values";
import { describe, expect, test } from "vitest";
import { cleanFieldName } from "../core/rows/names.js";
import { contractOf, mirrorTable } from "./index.js";

type Loose = Record<string, unknown>;

const fields = { id: v.int64(), fax: v.optional(v.string()), name: v.string(), price: v.number() };

/** A mirror as a caller without types may declare it. */
function declare(fivetran: unknown, options: Loose = {}, own: Loose = fields) {
  const all = { primaryKey: ["id"], fivetran, ...options };
  return mirrorTable(own as typeof fields, all as unknown as { primaryKey: ["id"]; fivetran: {} });
}

/** The validator of the field that the option adds. */
function fieldOf(fivetran: unknown, options: Loose = {}) {
  const { validator } = declare(fivetran, options);
  return (validator as unknown as { fields: { fivetran: Validator<unknown> & { json: unknown } } }).fields
    .fivetran;
}

describe("the option fivetran", () => {
  test("is kept by the contract, with what an update merges", () => {
    expect(
      contractOf(declare({ softDelete: true, types: { price: "DECIMAL" }, retired: ["fax"] }))!,
    ).toMatchObject({
      fivetran: { softDelete: true, id: false, types: { price: "DECIMAL" }, retired: ["fax"] },
      merged: ["fivetran", "fivetran.columns"],
    });
    expect(contractOf(mirrorTable(fields, { primaryKey: ["id"] }))).toMatchObject({
      fivetran: null,
      merged: [],
    });
  });

  test("adds a field in which nothing is required, so that rows that are there stay valid", () => {
    const field = fieldOf({ softDelete: true, columns: { line: v.optional(v.int64()) } });
    expect(field.isOptional).toBe("optional");
    expect(JSON.stringify(field.json)).not.toContain('"optional":false');
  });

  test.each<[what: string, fivetran: unknown, options: Loose]>([
    ["the id that Fivetran makes", { id: true }, { primaryKey: ["fivetran.id"] }],
    ["a column", { columns: { line: v.int64() } }, { primaryKey: [["fivetran", "columns", "line"]] }],
    ["the time of syncing", {}, { primaryKey: ["id", "fivetran.synced"] }],
  ])("a key may name %s, which is required then", (_, fivetran, options) => {
    expect(fieldOf(fivetran, options).isOptional).toBe("required");
  });

  test.each<[fivetran: unknown, options: Loose, message: RegExp]>([
    [true, {}, /write an object: fivetran: \{\}/],
    [[], {}, /write an object/],
    [{ deleted: true }, {}, /"fivetran" has no "deleted"; it has softDelete, id/],
    [{ softDelete: "yes" }, {}, /"fivetran\.softDelete" is "yes"/],
    [{ id: 1 }, {}, /"fivetran\.id" is 1/],
    [{ columns: 5 }, {}, /write an object of validators/],
    [{ columns: { line: "LONG" } }, {}, /"fivetran\.columns\.line" needs a validator/],
    [{ columns: { "a b": v.int64() } }, {}, /write the column's name without the "_"/],
    [{ columns: { _: v.int64() } }, {}, /write the column's name without the "_"/],
    [{ columns: { _x: v.int64(), source_x: v.int64() } }, {}, /"_x" and "source_x", which would both be/],
    [
      { columns: { _x: v.int64() }, types: { __x: "LONG" } },
      { drop: ["fivetran.columns._x"] },
      /"__x" is dropped, but declared/,
    ],
    [{}, { primaryKey: undefined }, /needs a primaryKey.*"fivetran\.id"/],
    [{}, { columns: { name: "Full Name" } }, /"Full Name" cannot come from Fivetran/],
    [{}, { columns: { name: "_name" } }, /declare it in fivetran: \{ columns/],
    [{ types: [] }, {}, /an object from columns to types/],
    [{ types: { nope: "LONG" } }, {}, /names "nope", but no field has such a column/],
    [{ types: { price: "MONEY" } }, {}, /the type "MONEY"; Fivetran's types are BOOLEAN/],
    [{ types: { price: "toString" } }, {}, /Fivetran's types are/],
    [{}, { drop: ["ssn"] }, /wants to know its type; write it in fivetran: \{ types: \{ ssn/],
    [{ retired: "fax" }, {}, /write a list of columns/],
    [{ retired: ["nope"] }, {}, /names "nope", but no field/],
    [{ retired: ["name"] }, {}, /rows without it could not be stored; wrap its validator/],
    [{ retired: ["id"] }, {}, /rows without it could not be stored/],
  ])("%j with %j is refused", (fivetran, options, message) => {
    expect(() => declare(fivetran, options)).toThrow(message);
  });

  test("names the field of a column as the importer cleans it", () => {
    const columns = { _x: v.optional(v.int64()), __Y__z_: v.optional(v.string()) };
    expect(JSON.stringify(fieldOf({ columns }).json)).toMatch(/"source_x":.*"source_y_z":/);
    const { renamed } = contractOf(declare({ columns }))!.fivetran!;
    expect(renamed).toEqual({ source_x: "_x", source_y_z: "__Y__z_" });
    for (const [field, column] of Object.entries(renamed)) expect(cleanFieldName(column)).toBe(field);
  });

  test("is refused beside a field of its name", () => {
    expect(() => declare({}, {}, { ...fields, fivetran: v.any() })).toThrow(/remove it from the fields/);
  });

  test("takes dropped columns whose type is said, also those that begin with an underscore", () => {
    const drop = ["ssn", "fivetran.columns.row", "name.inner"];
    const types = { ssn: "STRING", _row: "LONG" };
    expect(contractOf(declare({ types }, { drop }, { ...fields, name: v.any() }))).toMatchObject({ drop });
  });
});
