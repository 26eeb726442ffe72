import { type GenericValidator, getConvexSize, getDocumentSize, v, type Value } from "convex/values";
import { describe, expect, test } from "vitest";
import { CONTENT_KEY_FIELD, contractOf, mirrorTable } from "../../schema/index.js";
import type { Change } from "./change.js";
import type { JsonObject } from "./values.js";
import { contentKey, hashToInt64, keyHash as keyHash64, rowHash } from "../proof/hash.js";
import {
  type CompiledMirror,
  compileMirror,
  fieldPathOf,
  type Prepared,
  prepareRow,
  type Refused,
} from "./row.js";

function compiled(table: { validator: GenericValidator }): CompiledMirror {
  return compileMirror(table.validator, contractOf(table)!);
}

const customers = compiled(
  mirrorTable(
    {
      id: v.int64(),
      email: v.string(),
      name: v.optional(v.string()),
      phone: v.optional(v.union(v.string(), v.null())),
      updated_at: v.number(),
    },
    { primaryKey: ["id"], version: "updated_at" },
  ),
);
const nested = compiled(
  mirrorTable(
    { address: v.object({ id: v.union(v.string(), v.null()), zip: v.string() }), n: v.number() },
    { primaryKey: ["address.id", "n"] },
  ),
);
const events = compiled(mirrorTable({ kind: v.string(), n: v.optional(v.number()) }));

const change = (op: Change["op"], row: JsonObject): Change => ({ op, row });
function prepared(mirror: CompiledMirror, op: Prepared["op"], row: JsonObject): Prepared {
  const result = prepareRow(mirror, change(op, row));
  if ("problem" in result) throw new Error(result.problem.message);
  expect(result.op).toBe(op);
  return result as Prepared;
}
function refused(mirror: CompiledMirror, op: Change["op"], row: JsonObject): Refused {
  const result = prepareRow(mirror, change(op, row));
  if (!("problem" in result)) throw new Error("was not refused");
  return result;
}

const keyHash = (key: Value[]): bigint => hashToInt64(keyHash64(key));

const full = { id: 1, email: "a@b", name: "A", phone: null, updated_at: "2024-01-01" };

describe("upsert", () => {
  test("the row is converted, named and measured, its key hashed", () => {
    const row = { id: 1n, email: "a@b", name: "A", phone: null, updated_at: Date.UTC(2024, 0, 1) };
    expect(prepared(customers, "upsert", full)).toEqual({
      op: "upsert",
      row,
      key: [1n],
      keyHash: keyHash([1n]),
      version: row.updated_at,
      bytes: getDocumentSize(row),
      notes: [],
    });
  });

  test("a key may be nested, composite and null, but never absent", () => {
    expect(prepared(nested, "upsert", { address: { id: null, zip: "1" }, n: 2 }).key).toEqual([null, 2]);
    expect(refused(nested, "upsert", { address: { zip: "1" }, n: 2 })).toMatchObject({
      problem: { code: "MissingPrimaryKeyValue", path: "address.id" },
    });
    expect(refused(customers, "upsert", { email: "x" }).problem.code).toBe("MissingPrimaryKeyValue");
  });

  test("a row that is refused keeps the key that it is found by", () => {
    expect(refused(customers, "upsert", { ...full, email: null })).toMatchObject({
      problem: { code: "TypeMismatch", path: "email" },
      key: [1n],
      keyHash: keyHash([1n]),
    });
    expect(refused(customers, "upsert", { ...full, email: "x".repeat(2 ** 20) })).toMatchObject({
      problem: { code: "ValueTooLarge", path: "email" },
      key: [1n],
    });
    const unnamed = refused(customers, "upsert", { ...full, id: 1.5 });
    expect(unnamed.problem).toMatchObject({ code: "NumberNotExact", path: "id" });
    expect(unnamed).not.toHaveProperty("key");
    expect(unnamed.version).toBe(Date.UTC(2024, 0, 1));
  });

  test("notes say what was done", () => {
    const { row, notes } = prepared(customers, "upsert", { ...full, email: 5, extra: 1 });
    expect(row!["email"]).toBe("5");
    expect(notes).toMatchObject([
      { kind: "coerced", path: "email" },
      { kind: "unknownField", path: "extra" },
    ]);
  });
});

describe("update", () => {
  test("only what is named is converted; null removes a field that may be absent and not null", () => {
    expect(prepared(customers, "update", { id: 1, name: null, phone: null, extra: 1 })).toEqual({
      op: "update",
      row: { id: 1n, phone: null },
      unset: ["name"],
      key: [1n],
      keyHash: keyHash([1n]),
      version: undefined,
      bytes: getDocumentSize({ id: 1n, phone: null }),
      notes: [{ kind: "unknownField", path: "extra", from: "integer", sample: "1" }],
    });
    expect(prepared(customers, "update", { id: 1, updated_at: 5 }).version).toBe(5);
  });

  test("the key is required, and an object is whole", () => {
    expect(refused(customers, "update", { name: "x" }).problem.code).toBe("MissingPrimaryKeyValue");
    expect(refused(nested, "update", { address: { id: "a" }, n: 1 })).toMatchObject({
      problem: { code: "MissingField", path: "address.zip" },
      key: ["a", 1],
    });
    expect(refused(customers, "update", { id: 1, email: null }).problem.code).toBe("TypeMismatch");
  });
});

describe("delete", () => {
  test("only the key and the version are read", () => {
    expect(prepared(customers, "delete", { id: "1", email: {}, updated_at: 7 })).toEqual({
      op: "delete",
      key: [1n],
      keyHash: keyHash([1n]),
      version: 7,
      bytes: getConvexSize([1n]),
      notes: [],
    });
    expect(prepared(customers, "delete", { id: 1, updated_at: null }).version).toBeUndefined();
    expect(prepared(nested, "delete", { address: { id: "a" }, n: 1 }).key).toEqual(["a", 1]);
  });

  test("a key that is absent or cannot be read is a problem", () => {
    expect(refused(customers, "delete", {}).problem.code).toBe("MissingPrimaryKeyValue");
    expect(refused(customers, "delete", { id: "x" }).problem).toMatchObject({
      code: "TypeMismatch",
      path: "id",
    });
  });
});

describe("a mirror without a key", () => {
  test("is keyed by content, which the row carries", () => {
    const { row, key } = prepared(events, "upsert", { kind: "a", n: null });
    const content = contentKey({ kind: "a" });
    expect(key).toEqual([content]);
    expect(row).toStrictEqual({ kind: "a", [CONTENT_KEY_FIELD]: content });
    expect(prepared(events, "delete", { kind: "a" }).key).toEqual([content]);
  });

  test("does not take the source's word for the content key", () => {
    const { row, notes } = prepared(events, "upsert", { kind: "a", [CONTENT_KEY_FIELD]: "b" });
    expect(row![CONTENT_KEY_FIELD]).toBe(contentKey({ kind: "a" }));
    expect(notes).toMatchObject([{ kind: "unknownField", path: CONTENT_KEY_FIELD }]);
  });

  test("takes no partial rows", () => {
    expect(refused(events, "update", { kind: "a" }).problem.code).toBe("MissingPrimaryKeyValue");
    expect(refused(events, "upsert", { n: 1 }).problem).toMatchObject({ code: "MissingField", path: "kind" });
  });
});

describe("columns", () => {
  const films = compiled(
    mirrorTable(
      {
        title: v.string(),
        usGross: v.union(v.number(), v.null()),
        source: v.optional(v.string()),
        at: v.number(),
      },
      {
        primaryKey: ["title"],
        version: "at",
        columns: { title: "_Title", usGross: "US Gross", source: "title", at: "source_at" },
      },
    ),
  );

  test("feed their fields, also the key and the version, by their names as they are or cleaned", () => {
    const row = { source_title: "Dune", "US Gross": 1, title: "IMDb", source_at: 5 };
    expect(prepared(films, "upsert", row)).toMatchObject({
      row: { title: "Dune", usGross: 1, source: "IMDb", at: 5 },
      key: ["Dune"],
      version: 5,
      notes: [],
    });
    expect(prepared(films, "delete", { source_title: "Dune", source_at: 5 })).toMatchObject({
      key: ["Dune"],
      version: 5,
    });
  });

  test("leave the field's own name to another column", () => {
    const row = { source_title: "Dune", usGross: 1, source_at: 5 };
    expect(prepared(films, "upsert", row)).toMatchObject({
      row: { usGross: null },
      notes: [
        { kind: "missingField", path: "usGross" },
        { kind: "unknownField", path: "usGross" },
      ],
    });
  });

  test("translate the paths of a connection's key", () => {
    const contract = { primaryKey: null, columns: { id: "_id", place: "the.place" } };
    expect(fieldPathOf(contract, "source_id")).toBe("id");
    expect(fieldPathOf(contract, "source_id.part")).toBe("id.part");
    expect(fieldPathOf(contract, "the.place")).toBe("place");
    expect(fieldPathOf(contract, "other.part")).toBe("other.part");
  });

  test("that are one once they are cleaned, or are dropped then, are refused when the mirror is compiled", () => {
    const fields = { a: v.string(), b: v.string() };
    expect(() => compiled(mirrorTable(fields, { columns: { a: "_x", b: "source_x" } }))).toThrow(
      /"a" and "b"/,
    );
    expect(() => compiled(mirrorTable(fields, { columns: { a: "_x" }, drop: ["source_x"] }))).toThrow(
      /feeds the field "a"/,
    );
  });
});

describe("where", () => {
  const swiss = (row: { country: string }) => row.country === "CH";
  const fields = { id: v.string(), country: v.string(), at: v.number() };
  const keyed = compiled(
    mirrorTable(fields, { primaryKey: ["id"], version: "at", where: swiss, columns: { country: "land" } }),
  );
  const keyless = compiled(mirrorTable(fields, { where: swiss }));

  test("a row that does not pass is deleted from a mirror with a key, with the version of the change", () => {
    expect(prepared(keyed, "delete", { id: "a", at: 1 })).toBeDefined();
    expect(prepareRow(keyed, change("upsert", { id: "a", land: "CH", at: 1 }))).toMatchObject({
      op: "upsert",
    });
    expect(prepareRow(keyed, change("upsert", { id: "a", land: "AT", at: 1, extra: 1 }))).toEqual({
      op: "delete",
      key: ["a"],
      keyHash: keyHash(["a"]),
      version: 1,
      bytes: getConvexSize(["a"]),
      notes: [{ kind: "unknownField", path: "extra", from: "integer", sample: "1" }],
    });
  });

  test("a row that does not pass is nothing to a mirror without one", () => {
    expect(prepareRow(keyless, change("upsert", { id: "a", country: "CH", at: 1 }))).toMatchObject({
      op: "upsert",
    });
    for (const op of ["upsert", "delete"] as const) {
      expect(prepareRow(keyless, change(op, { id: "a", country: "AT", at: 1 }))).toEqual({
        op: "filtered",
        notes: [],
      });
    }
  });

  test("a partial row is not asked, for it does not say", () => {
    expect(prepareRow(keyed, change("update", { id: "a", land: "AT" }))).toMatchObject({ op: "update" });
  });

  test("a filter that throws, or says neither yes nor no, puts the row aside and deletes nothing", () => {
    const filters: [string, (row: object) => boolean, string][] = [
      ["throws", (row) => (row as { name: string[] }).name.length > 0, "threw: Cannot read"],
      ["forgets to return", (() => undefined) as unknown as () => boolean, "returned nothing"],
      [
        "is async",
        (async () => Promise.resolve(true)) as unknown as () => boolean,
        "returned a value of type object",
      ],
    ];
    for (const [, where, message] of filters) {
      for (const primaryKey of [["id"], undefined] as const) {
        const mirror = compiled(
          mirrorTable(fields, { primaryKey, where } as unknown as { primaryKey: ["id"] }),
        );
        const { problem, refuse, key } = refused(mirror, "upsert", { id: "a", country: "CH", at: 1 });
        expect(problem).toMatchObject({
          code: "FilterFailed",
          path: "",
          message: expect.stringContaining(message) as unknown,
        });
        expect([refuse, key]).toEqual([false, expect.any(Array)]);
      }
    }
  });
});

test("equal rows have equal hashes, in whatever encoding and order they came", () => {
  const plain = prepared(customers, "upsert", full);
  const encoded = prepareRow(
    customers,
    change("upsert", {
      updated_at: Date.UTC(2024, 0, 1),
      phone: null,
      name: "A",
      email: "a@b",
      id: { $integer: "AQAAAAAAAAA=" },
    }),
    "convex",
  );
  if (!("row" in encoded)) throw new Error("was not prepared");
  expect(encoded.keyHash).toBe(plain.keyHash);
  expect(rowHash(encoded.row!)).toBe(rowHash(plain.row!));
});

test("a validator that is no object, and a path that leads nowhere, are refused when the mirror is compiled", () => {
  expect(() => compileMirror(v.any(), { primaryKey: null })).toThrow();
  expect(() => compileMirror(v.object({ a: v.string() }), { primaryKey: ["b"] })).toThrow(/"b"/);
});

describe("a value that change data capture did not send", () => {
  const word = "__debezium_unavailable_value";

  test.each([word, btoa(word), [word]])(
    "%j is no value: the rest of the row is an update, and that is noted",
    (value) => {
      const made = prepareRow(customers, change("upsert", { id: 1, email: value, updated_at: 5 }));
      if ("problem" in made) throw new Error(made.problem.message);
      expect(made.op).toBe("update");
      expect(made).toMatchObject({ row: { id: 1n, updated_at: 5 }, kept: ["email"] });
      expect("row" in made && "email" in made.row!).toBe(false);
      expect(made.notes).toEqual([{ kind: "discardedValue", path: "email", from: "string", sample: word }]);
    },
  );

  test("a row is storable without it where its field is optional", () => {
    const without = (field: string) => prepareRow(customers, change("upsert", { ...full, [field]: word }));
    expect(without("name")).toMatchObject({ op: "update", kept: ["name"], storable: true });
    expect(without("email")).not.toHaveProperty("storable");
  });

  test("is no key, and changes nothing of a deletion", () => {
    expect(refused(customers, "upsert", { ...full, id: word }).problem.code).toBe("MissingPrimaryKeyValue");
    expect(prepared(customers, "delete", { id: 1, email: word }).key).toEqual([1n]);
  });

  test("makes a row without a key wait: what it belongs to is not known", () => {
    expect(refused(events, "upsert", { kind: word }).problem.code).toBe("MissingPrimaryKeyValue");
  });
});
