import fc from "fast-check";
import { convexToJson, type GenericValidator, v, type Value } from "convex/values";
import { describe, expect, test } from "vitest";
import { contractOf, mirrorTable } from "../../schema/index.js";
import type { ChangeOp, Encoding } from "./change.js";
import type { Json, JsonObject } from "./values.js";
import { keyHash } from "../proof/hash.js";
import { keyedHash } from "./redact.js";
import { type CompiledMirror, compileMirror, prepareRow, redactRow } from "./row.js";

const hashKey = "0123456789abcdef0123456789abcdef";
const hash = keyedHash(hashKey);

function compiled(table: { validator: GenericValidator }): CompiledMirror {
  return compileMirror(table.validator, contractOf(table)!, { hashKey });
}

const people = compiled(
  mirrorTable(
    {
      id: v.string(),
      email: v.string(),
      phone: v.optional(v.union(v.string(), v.null())),
      address: v.optional(v.any()),
      rest: v.optional(v.any()),
    },
    {
      primaryKey: ["id"],
      columns: { email: "E-Mail" },
      drop: ["ssn", "_secret", "address.geo.lat"],
      hash: ["id", "email", "phone"],
      overflow: "rest",
    },
  ),
);

const upsert = (row: JsonObject, mirror = people, encoding?: Encoding) =>
  prepareRow(mirror, { op: "upsert", row }, encoding);

describe("dropped columns", () => {
  test("are gone without a trace, by whatever name they come, also inside of objects", () => {
    const row = {
      id: "a",
      "E-Mail": "b",
      ssn: "1",
      _secret: "2",
      source_secret: "3",
      address: { geo: { lat: 4, lon: 5 } },
    };
    const result = upsert(row);
    expect(result).toMatchObject({ row: { address: { geo: { lon: 5 } } }, notes: [] });
    expect(result).not.toHaveProperty("row.rest");
    expect(redactRow(people, row, "json").row).toEqual({
      id: { $hashed: hash("a") },
      "E-Mail": { $hashed: hash("b") },
      address: { geo: { lon: 5 } },
    });
  });

  test("are gone from every element of an array", () => {
    const row: JsonObject = { address: [{ geo: { lat: 1 } }, { geo: { lat: 2, lon: 3 } }, 4] };
    expect(redactRow(people, row, "json").row).toEqual({ address: [{ geo: {} }, { geo: { lon: 3 } }, 4] });
  });

  test("are no drift, whatever the policy", () => {
    const mirror = compiled(
      mirrorTable({ id: v.string() }, { primaryKey: ["id"], drop: ["ssn"], drift: "freeze" }),
    );
    expect(upsert({ id: "a", ssn: 1 }, mirror)).toMatchObject({ row: { id: "a" }, notes: [] });
  });
});

describe("hashed fields", () => {
  test("are stored as HMAC-SHA-256 of their text; null stays null, absent stays absent", () => {
    expect(upsert({ id: "a", "E-Mail": "b@c", phone: null })).toMatchObject({
      row: { id: hash("a"), email: hash("b@c"), phone: null },
      key: [hash("a")],
      keyHash: keyHash([hash("a")]),
      notes: [],
    });
    expect(upsert({ id: "a", "E-Mail": "b@c" })).not.toHaveProperty("row.phone");
  });

  test("in the key, they find the row of an update and of a delete", () => {
    for (const op of ["update", "delete"] as const) {
      expect(prepareRow(people, { op, row: { id: "a" } })).toMatchObject({ op, key: [hash("a")] });
    }
  });

  test("that are no text are hashed as the text that they become, with a note that shows nothing", () => {
    expect(upsert({ id: 17, "E-Mail": "b" })).toMatchObject({
      row: { id: hash("17") },
      notes: [{ kind: "coerced", path: "id", from: "integer", to: "string", sample: "" }],
    });
    expect(upsert({ id: { $integer: "AQAAAAAAAAA=" }, "E-Mail": "b" }, people, "convex")).toMatchObject({
      row: { id: hash("1") },
    });
  });

  test("have their drift policy like others", () => {
    const fields = { id: v.string(), phone: v.optional(v.string()) };
    const declare = (types: "freeze" | "discard_value") =>
      compiled(mirrorTable(fields, { primaryKey: ["id"], hash: ["phone"], drift: { types } }));
    expect(upsert({ id: "a", phone: 41791234567 }, declare("freeze"))).toMatchObject({
      problem: { code: "TypeMismatch", path: "phone" },
      refuse: true,
    });
    const result = upsert({ id: "a", phone: 41791234567 }, declare("discard_value"));
    expect(result).toMatchObject({
      row: { id: "a" },
      notes: [{ kind: "discardedValue", path: "phone", from: "integer", sample: "" }],
    });
    expect(result).not.toHaveProperty("row.phone");
  });

  test("under the field's own name instead of its column are no secret less", () => {
    const result = upsert({ id: "a", "E-Mail": "b", email: "c@d" });
    expect(result).toMatchObject({ notes: [{ kind: "unknownField", path: "email", sample: "" }] });
    expect(show(result)).not.toContain("c@d");
  });

  test("need a key that cannot be guessed", () => {
    const table = mirrorTable({ id: v.string() }, { primaryKey: ["id"], hash: ["id"] });
    expect(() => compileMirror(table.validator, contractOf(table)!)).toThrow(/no hashKey.*openssl/);
    expect(() => compileMirror(table.validator, contractOf(table)!, { hashKey: "secret" })).toThrow(
      /has 6 bytes/,
    );
    const bytes = new TextEncoder().encode(hashKey);
    const mirror = compileMirror(table.validator, contractOf(table)!, { hashKey: bytes });
    expect(upsert({ id: "a" }, mirror)).toMatchObject({ key: [hash("a")] });
  });
});

describe("a redacted row", () => {
  const wrapped = (value: Json): JsonObject => ({ id: "a", "E-Mail": value });

  test("is trusted only when the caller says that it is one", () => {
    const forged = { $hashed: hash("x") };
    expect(upsert(wrapped(forged))).toMatchObject({ problem: { path: "email" } });
    const replayed = prepareRow(people, { op: "upsert", row: wrapped(forged) }, "json", { redacted: true });
    expect(replayed).toMatchObject({ row: { email: hash("x") } });
  });

  test("with something else instead of a hash is refused", () => {
    const forged: JsonObject[] = [
      { $hashed: "x" },
      { $hashed: 1 },
      { $hashed: hash("x"), was: 1 },
      { $redacted: 1 },
    ];
    for (const value of forged) {
      const result = prepareRow(people, { op: "upsert", row: wrapped(value) }, "json", { redacted: true });
      expect(result).toMatchObject({ problem: { code: "TypeMismatch", path: "email" } });
    }
  });

  test("whose field is no longer hashed cannot be stored, because the text was not kept", () => {
    const plain = compiled(mirrorTable({ id: v.string(), email: v.string() }, { primaryKey: ["id"] }));
    const { row } = redactRow(people, { id: "a", email: "b" }, "json");
    const result = prepareRow(plain, { op: "upsert", row }, "json", { redacted: true });
    expect(result).toMatchObject({ problem: { code: "TypeMismatch", path: "id" } });
    expect(result).toMatchObject({
      problem: { message: expect.stringContaining("Send the row again") as unknown },
    });
  });

  test("is the row itself where nothing is to be hidden", () => {
    const row = { phone2: 1 };
    expect(redactRow(people, row, "convex")).toEqual({ row, encoding: "convex" });
    expect(redactRow(people, row, "json").row).toBe(row);
  });
});

describe("what is hidden is in nothing that prepareRow and redactRow return", () => {
  /** Texts and numbers that occur nowhere else. */
  const secret = fc.oneof(
    fc.uuid().map((text) => `secret-${text}`),
    fc.bigInt({ min: 10n ** 15n, max: 10n ** 18n }),
    fc.bigInt({ min: 10n ** 15n, max: 9n * 10n ** 15n }).map(Number),
    fc.constantFrom(null, true),
  );
  const hidden: fc.Arbitrary<Json> = fc.oneof(
    secret,
    secret.map((inner) => ({ inner })),
    secret.map((inner) => [inner, "\ud800"]),
    fc.uuid().map((text) => `secret-${text}\ud800`),
  );
  const column = fc.constantFrom("id", "E-Mail", "email", "phone", "ssn", "_secret", "source_secret");

  test("law", () => {
    fc.assert(
      fc.property(
        fc.dictionary(column, hidden),
        hidden,
        fc.constantFrom<ChangeOp>("upsert", "update", "delete"),
        fc.constantFrom<Encoding>("json", "convex"),
        (row, lat, op, encoding) => {
          const whole: JsonObject = { id: "a", "E-Mail": "b", ...row, address: { geo: { lat } } };
          const result = prepareRow(people, { op, row: whole }, encoding);
          const redacted = redactRow(people, whole, encoding);
          const seen = show(result) + show(redacted);
          for (const value of leaves([...Object.values(row), lat])) expect(seen).not.toContain(value);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("law: a redacted row gives what the row gives, however often it is redacted", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(column, fc.constantFrom("extra", "address")), hidden),
        fc.constantFrom<ChangeOp>("upsert", "update", "delete"),
        fc.constantFrom<Encoding>("json", "convex"),
        (row, op, encoding) => {
          const first = redactRow(people, row, encoding);
          const again = redactRow(people, first.row, first.encoding, { redacted: true });
          expect(again).toEqual(first);
          expect(prepareRow(people, { op, row: first.row }, first.encoding, { redacted: true })).toEqual(
            prepareRow(people, { op, row }, encoding),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

test("law: a change that was converted gives the same again, as it was stored", () => {
  const marked = compiled(
    mirrorTable(
      {
        id: v.string(),
        n: v.union(v.int64(), v.null()),
        f: v.optional(v.number()),
        gone: v.boolean(),
        rest: v.any(),
      },
      {
        primaryKey: ["id"],
        columns: { id: "n", n: "f", f: "id" },
        drop: ["drop"],
        hash: ["id"],
        overflow: "rest",
        onDelete: "soft",
        deletedField: "gone",
        version: "n",
        drift: { types: "freeze", missingFields: "freeze" },
      },
    ),
  );
  const keyless = compiled(
    mirrorTable({ kind: v.string(), at: v.optional(v.number()) }, { drift: "freeze" }),
  );
  const double = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(
      fc.record(
        { n: fc.string(), f: fc.maxSafeInteger(), id: double, x: fc.jsonValue() },
        { requiredKeys: ["n", "f"] },
      ),
      fc.constantFrom<ChangeOp>("upsert", "update"),
      (row, op) => {
        const first = prepareRow(marked, { op, row: row as JsonObject });
        expect(first).toMatchObject({ op });
        const { row: stored } = first as { row: Record<string, Value> };
        const again = prepareRow(marked, { op, row: encoded(stored) }, "stored");
        expect({ ...again, notes: [] }).toEqual({ ...first, notes: [] });
      },
    ),
  );
  const event = prepareRow(keyless, { op: "upsert", row: { kind: "a", at: 1.5 } });
  const { row } = event as { row: Record<string, Value> };
  expect(prepareRow(keyless, { op: "upsert", row: encoded(row) }, "stored")).toEqual(event);
});

test("a stored row keeps its overflow, and gets what the schema no longer knows", () => {
  const mirror = compiled(
    mirrorTable({ id: v.string(), rest: v.optional(v.any()) }, { primaryKey: ["id"], overflow: "rest" }),
  );
  const row = { id: "a", rest: { x: 1 }, gone: 2 };
  expect(prepareRow(mirror, { op: "upsert", row }, "stored")).toMatchObject({
    row: { id: "a", rest: { x: 1, gone: 2 } },
  });
  expect(redactRow(mirror, row, "stored")).toEqual({ row, encoding: "stored" });
});

function encoded(row: Record<string, Value>): JsonObject {
  return JSON.parse(JSON.stringify(convexToJson(row))) as JsonObject;
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? part.toString() : part));
}

/** All texts and numbers in a value that are long enough to be told from others. */
function leaves(json: Json): string[] {
  if (typeof json === "object" && json !== null) return Object.values(json).flatMap(leaves);
  const text = String(json).replace("\ud800", "");
  return text.length > 6 ? [text] : [];
}

test("arrays within arrays are searched to a bound, and what lies deeper does not stay", () => {
  let profile: Json = { birthday: "1815-12-10" };
  for (let depth = 0; depth < 20_000; depth++) profile = [profile];
  const mirror = compiled(
    mirrorTable({ id: v.string(), profile: v.any() }, { primaryKey: ["id"], drop: ["profile.birthday"] }),
  );
  let left: Json = redactRow(mirror, { id: "z", profile }, "json").row.profile!;
  let levels = 0;
  for (; Array.isArray(left); left = left[0]!) levels++;
  expect([left, levels]).toEqual([null, 64]);
});
