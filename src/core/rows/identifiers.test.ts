import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "./values.js";
import { cleanFields } from "./identifiers.js";
import { cleanFieldName, cleanPath, cleanTableName, isFieldName, NameError } from "./names.js";

describe("names as the backend cleans them", () => {
  test.each([
    ["users", "users", "users"],
    ["_id", "source_id", "source_id"],
    ["*name!of.table", "source_name_of_table", "*name!of.table"],
    ["_system_table", "source_system_table", "source_system_table"],
    ["My Table", "source_my_table", "My Table"],
    ["_UserID", "source_userid", "source_userid"],
    ["$integer", "source_integer", "source_integer"],
    ["123abc", "source_123abc", "123abc"],
    ["naïve", "source_naive", "source_naive"],
    ["", "source_", ""],
    ["ok_table", "ok_table", "ok_table"],
    ["CamelCase", "CamelCase", "CamelCase"],
    ["___", "source_", "source_"],
    ["_bad_field_name", "source_bad_field_name", "source_bad_field_name"],
    ["good field", "source_good_field", "good field"],
    ["$x", "source_x", "source_x"],
    ["__proto__", "source_proto", "source_proto"],
    ["constructor", "constructor", "constructor"],
    ["tab\there", "source_tab_here", "source_tab_here"],
    [" _ x _ ", "source_x", " _ x _ "],
  ])("%j is the table %j and the field %j", (name, table, field) => {
    expect(cleanTableName(name)).toBe(table);
    expect(cleanFieldName(name)).toBe(field);
  });

  test("scripts become ASCII", () => {
    expect(cleanFieldName("größe")).toBe("source_grosse");
    expect(cleanFieldName("ключ")).toBe("source_kliuch");
    expect(cleanFieldName("北京")).toBe("source_bei_jing");
    expect(cleanFieldName("価格 (税込)")).toMatch(/^source_[a-z0-9_]+$/);
    expect(cleanFieldName("\ud800")).toBe("source_");
  });

  test("a table name is at most 64 characters long", () => {
    expect(cleanTableName("a".repeat(64))).toBe("a".repeat(64));
    expect(() => cleanTableName("a".repeat(65))).toThrow(NameError);
    expect(cleanTableName(`_${"a".repeat(57)}`)).toHaveLength(64);
    expect(() => cleanTableName(`_${"a".repeat(58)}`)).toThrow(
      expect.objectContaining({ code: "InvalidTableName" }),
    );
  });

  test("a field name has at most 1,024 bytes of printable ASCII", () => {
    expect(isFieldName("a".repeat(1024))).toBe(true);
    expect(isFieldName("a".repeat(1025))).toBe(false);
    expect(isFieldName(" ~")).toBe(true);
    for (const name of ["$", "_", "\x1f", "\x7f", "é", "a\n"]) expect(isFieldName(name)).toBe(false);
  });

  test("paths are cleaned part by part", () => {
    expect(cleanPath(["_id", "First Name", "ä"])).toEqual(["source_id", "First Name", "source_a"]);
  });

  test("cleaning a clean name changes nothing, and a cleaned name is always fit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (name) => {
        const cleaned = cleanFieldName(name);
        expect(isFieldName(cleaned)).toBe(true);
        expect(cleanFieldName(cleaned)).toBe(cleaned);
      }),
    );
  });
});

describe("fields of objects", () => {
  test("objects without anything to clean are returned as they are", () => {
    const row = { a: 1, "b c": { d: [{ e: null }] }, constructor: 1 };
    expect(cleanFields(row)).toBe(row);
  });

  test("what lies inside is cleaned, what needs no cleaning is shared", () => {
    const fine = { x: [1] };
    const row = { a: fine, b: [fine, [{ _c: 1 }]] };
    const cleaned = cleanFields(row);
    expect(cleaned).toEqual({ a: fine, b: [fine, [{ source_c: 1 }]] });
    expect(cleaned["a"]).toBe(fine);
    expect(row.b[1]).toEqual([{ _c: 1 }]);
  });

  test("a new name that the source uses already gets the prefix again, as often as it takes", () => {
    expect(cleanFields({ source_id: 1, _id: 2 })).toEqual({ source_id: 1, source_source_id: 2 });
    const deep = {
      source_a: 1,
      source_source_a: 2,
      source_source_source_a: 3,
      source_source_source_source_a: 4,
      _a: 5,
    };
    expect(cleanFields(deep)).toEqual({ ...without(deep, "_a"), source_source_source_source_source_a: 5 });
  });

  test("different names of one slug are told apart by number, whatever their order", () => {
    const expected = { source_a: 1, source_a_2: 2, source_a_3: 3 };
    expect(cleanFields({ $a: 1, __a: 2, _a: 3 })).toEqual(expected);
    expect(cleanFields({ _a: 3, $a: 1, __a: 2 })).toEqual(expected);
  });

  test("a number is not given twice, nor one that another field has", () => {
    expect(cleanFields({ _a: 1, __a: 2, _a_2: 3, source_a_3: 4 })).toEqual({
      source_a_4: 1,
      source_a: 2,
      source_a_2: 3,
      source_a_3: 4,
    });
  });

  test("names of JavaScript's own are ordinary names", () => {
    const row = JSON.parse('{"__proto__":{"polluted":1},"constructor":2,"toString":3}') as JsonObject;
    const cleaned = cleanFields(row);
    expect(Object.keys(cleaned)).toEqual(["source_proto", "constructor", "toString"]);
    expect(Object.getPrototypeOf(cleaned)).toBe(Object.prototype);
    expect(({} as JsonObject)["polluted"]).toBeUndefined();
  });

  test("encoded values stay encoded in the encoding that has them, and are plain objects in the other", () => {
    const row = { _n: { $integer: "AQAAAAAAAAA=" }, o: { $integer: "x", b: 1 } };
    expect(cleanFields(row, "convex")).toEqual({ source_n: row._n, o: { source_integer: "x", b: 1 } });
    expect(cleanFields(row)).toEqual({
      source_n: { source_integer: "AQAAAAAAAAA=" },
      o: { source_integer: "x", b: 1 },
    });
  });

  test("a row nested without end does not overflow the stack", () => {
    const row = JSON.parse(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`) as JsonObject;
    expect(() => cleanFields(row)).not.toThrow();
  });

  const name = fc.oneof(
    fc.constantFrom(
      "_a",
      "__a",
      "$a",
      "a",
      "source_a",
      "source_a_2",
      "_a_2",
      "source_source_a",
      "ä",
      "__proto__",
    ),
    fc.string({ unit: "grapheme", maxLength: 5 }),
  );

  test("no value is lost, names are fit, and the order of keys does not matter", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), (names) => {
        const row = Object.fromEntries(names.map((key) => [key, key]));
        const cleaned = cleanFields(row);
        expect(Object.values(cleaned).sort()).toEqual([...names].sort());
        for (const [key, original] of Object.entries(cleaned)) {
          expect(isFieldName(key)).toBe(true);
          if (isFieldName(original as string)) expect(key).toBe(original);
        }
        const reversed = Object.fromEntries([...names].reverse().map((key) => [key, key]));
        expect(cleanFields(reversed)).toEqual(cleaned);
      }),
      { numRuns: 500 },
    );
  });
});

function without(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}
