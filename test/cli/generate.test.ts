// @vitest-environment node
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import ts from "typescript";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compilerHost } from "../compilerHost.js";
import { run } from "./support/command.js";

/** The command `generate` as a process, on files. Databases have tests of their own: test/postgres. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "streaming-import-generate-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function file(name: string, content: unknown): Promise<string> {
  const full = path.join(directory, name);
  await mkdir(path.dirname(full), { recursive: true });
  const isRaw = typeof content === "string" || Buffer.isBuffer(content);
  await writeFile(full, isRaw ? content : JSON.stringify(content));
  return name;
}

const schema = async () => await readFile(path.join(directory, "convex/schema.ts"), "utf8");
const generate = async (...args: string[]) => await run(["generate", ...args], { cwd: directory });

interface Result {
  written: boolean;
  diff: string;
  mirrors: string[];
  differences: { kind: string; table: string; field: string | null; message: string }[];
  left: { message: string }[];
  notes: string[];
}

async function json(...args: string[]): Promise<Result & { code: number | null }> {
  const { code, out } = await generate(...args, "--json");
  return { code, ...(JSON.parse(out) as Result) };
}

/** What the type checker says of the schema, in an app that has the package. */
async function typeErrors(): Promise<string[]> {
  await mkdir(path.join(directory, "node_modules"), { recursive: true });
  await symlink(
    path.join(ROOT, "node_modules/convex"),
    path.join(directory, "node_modules/convex"),
    "junction",
  );
  const paths = { "convex-streaming-import/schema": [path.join(ROOT, "src/schema/index.ts")] };
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ["node"],
    typeRoots: [path.join(ROOT, "node_modules/@types")],
    paths,
  };
  const schema = path.join(directory, "convex/schema.ts");
  const program = ts.createProgram([schema], options, compilerHost(options));
  return ts
    .getPreEmitDiagnostics(program, program.getSourceFile(schema))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

const CATALOG = {
  streams: [
    {
      stream: {
        name: "users",
        namespace: "public",
        json_schema: {
          type: "object",
          properties: {
            id: { type: "number", airbyte_type: "integer" },
            email: { type: "string", description: "Where to write to." },
            visits: { type: "number" },
            created_at: { type: "string", format: "date-time", airbyte_type: "timestamp_with_timezone" },
            tags: { type: "array", items: { type: "string" } },
            profile: {},
            _ab_cdc_lsn: { type: "number" },
          },
        },
        source_defined_primary_key: [["id"]],
      },
      sync_mode: "incremental",
      cursor_field: ["created_at"],
      destination_sync_mode: "append_dedup",
      primary_key: [["id"]],
    },
    {
      stream: {
        name: "Line Items",
        namespace: null,
        json_schema: {
          required: ["_id"],
          properties: {
            _id: { type: "string" },
            "Unit Price": { type: ["null", "number"] },
            address: {
              type: "object",
              required: ["zip"],
              properties: { zip: { type: "string" }, _geo: { type: ["null", "string"] } },
            },
          },
        },
      },
      sync_mode: "full_refresh",
      destination_sync_mode: "append",
    },
  ],
};

const USERS = `  users: mirrorTable(
    {
      id: v.int64(),
      /** Where to write to. */
      email: v.union(v.string(), v.null()),
      visits: v.union(v.number(), v.null()),
      created_at: v.union(v.string(), v.null()),
      tags: v.union(v.array(v.string()), v.null()),
      profile: v.any(),
    },
    { primaryKey: ["id"], source: "public.users", version: "created_at" },
  ),`;

const LINE_ITEMS = `  source_line_items: mirrorTable(
    {
      source_id: v.string(),
      unitPrice: v.optional(v.union(v.number(), v.null())),
      address: v.optional(
        v.object({
          zip: v.string(),
          source_geo: v.optional(v.union(v.string(), v.null())),
        }),
      ),
    },
    { source: "Line Items", columns: { unitPrice: "Unit Price" } },
  ),`;

describe("an Airbyte catalog", () => {
  test("gives a mirror for each stream, in code that type-checks", async () => {
    await file("catalog.json", CATALOG);
    expect(await json("--airbyte", "catalog.json", "--yes")).toMatchObject({
      code: 0,
      written: true,
      mirrors: ["users", "source_line_items"],
    });
    expect(await schema()).toBe(`import { mirrorTable } from "convex-streaming-import/schema";
import { defineSchema } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
${USERS}
${LINE_ITEMS}
});
`);
    expect(await typeErrors()).toEqual([]);
    expect(await json("--airbyte", "catalog.json", "--check")).toMatchObject({ code: 0, differences: [] });
  });

  test.each([
    [
      "as discover prints it",
      { type: "CATALOG", catalog: { streams: CATALOG.streams.map(({ stream }) => stream) } },
    ],
    ["among logs", `{"type": "LOG"}\nhello\n${JSON.stringify({ type: "CATALOG", catalog: CATALOG })}\n`],
    [
      "of the API",
      { syncCatalog: { streams: CATALOG.streams.map(({ stream, ...config }) => ({ stream, config })) } },
    ],
  ])("%s", async (_, content) => {
    await file("catalog.json", content);
    const { mirrors, diff } = await json("--airbyte", "catalog.json", "--dry-run");
    expect(mirrors).toEqual(["users", "source_line_items"]);
    expect(diff).toContain('primaryKey: ["id"]');
  });

  test("a cursor that may be null, or that change data capture keeps to itself, is no version", async () => {
    const [users] = CATALOG.streams;
    const stream = { ...users!.stream, source_defined_cursor: true };
    await file("catalog.json", { streams: [{ ...users, stream }] });
    expect((await json("--airbyte", "catalog.json", "--dry-run")).diff).not.toContain("version");
  });

  test.each([
    [{ type: "string" }, false],
    [{ type: ["null", "string"], format: "date" }, true],
    [{ type: "string", airbyte_type: "timestamp_without_timezone" }, true],
    [{ type: "integer" }, true],
    [{ type: ["string", "integer"] }, false],
    [{ type: "boolean" }, false],
  ])("GENERATE-5: a cursor %j orders changes: %s", async (rev, orders) => {
    const [users] = CATALOG.streams;
    const stream = { ...users!.stream, json_schema: { properties: { id: { type: "integer" }, rev } } };
    await file("catalog.json", { streams: [{ ...users, stream, cursor_field: ["rev"] }] });
    const { diff } = await json("--airbyte", "catalog.json", "--dry-run");
    expect(diff.includes('version: "rev"')).toBe(orders);
    // A column that is asked for and has no order is not taken, and that is said.
    await file("rows.jsonl", '{"id":1,"rev":"9"}\n{"id":1,"rev":"10b"}\n');
    const asked = await json("--sample", "rows.jsonl", "--dry-run", "--version-column", "rev");
    expect(asked.diff).not.toContain("version");
    expect(asked.notes.join()).toContain("its column rev is of a type whose values have no order");
  });

  test("a key whose type a row cannot be found by is left out, and said", async () => {
    const json_schema = { properties: { id: {}, name: { type: "string" } } };
    await file("catalog.json", { streams: [{ stream: { name: "t", json_schema }, primary_key: [["id"]] }] });
    const { diff, notes } = await json("--airbyte", "catalog.json", "--dry-run");
    expect(diff).not.toContain("primaryKey");
    expect(notes.join()).toMatch(/t: its key id is of a type/);
  });
});

describe("a Fivetran schema", () => {
  const ANSWER = {
    code: "Success",
    data: {
      schemas: {
        shop: {
          name_in_destination: "pg_shop",
          enabled: true,
          tables: {
            Orders: {
              name_in_destination: "orders",
              enabled: true,
              columns: {
                id: { name_in_destination: "id", enabled: true, is_primary_key: true },
                Total: { name_in_destination: "total", enabled: true, hashed: false },
                ssn: { name_in_destination: "ssn", enabled: true, hashed: true },
                fax: { name_in_destination: "fax", enabled: false },
              },
            },
            untouched: { name_in_destination: "untouched", enabled: true },
            off: { name_in_destination: "off", enabled: false, columns: { a: { enabled: true } } },
          },
        },
      },
    },
  };

  test("of the REST API: what it tells, and notes on what it does not", async () => {
    await file("fivetran.json", ANSWER);
    const { mirrors, notes } = await json("--fivetran", "fivetran.json", "--yes");
    expect(mirrors).toEqual(["orders"]);
    expect(notes.join("\n")).toMatch(/pg_shop\.untouched: has no known columns/);
    expect(notes.join("\n")).toMatch(/pg_shop\.orders: Fivetran's API has no types/);
    const text = await schema();
    expect(text).toContain("id: v.union(v.string(), v.number(), v.int64()),");
    expect(text).toContain("total: v.any(),");
    expect(text).toContain("ssn: v.union(v.string(), v.null()),");
    expect(text).not.toContain("fax");
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      'primaryKey: ["id"], source: "pg_shop.orders", fivetran: { softDelete: true }',
    );
    expect(notes.join("\n")).toMatch(/pg_shop\.orders: taken to keep deleted rows/);
    expect(await typeErrors()).toEqual([]);
  });

  test("of a Connector SDK connector: its types, as Fivetran's destination sends them", async () => {
    const columns = { id: "LONG", at: "UTC_DATETIME", day: "NAIVE_DATE", raw: "BINARY", any: "JSON" };
    const price = { type: "DECIMAL", precision: 15, scale: 2 };
    await file("sdk.json", [{ table: "orders", primary_key: ["id"], columns: { ...columns, price } }]);
    expect((await json("--fivetran", "sdk.json", "--yes")).code).toBe(0);
    const text = await schema();
    for (const line of [
      "id: v.int64(),",
      "at: v.union(v.number(), v.null()),",
      "day: v.union(v.string(), v.null()),",
      "raw: v.union(v.bytes(), v.null()),",
      "any: v.any(),",
      "price: v.union(v.string(), v.null()),",
      '{ primaryKey: ["id"], fivetran: { softDelete: true } }',
    ])
      expect(text).toContain(line);
    expect(await typeErrors()).toEqual([]);
  });

  test("of Fivetran's Convex destination: its validators, whose key is never null", async () => {
    const nullable = (type: string) => ({
      fieldType: { type: "union", value: [{ type }, { type: "null" }] },
      optional: true,
    });
    const documentType = { type: "object", value: { id: nullable("bigint"), name: nullable("string") } };
    const indexes = [{ indexDescriptor: "_fivetran_by_primary_key", fields: ["fivetran.deleted", "id"] }];
    await file("definition.json", { tableDefinition: { tableName: "shop_users", indexes, documentType } });
    expect((await json("--fivetran", "definition.json", "--yes")).code).toBe(0);
    expect(await schema()).toContain(`  shop_users: mirrorTable(
    {
      id: v.int64(),
      name: v.optional(v.union(v.string(), v.null())),
    },
    { primaryKey: ["id"], fivetran: {} },
  ),`);
  });

  test("of Fivetran's Convex destination: its own columns become the option", async () => {
    const field = (type: object, optional = true) => ({ fieldType: type, optional });
    const nullable = (type: string) => field({ type: "union", value: [{ type }, { type: "null" }] });
    const columns = field(
      { type: "object", value: { file: nullable("string"), line: nullable("bigint") } },
      false,
    );
    const fivetran = field(
      {
        type: "object",
        value: { columns, deleted: field({ type: "boolean" }), id: field({ type: "string" }) },
      },
      false,
    );
    const js = field({ type: "union", value: [{ type: "object", value: {} }, { type: "null" }] });
    const indexes = [
      {
        indexDescriptor: "_fivetran_by_primary_key",
        fields: ["fivetran.deleted", "fivetran.id", "fivetran.columns.line"],
      },
    ];
    await file("definition.json", {
      tableDefinition: {
        tableName: "s_lines",
        indexes,
        documentType: { type: "object", value: { js, fivetran } },
      },
    });
    expect((await json("--fivetran", "definition.json", "--yes")).code).toBe(0);
    expect((await schema()).replaceAll(/\s+/g, " ")).toContain(
      's_lines: mirrorTable( { js: v.optional(v.any()), }, { primaryKey: ["fivetran.id", "fivetran.columns.line"], fivetran: { softDelete: true, id: true, columns: { file: v.optional(v.union(v.string(), v.null())), line: v.int64() } }, }, ),',
    );
    expect(await typeErrors()).toEqual([]);
    expect((await json("--fivetran", "definition.json", "--check")).code).toBe(0);
  });

  test("follows columns that the source added, and says what to do about those that it dropped", async () => {
    const table = (columns: object) => [{ table: "orders", primary_key: ["id"], columns }];
    await file("sdk.json", table({ id: "LONG", fax: "STRING", telex: "STRING" }));
    await json("--fivetran", "sdk.json", "--yes");
    await file("sdk.json", table({ id: "LONG", fax: "STRING", mail: "STRING" }));
    const { differences } = await json("--fivetran", "sdk.json", "--yes");
    expect(differences).toMatchObject([
      { kind: "missingColumn", field: "mail" },
      { kind: "extraColumn", field: "telex", message: expect.stringMatching(/retired: \["telex"\]/) },
    ]);
    const text = await schema();
    expect(text).toContain("mail: v.optional(v.union(v.string(), v.null())),");
    await file(
      "convex/schema.ts",
      text.replace("fivetran: { softDelete: true }", 'fivetran: { softDelete: true, retired: ["telex"] }'),
    );
    expect((await json("--fivetran", "sdk.json", "--check")).differences).toEqual([]);
    expect(await typeErrors()).toEqual([]);
  });
});

describe("Fivetran's own columns of a mirror that exists", () => {
  const table = (columns: object, ...key: string[]) => [{ table: "lines", primary_key: key, columns }];

  async function declared(option: string, more = "") {
    await file(
      "convex/schema.ts",
      `import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";

export default defineSchema({
  lines: mirrorTable({ id: v.int64() }, { primaryKey: ["id"]${more}, fivetran: ${option} }),
});
`,
    );
  }

  test("are compared: missing, of another type, not null, and no longer there", async () => {
    await file("sdk.json", table({ id: "LONG", _file: "STRING", _line: "LONG", __x: "DECIMAL" }, "id"));
    await declared("{ columns: { file: v.int64(), line: v.int64(), _x: v.optional(v.string()) } }");
    expect((await json("--fivetran", "sdk.json", "--check")).differences).toMatchObject([
      { kind: "type", field: "fivetran.columns.file" },
      { kind: "nullability", field: "fivetran.columns.line" },
    ]);
    await declared("{ columns: { file: v.optional(v.string()), row: v.optional(v.int64()) } }");
    expect((await json("--fivetran", "sdk.json", "--check")).differences).toMatchObject([
      {
        kind: "missingColumn",
        field: "_line",
        message: expect.stringMatching(/"_line" \(v\.union\(v\.int64/),
      },
      { kind: "missingColumn", field: "__x" },
      {
        kind: "extraColumn",
        field: "fivetran.columns.row",
        message: expect.stringMatching(/retired: \["_row"/),
      },
    ]);
    await declared(
      '{ columns: { file: v.string(), row: v.optional(v.int64()) }, retired: ["_row"], types: { _file: "LONG", _line: "LONG", __x: "DECIMAL" } }',
      ', drop: ["fivetran.columns.line", "fivetran.columns._x"]',
    );
    expect((await json("--fivetran", "sdk.json", "--check")).differences).toMatchObject([
      {
        kind: "type",
        message: expect.stringMatching(/declared LONG in "types", the source has v\.union\(v\.string/),
      },
    ]);
  });

  test.each([
    ["{}", { columns: "{ line: v.optional(v.union(v.int64(), v.null())), _x: v.optional(v.any()) }" }],
    ["{ columns: { line: v.optional(v.int64()) } }", { columns: "{ line: v.optional(v.int64()), _x:" }],
    [
      "{ softDelete: true, columns: {} }",
      { columns: "{ line: v.optional(v.union(v.int64(), v.null())), _x:" },
    ],
  ])("are added to %s", async (option, { columns }) => {
    await file("sdk.json", table({ id: "LONG", _line: "LONG", __x: "JSON" }, "id"));
    await declared(option);
    expect((await json("--fivetran", "sdk.json", "--yes")).code).toBe(0);
    expect((await schema()).replaceAll(/\s+/g, " ")).toContain(`columns: ${columns}`);
    expect(await typeErrors()).toEqual([]);
    expect((await json("--fivetran", "sdk.json", "--check")).differences).toEqual([]);
  });

  test("the id that Fivetran makes, and a key of two underscores", async () => {
    await file("sdk.json", table({ __x: "LONG", a: "STRING" }, "__x"));
    await json("--fivetran", "sdk.json", "--yes");
    expect((await schema()).replaceAll(/\s+/g, " ")).toContain(
      'primaryKey: ["fivetran.columns.source_x"], fivetran: { softDelete: true, columns: { _x: v.int64() } }',
    );
    expect(await typeErrors()).toEqual([]);
    expect((await json("--fivetran", "sdk.json", "--check")).differences).toEqual([]);
    await file("sdk.json", table({ id: "LONG", _fivetran_id: "STRING" }, "id"));
    await declared("{}");
    expect((await json("--fivetran", "sdk.json", "--check")).differences).toMatchObject([
      { kind: "key", message: expect.stringMatching(/add id: true/) },
    ]);
  });
});

describe("a sample", () => {
  const CSV = [
    "id,name,price,active,flag,note,tags,data,blob,big,code,letter,zeros",
    '1,Ada,1.50,true,t,,"[""a"",1]","{""a"": 1}",\\x00ff,9007199254740993,007,f,1.00000000000000000001',
    '2,"",2,FALSE,f,x,[],"{""b"": null}",\\x,1,12,f,2',
  ].join("\r\n");

  test("of CSV: types that lose nothing of any text", async () => {
    await file("Order Items.csv.gz", gzipSync(CSV));
    const { code, mirrors } = await json("--sample", "Order Items.csv.gz", "--key", "id", "--yes");
    expect({ code, mirrors }).toEqual({ code: 0, mirrors: ["source_order_items"] });
    expect(await schema()).toContain(`  source_order_items: mirrorTable(
    {
      id: v.number(),
      name: v.string(),
      price: v.number(),
      active: v.boolean(),
      flag: v.boolean(),
      note: v.union(v.string(), v.null()),
      tags: v.array(v.union(v.string(), v.number())),
      data: v.object({ a: v.optional(v.number()), b: v.optional(v.any()) }),
      blob: v.bytes(),
      big: v.int64(),
      code: v.string(),
      letter: v.string(),
      zeros: v.string(),
    },
    { primaryKey: ["id"], source: "Order Items" },
  ),`);
    expect(await typeErrors()).toEqual([]);
  });

  test("of JSON by lines: nested, with fields that some rows lack", async () => {
    const rows = [
      '{"id": 9007199254740993, "at": "2026-01-01", "n": 1, "o": {"x": 1, "deep": {"y": [1.5]}}, "_v": 1}',
      '{"id": 2, "at": null, "n": "one", "o": {"x": null}, "list": [{"k": "a"}, {"k": "b", "l": true}]}',
      '{"id": 3, "at": "2026-01-02", "n": 2.5, "o": {"x": 2}, "map": {"first name": 1}}',
    ];
    await file("rows.jsonl", rows.join("\n"));
    await json("--sample", "rows.jsonl", "--table", "events", "--key", "id", "--yes");
    expect(await schema()).toContain(`  events: mirrorTable(
    {
      id: v.int64(),
      at: v.union(v.string(), v.null()),
      n: v.union(v.string(), v.number()),
      o: v.object({
        x: v.union(v.number(), v.null()),
        deep: v.optional(v.object({ y: v.array(v.number()) })),
      }),
      source_v: v.optional(v.number()),
      list: v.optional(
        v.array(v.object({ k: v.string(), l: v.optional(v.boolean()) })),
      ),
      map: v.optional(v.any()),
    },
    { primaryKey: ["id"] },
  ),`);
    expect(await typeErrors()).toEqual([]);
  });

  test("without a key, of a new mirror: says what cannot be done with its rows", async () => {
    await file("rows.csv", "id,a\n1,x\n");
    const warned = expect.stringMatching(/^rows: has no primary key\..*--key/) as string;
    expect((await json("--sample", "rows.csv", "--dry-run")).notes).toEqual([warned]);
    expect((await generate("--sample", "rows.csv", "--dry-run")).out).toContain("has no primary key");
    expect((await json("--sample", "rows.csv", "--key", "id", "--yes")).notes).toEqual([]);
    // The mirror that is there has its key, whatever is known of the sample.
    expect((await json("--sample", "rows.csv", "--check")).notes).toEqual([]);
  });

  test("tells how many rows it has looked at", async () => {
    await file("rows.csv", "a\n1\n2\nx\n");
    const { diff, notes } = await json("--sample", "rows.csv", "--rows", "2", "--dry-run");
    expect(diff).toContain("a: v.number(),");
    expect(notes.join()).toContain("first 2 rows");
    expect((await json("--sample", "rows.csv", "--dry-run")).diff).toContain("a: v.string(),");
  });
});

describe("refused, with a code and what to do", () => {
  test.each<[string[], number, string, RegExp]>([
    [[], 2, "NoSource", /--airbyte/],
    [["--airbyte", "a.json", "--fivetran", "a.json"], 2, "NoSource", /one of/],
    [["--postgres"], 2, "NoSource", /DATABASE_URL/],
    [["--fivetran", "missing.json"], 2, "FileNotFound", /no file .*missing\.json\./],
    [["--airbyte", "missing.json"], 2, "FileNotFound", /no file .*missing\.json\./],
    [["--airbyte", "latin1.json"], 1, "SourceUnreadable", /Line 1 is not UTF-8/],
    [["--airbyte", "empty.json"], 1, "SourceUnreadable", /not an Airbyte catalog/],
    [["--fivetran", "empty.json"], 1, "SourceUnreadable", /not a Fivetran schema/],
    [
      ["--airbyte", "catalog.json", "--tables", "nope"],
      2,
      "UnknownTable",
      /It has public\.users, Line Items/,
    ],
    [["--airbyte", "catalog.json", "--exclude", "*"], 2, "NoTables", /no tables/],
    [["--airbyte", "catalog.json"], 2, "NotConfirmed", /--yes/],
    [["--airbyte", "long.json"], 2, "InvalidTableName", /--exclude x+/],
    [["--airbyte", "wide.json"], 2, "TooManyColumns", /1022/],
    [["--sample", "rows.csv", "--key", "nope"], 2, "UnknownColumn", /the columns are a/],
    [["--sample", "none.csv"], 2, "NoTables", /no rows/],
    [["--airbyte", "catalog.json", "--out", "broken.ts"], 2, "SchemaUnreadable", /broken\.ts, line 1/],
    [["--airbyte", "catalog.json", "--out", "other.ts"], 2, "SchemaUnreadable", /defineSchema/],
  ])("%j", async (args, code, name, message) => {
    const properties = Object.fromEntries(Array.from({ length: 1023 }, (_, i) => [`c${String(i)}`, {}]));
    await file("empty.json", {});
    await file("catalog.json", CATALOG);
    await file("long.json", { streams: [{ name: "x".repeat(65), json_schema: { properties: { a: {} } } }] });
    await file("wide.json", { streams: [{ name: "wide", json_schema: { properties } }] });
    await file("rows.csv", "a\n1\n");
    await writeFile(path.join(directory, "latin1.json"), Buffer.from('{"streams":"caf\u00e9"}', "latin1"));
    await file("none.csv", "a\n");
    await file("broken.ts", "export default defineSchema({");
    await file("other.ts", "export const x = 1;");
    const ended = await generate(...args, "--json");
    expect(ended.code).toBe(code);
    expect(JSON.parse(ended.out)).toMatchObject({
      error: { code: name, message: expect.stringMatching(message) },
    });
    expect(ended.err).toMatch(message);
  });
});

test("--help has examples", async () => {
  const { code, out } = await generate("--help");
  expect(code).toBe(0);
  expect(out).toContain("$ streaming-import generate --postgres --check");
});

test("what is written names the next step, and what is left to you the line to paste", async () => {
  await file("rows.jsonl", '{"id":"a","n":1,"note":"x"}\n');
  const first = await generate("--sample", "rows.jsonl", "--key", "id", "--yes");
  expect(first.code).toBe(0);
  expect(first.out).toContain(
    "Written.\nNext: deploy (npx convex dev, or npx convex deploy), then npx streaming-import push rows.jsonl --mirror rows.\n",
  );
  await file("rows.jsonl", '{"id":"a","n":true,"note":null,"more":1}\n{"id":"b","n":false,"note":"x"}\n');
  const second = await generate("--sample", "rows.jsonl", "--key", "id", "--yes");
  expect(second.code).toBe(3);
  expect(second.out).toMatch(/^left to you: rows\.n: .*\n {4}n: v\.boolean\(\),$/m);
  expect(second.out).toMatch(
    /^left to you: rows\.note: .*\n {4}note: v\.union\(v\.string\(\), v\.null\(\)\),$/m,
  );
  expect(second.out).toContain("Next: change what is left to you, deploy (npx convex dev");
});
