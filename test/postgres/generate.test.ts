import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { convexToJson, type Value } from "convex/values";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import pg from "pg";
import { check as isFormatted } from "prettier";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../src/core/rows/values.js";
import { parseJson, writeJson } from "../../src/core/rows/json.js";
import { nameColumns } from "../../src/cli/generate/names.js";
import { run } from "../cli/support/command.js";
import { Project } from "../e2e/project.js";
import { PostgresServer } from "./server.js";

/**
 * A schema from a Postgres database with what real ones have, deployed, and filled from it. Tests follow each other: the
 * schema that one writes, the next one deploys.
 */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SQL = readFileSync(new URL("warehouse.sql", import.meta.url), "utf8");

/** The mirrors that are generated, with their tables. */
const TABLES: Record<string, string> = {
  source_order_items: '"Order Items"',
  ...Object.fromEntries(
    [
      ...["contacts", "documents", "events", "moments", "numbers", "order_lines"],
      ...["places", "readings", "settings", "texts", "tickets"],
    ].map((name) => [name, name]),
  ),
};

let server: PostgresServer;
let project: Project;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.query(SQL);
  project = await Project.start("test/postgres/programs/warehouse");
  await symlink(
    path.join(ROOT, "node_modules/pg"),
    path.join(project.directory, "node_modules/pg"),
    "junction",
  );
});

afterAll(async () => {
  await project.close();
  await server.close();
});

const schemaFile = () => path.join(project.directory, "convex/schema.ts");
const schema = async () => await readFile(schemaFile(), "utf8");

async function generate(...args: string[]) {
  return await run(["generate", ...args], { cwd: project.directory, env: { DATABASE_URL: server.url } });
}

interface Result {
  written: boolean;
  diff: string;
  mirrors: string[];
  differences: { kind: string; table: string; field: string | null; message: string }[];
  left: unknown[];
  notes: string[];
}

async function json(...args: string[]): Promise<Result & { code: number | null }> {
  const { code, out } = await generate(...args, "--json");
  return { code, ...(JSON.parse(out) as Result) };
}

describe("generate", () => {
  test("shows what it would write, and writes nothing unless it is told to", async () => {
    const asked = await generate("--postgres");
    expect(asked.code).toBe(2);
    expect(asked.err).toContain("--yes");
    expect(asked.out).toContain("+  order_lines: mirrorTable(");
    expect(ts.sys.fileExists(schemaFile())).toBe(false);

    expect((await generate("--postgres", "--dry-run")).code).toBe(3);
    expect(ts.sys.fileExists(schemaFile())).toBe(false);
  });

  test("writes a mirror of each table", async () => {
    const { code, written, mirrors, left } = await json("--postgres", "--yes");
    expect({ code, written, left }).toEqual({ code: 0, written: true, left: [] });
    expect(mirrors.sort()).toEqual(Object.keys(TABLES).sort());
  });

  test("the code is as Prettier formats it", async () => {
    expect(await isFormatted(await schema(), { parser: "typescript" })).toBe(true);
  });

  test("types, keys, nullability, enums, comments and names are those of the database", async () => {
    await expect(await schema()).toMatchFileSnapshot("warehouse.schema.txt");
  });

  test("the code type-checks, and rows have the types that the database says", async () => {
    await writeFile(
      path.join(project.directory, "convex/types.ts"),
      `import type { DataModelFromSchemaDefinition } from "convex/server";
       import type schema from "./schema";
       type Row<T extends keyof Tables> = Omit<Tables[T]["document"], "_id" | "_creationTime">;
       type Tables = DataModelFromSchemaDefinition<typeof schema>;
       export const ticket: Row<"tickets"> = { id: 1, status: "in progress", earlier: null, history: ["open"] };
       export const setting: Row<"settings"> = { scope: "app", name: "theme", value: null };
       export const event: Row<"events"> = { id: 9007199254740993n, at: 0.5, celsius: 1 };
       // @ts-expect-error no such status
       export const status: Row<"tickets">["status"] = "lost";
       // @ts-expect-error never null
       export const blob: Row<"texts">["blob"] = null;
       // @ts-expect-error a double would round it
       export const big: Row<"numbers">["big"] = 1;
       export const odd: Row<"source_order_items">["unitPrice"] = "9.90";
      `,
    );
    const program = ts.createProgram([path.join(project.directory, "convex/types.ts")], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      exactOptionalPropertyTypes: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      types: [],
    });
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      return `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
    await rm(path.join(project.directory, "convex/types.ts"));
    expect(problems).toEqual([]);
  });

  test("a second time there is nothing to do, and the check agrees", async () => {
    expect(await json("--postgres")).toMatchObject({ code: 0, diff: "", differences: [] });
    expect(await json("--postgres", "--check")).toMatchObject({ code: 0, differences: [] });
  });
});

/** Types of which the driver makes something that has lost a part (dates in milliseconds, points); read as they are printed. */
const AS_TEXT = new Set([1082, 1114, 1184, 1186, 600, 718]);
const JSON_TYPES = new Set([114, 3802]);
/** Arrays of numeric and timestamptz, of which the driver makes doubles and dates. */
const AS_TEXTS = new Set([1231, 1185]);
const BYTEA_ARRAY = 1001;

type Parser = (text: string) => unknown;

const arrayOf = (element: Parser) => (text: string) =>
  (
    pg.types as unknown as {
      arrayParser: { create: (text: string, element: Parser) => { parse(): unknown } };
    }
  ).arrayParser
    .create(text, element)
    .parse();

/** The parsers of a reader that loses nothing: those of `pg`, but for the types above and the arrays that are the app's own. */
function parsers(ownArrays: ReadonlySet<number>) {
  return {
    getTypeParser: (oid: number): Parser => {
      if (AS_TEXT.has(oid)) return String;
      if (JSON_TYPES.has(oid)) return parseJson;
      if (AS_TEXTS.has(oid) || ownArrays.has(oid)) return arrayOf(String);
      if (oid === BYTEA_ARRAY) return arrayOf((text) => Buffer.from(text.slice(2), "hex"));
      return (pg.types.getTypeParser as (oid: number) => Parser)(oid);
    },
  };
}

/** A value that the driver has read, as our protocol writes it. */
function encoded(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return { $bytes: value.toString("base64") };
  if (typeof value === "number") return convexToJson(value);
  return Array.isArray(value) ? value.map(encoded) : value;
}

/** SQL that makes a column's type of a stored value. Moments are milliseconds since 1970, to the microsecond. */
function cast(type: string): string {
  const moment = (milliseconds: string) =>
    `(timestamptz 'epoch' + round(${milliseconds}::numeric * 1000)::bigint * interval '1 microsecond')`;
  if (type === "timestamp with time zone") return moment("$1::text");
  if (type === "timestamp with time zone[]")
    return `array(select ${moment("each")} from unnest($1::text[]) each)`;
  return `$1::${type === "json" ? "jsonb" : type}`;
}

/** A stored value as a parameter of such SQL. */
function parameter(value: Value, type: string): unknown {
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (type.startsWith("json")) return value === null ? null : writeJson(value as Json);
  if (Array.isArray(value)) return value.map((item) => parameter(item, ""));
  return value === null || typeof value === "boolean" ? value : String(value as string | number | bigint);
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

describe("rows of each table", () => {
  let client: pg.Client;
  let convex: ConvexHttpClient;
  let env: Record<string, string>;

  beforeAll(async () => {
    await project.push();
    const { url, siteUrl, adminKey } = project.server;
    convex = new ConvexHttpClient(url);
    env = {
      CONVEX_SELF_HOSTED_URL: url,
      CONVEX_SELF_HOSTED_ADMIN_KEY: adminKey,
      CONVEX_SITE_URL: siteUrl,
      XDG_STATE_HOME: path.join(project.directory, "state"),
    };
    const own = await server.query<{ oid: number }>(
      "select oid from pg_type where typcategory = 'A' and oid >= 16384",
    );
    client = new pg.Client({
      connectionString: server.url,
      types: parsers(new Set(own.map(({ oid }) => oid))),
    });
    await client.connect();
    await client.query("set time zone 'UTC'");
  });
  afterAll(async () => {
    await client.end();
  });

  async function push(mirror: string, file: string, content: string): Promise<Record<string, number>> {
    await writeFile(path.join(project.directory, file), content);
    const args = ["push", file, "-m", mirror, "--json", "--restart"];
    const { code, out, err } = await run(args, { cwd: project.directory, env });
    expect([code, err]).toEqual([0, ""]);
    return (JSON.parse(out) as { counts: Record<string, number> }).counts;
  }

  async function stored(mirror: string): Promise<Record<string, Value>> {
    const all = makeFunctionReference<"query", { table: string }, Record<string, Value>[]>("rows:all");
    const rows = await convex.query(all, { table: mirror });
    expect(rows).toHaveLength(1);
    return rows[0]!;
  }

  test.each(Object.entries(TABLES))("GENERATE-1: %s arrive as Postgres has them", async (mirror, table) => {
    const { rows } = await client.query<Record<string, unknown>>(`select * from ${table}`);
    const lines = rows.map((row) => {
      const entries = Object.entries(row).map(([name, value]) => [name, encoded(value)]);
      return writeJson(Object.fromEntries(entries) as Json);
    });
    expect(lines).toHaveLength(1);
    expect(await push(mirror, `${mirror}.jsonl`, lines[0]!)).toMatchObject({ inserted: 1, quarantined: 0 });

    const row = await stored(mirror);
    const { rows: columns } = await client.query<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = $1::regclass and attnum > 0 order by attnum`,
      [table],
    );
    const names = nameColumns(columns.map(({ name }) => name));
    for (const [i, { name, type }] of columns.entries()) {
      const value = row[names[i]!.field] ?? null;
      // Postgres itself says whether what is stored is what it has.
      const original = `${quoted(name)}${type === "json" ? "::jsonb" : ""}`;
      const { rows: compared } = await client.query<Record<string, unknown>>(
        `select (given::text is not distinct from original::text) as same, original::text, given::text
         from (select ${original} as original, ${cast(type)} as given from ${table}) both_values`,
        [parameter(value, type)],
      );
      expect({ column: name, ...compared[0] }).toMatchObject({ same: true });
    }
  });

  test.each(["numbers", "texts", "moments", "order_lines", "contacts", "places", "settings"])(
    "the CSV of %s, as psql copies it, brings the same rows",
    async (mirror) => {
      const columns =
        mirror === "contacts" ? "id, email, second_email, rank, to_json(tags) as tags, box" : "*";
      const sql = `copy (select ${columns} from ${mirror}) to stdout with (format csv, header)`;
      const csv = execFileSync("psql", [server.url, "-c", sql], {
        encoding: "utf8",
        env: { ...process.env, PGTZ: "UTC" },
      });
      expect(await push(mirror, `${mirror}.csv`, csv)).toMatchObject({ unchanged: 1, quarantined: 0 });
    },
  );
});

describe("when the database changes", () => {
  const differences = async (...args: string[]) => {
    const result = await json("--postgres", "--check", ...args);
    return {
      code: result.code,
      found: result.differences.map(({ kind, table, field }) => [kind, table, field]),
    };
  };

  beforeAll(async () => {
    await server.query(`
      alter type ticket_status add value 'closed';
      alter table contacts add column "Nick Name" text;
      alter table contacts alter column email drop not null, alter column email type text;
      alter table order_lines drop column note;
      alter table moments alter column day type boolean using true;
      alter table texts drop constraint texts_pkey, add primary key (id, code);
      alter table places alter column seats type text using seats::text;
      drop table settings;
      create table invoices (id bigint primary key, total numeric not null);`);
  });

  test("GENERATE-4: the check fails, and names every difference", async () => {
    expect(await differences()).toEqual({
      code: 3,
      found: [
        ["missingColumn", "contacts", "Nick Name"],
        ["nullability", "contacts", "email"],
        ["missingTable", "invoices", null],
        ["type", "moments", "day"],
        ["extraColumn", "order_lines", "note"],
        ["key", "texts", null],
        ["type", "tickets", "status"],
        ["type", "tickets", "earlier"],
        ["type", "tickets", "history"],
        ["extraTable", "settings", null],
      ],
    });
  });

  test("tables and columns are added; the rest is left to people, and said", async () => {
    const before = await schema();
    const edited = before.replace("  contacts: mirrorTable(", "  // Ours to keep.\n  contacts: mirrorTable(");
    await writeFile(schemaFile(), edited);
    const result = await json("--postgres", "--yes");
    expect(result).toMatchObject({ code: 3, written: true, mirrors: ["invoices"] });
    expect(result.left).toHaveLength(8);
    const removed = result.diff.split("\n").filter((line) => line.startsWith("-") && !line.startsWith("---"));
    expect(removed).toEqual(['-    { primaryKey: ["id"], source: "public.contacts" },']);
    const after = await schema();
    expect(after).toContain("  // Ours to keep.\n  contacts: mirrorTable(");
    expect(after).toContain("nickName: v.optional(v.union(v.string(), v.null())),");
    expect(after).toContain('columns: { nickName: "Nick Name" }');
    expect((await json("--postgres")).diff).toBe("");
    await project.push();
  });
});

describe("what is asked for", () => {
  test("other schemas, whose tables get names of their own where these are taken", async () => {
    const { mirrors, diff } = await json(
      "--postgres",
      "--schema",
      "public,audit",
      "--dry-run",
      "--tables",
      "audit.*",
    );
    expect(mirrors).toEqual(
      ["log", "audit_settings"].filter((name) => diff.includes(`+  ${name}: mirrorTable`)),
    );
    expect(diff).toContain('{ source: "audit.log" }');
  });

  test("views, by name only", async () => {
    const { mirrors, diff } = await json("--postgres", "--dry-run", "--tables", "open_tickets");
    expect(mirrors).toEqual(["open_tickets"]);
    expect(diff).toContain("id: v.union(v.number(), v.null()),");
  });

  test("a column that orders changes", async () => {
    const { diff, notes } = await json("--postgres", "--dry-run", "--out", "other.ts", "--tables", "moments");
    expect(notes.join()).toContain("--version-column updated_at");
    expect(diff).not.toContain("version:");
    const asked = await json(
      ...[
        "--postgres",
        "--dry-run",
        "--out",
        "other.ts",
        "--tables",
        "moments",
        "--version-column",
        "updated_at",
      ],
    );
    expect(asked.diff).toContain('version: "updated_at"');
  });

  test.each([
    [["--postgres", "--tables", "nope"], 2, "UnknownTable", /no table "nope"\. It has public\.Order Items/],
    [["--postgres", "--schema", "nope"], 2, "UnknownTable", /no schema "nope"\. It has audit, public/],
    [["--postgres", "postgres://owner:s3cr%40t@127.0.0.1:PORT/postgres"], 1, "ConnectionFailed", /password/],
    [["--postgres", "postgres://owner:s3cr%40t@127.0.0.1:1/postgres"], 1, "ConnectionFailed", /ECONNREFUSED/],
    [["--postgres", "postgres://owner:s3cr@t:x@[/"], 1, "ConnectionFailed", /Cannot connect/],
  ])("%j is refused, without the password", async (args, code, name, message) => {
    const ended = await generate(...args.map((arg) => arg.replace("PORT", String(server.port))), "--json");
    expect(ended.code).toBe(code);
    expect(JSON.parse(ended.out)).toMatchObject({
      error: { code: name, message: expect.stringMatching(message) },
    });
    expect(ended.err).toMatch(message);
    expect(ended.out + ended.err).not.toMatch(/s3cr/);
  });
});
