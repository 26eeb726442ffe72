import { describe, expect, test } from "vitest";
import { expectRefused, ok, Run, setUp, start, statusOf, upsert } from "./support.js";

setUp();

describe("values", () => {
  const int64 = (bytes: string) => ({ $integer: bytes });

  /** What is stored of fields of `conformance_types`. */
  async function stored(fields: object): Promise<Record<string, unknown>> {
    const app = await start();
    const run = await Run.begin(app, "conformance_types");
    const { counts } = await run.deliver([upsert({ id: "a", ...fields })]);
    expect(counts, JSON.stringify(await app.ledger("quarantine"), withoutBigInts)).toMatchObject({
      inserted: 1,
    });
    const [{ id: _, ...row }] = (await app.rows("conformance_types")) as [Record<string, unknown>];
    return row;
  }

  /** Why fields of `conformance_types` are put aside. */
  async function refused(fields: object): Promise<string> {
    const app = await start();
    const run = await Run.begin(app, "conformance_types");
    expect((await run.deliver([upsert({ id: "a", ...fields })])).quarantinedKeys).toEqual([["a"]]);
    const [entry] = await app.ledger("quarantine");
    return `${entry!.code} ${entry!.message}`;
  }

  test.each([
    ["int64, its edges", { int: int64("/////////38=") }, { int: 2n ** 63n - 1n }],
    ["int64, its lower edge", { int: int64("AAAAAAAAAIA=") }, { int: -(2n ** 63n) }],
    ["int64 as a number", { int: 42 }, { int: 42n }],
    ["int64 as text", { int: "9007199254740993" }, { int: 9007199254740993n }],
    ["doubles that JSON cannot write", { double: { $float: "AAAAAAAA+H8=" } }, { double: NaN }],
    ["infinity", { double: { $float: "AAAAAAAA8H8=" } }, { double: Infinity }],
    ["minus zero", { double: { $float: "AAAAAAAAAIA=" } }, { double: -0 }],
    [
      "a decimal of 38 digits as text",
      { text: "12345678901234567890.1234567890123456789" },
      { text: "12345678901234567890.1234567890123456789" },
    ],
    ["a date as a number", { double: "1969-12-31T23:59:59.999Z" }, { double: -1 }],
    ["any Unicode", { text: "naïve ☃ 😀 \u0000 \u2028" }, { text: "naïve ☃ 😀 \u0000 \u2028" }],
    ["an empty text", { text: "" }, { text: "" }],
    ["bytes", { bytes: { $bytes: "AP8Q" } }, { bytes: Uint8Array.from([0, 255, 16]).buffer }],
    ["no bytes at all", { bytes: { $bytes: "" } }, { bytes: new ArrayBuffer(0) }],
    ["null and nothing, which differ", { nothing: null, text: null }, { nothing: null }],
    ["a list", { list: [1, 2.5] }, { list: [1, 2.5] }],
    [
      "an object",
      { json: { a: [{ b: int64("AQAAAAAAAAA=") }, null, true] } },
      { json: { a: [{ b: 1n }, null, true] } },
    ],
  ])("arrive as they were sent: %s", async (_, sent, expected) => {
    const row = await stored(sent);
    expect(row).toEqual(expected);
  });

  test("a number that a double would round is kept where an int64 belongs, and refused elsewhere", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_types");
    const body = (row: string, sequence: number) =>
      `{"run":"${run.id}","delivery":"d${String(sequence)}","sequence":${String(sequence)},"changes":[{"op":"upsert","row":${row}}]}`;
    ok(await run.app.send("POST", "/v1/deliveries", body('{"id":"a","int":9007199254740993}', 1)));
    const [row] = await app.rows("conformance_types");
    expect(row).toMatchObject({ int: 9007199254740993n });
    const refusal = await run.app.send(
      "POST",
      "/v1/deliveries",
      body('{"id":"b","double":9007199254740993}', 2),
    );
    expect(ok(refusal)).toMatchObject({ quarantinedKeys: [["b"]] });
  });

  test.each([
    ["an int64 that is none", { int: int64("AAAA") }, /InvalidBytes.*int/],
    ["an int64 beyond 64 bits", { int: "9223372036854775808" }, /NumberOutOfRange/],
    ["a fraction for an int64", { int: 1.5 }, /NumberNotExact/],
    ["text for a number", { double: "n/a" }, /TypeMismatch.*double/],
    ["half a surrogate pair", { text: "\ud800" }, /InvalidString/],
    ["JSON of more than 16 levels", { json: nested(17) }, /TooNested/],
    ["a list of more than 8,192 elements", { list: Array(8_193).fill(0) }, /ArrayTooLong/],
    ["an object of more than 1,024 fields", { json: wide(1_025) }, /TooManyFields/],
    ["a row of more than 1 MiB", { text: "x".repeat(1_048_576) }, /ValueTooLarge.*text/],
  ])("are put aside, never changed: %s", async (_, sent, reason) => {
    expect(await refused(sent)).toMatch(reason);
  });

  test.each([
    ["JSON of 14 levels within the row", { json: nested(14) }],
    ["a list of 8,192 elements", { list: Array<number>(8_192).fill(0) }],
    ["an object of 1,024 fields", { json: wide(1_024) }],
    ["a row of nearly 1 MiB", { text: "x".repeat(1_048_000) }],
  ])("may be as large as Convex allows: %s", async (_, sent) => {
    expect(await stored(sent)).toEqual(sent);
  });
});

function nested(levels: number): unknown {
  return levels === 0 ? "deep" : { a: nested(levels - 1) };
}

function wide(fields: number): object {
  return Object.fromEntries(Array.from({ length: fields }, (_, i) => [`f${String(i)}`, i]));
}

function withoutBigInts(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

test("names that Convex cannot store are cleaned as Airbyte's are, and found by the columns of the schema", async () => {
  const app = await start();
  const run = await Run.begin(app, "conformance_names");
  await run.deliver([
    upsert({ id: "a", _id: "1", Über: "2", __proto__: "lost", "US Gross ($)": 3, json: { ключ: 1, $x: 2 } }),
  ]);
  const [row] = await app.rows("conformance_names");
  expect(row).toEqual({
    id: "a",
    source_id: "1",
    source_uber: "2",
    grossUs: 3,
    json: { source_kliuch: 1, source_x: 2 },
  });
});

describe("a row that is not as the schema says, under the policy", () => {
  const AS_EXPECTED = { id: "ok", required: "x" };
  const UNKNOWN = { id: "unknown", required: "x", added: 1 };
  const CONVERTIBLE = { id: "convertible", required: 5 };
  const WRONG = { id: "wrong", required: "x", optional: "n/a" };
  const MISSING = { id: "missing" };

  async function outcome(policy: "evolve" | "freeze" | "discard_row" | "discard_value", row: object) {
    const app = await start();
    const run = await Run.begin(app, `conformance_${policy}`);
    const answer = await run.send([upsert(AS_EXPECTED), upsert({ ...row })]);
    if (answer.status !== 200) {
      expect(await statusOf(app, `conformance_${policy}`)).toMatchObject({ state: "failed", rows: 0 });
      expectRefused(answer, 400, "SchemaDrift", /Record 2 of this request.*"(?:added|required|optional)"/);
      return "refused";
    }
    const rows = await app.rows(`conformance_${policy}`);
    return rows.find(({ id }) => id !== "ok") ?? "aside";
  }

  test.each([
    ["evolve", UNKNOWN, { id: "unknown", required: "x" }],
    ["evolve", CONVERTIBLE, { id: "convertible", required: "5" }],
    ["evolve", WRONG, "aside"],
    ["evolve", MISSING, "aside"],
    ["discard_value", UNKNOWN, { id: "unknown", required: "x" }],
    ["discard_value", CONVERTIBLE, "aside"],
    ["discard_value", WRONG, { id: "wrong", required: "x" }],
    ["discard_value", MISSING, "aside"],
    ["discard_row", UNKNOWN, "aside"],
    ["discard_row", CONVERTIBLE, "aside"],
    ["discard_row", WRONG, "aside"],
    ["discard_row", MISSING, "aside"],
    ["freeze", UNKNOWN, "refused"],
    ["freeze", CONVERTIBLE, "refused"],
    ["freeze", WRONG, "refused"],
    ["freeze", MISSING, "refused"],
  ] as const)("%s: %o becomes %o", async (policy, row, expected) => {
    expect(await outcome(policy, row)).toEqual(expected);
  });

  test("freeze: nothing of a refused delivery counts, and the next one is welcome", async () => {
    const app = await start();
    const run = await Run.begin(app, "conformance_freeze");
    expectRefused(await run.send([upsert(AS_EXPECTED), upsert(UNKNOWN)]), 400, "SchemaDrift", /added/);
    await run.deliver([upsert(AS_EXPECTED)]);
    expect(await statusOf(app, "conformance_freeze")).toMatchObject({ total: { received: 1 }, rows: 1 });
  });
});
