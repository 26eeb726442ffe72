import { execFileSync } from "node:child_process";
import { readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import type { Value } from "convex/values";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeJson } from "../../src/core/rows/json.js";
import type { Json } from "../../src/core/rows/values.js";
import { run } from "../cli/support/command.js";
import { Project } from "../e2e/project.js";
import { PostgresServer } from "./server.js";

/**
 * Every type that the catalog of Postgres has, alone and in arrays: what `generate --postgres` declares, `copy … csv`
 * fills.
 */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Values of each type, as its input function takes them. */
const VALUES: Record<string, string[]> = {
  aclitem: ["owner=r/owner"],
  bit: ["1"],
  bool: ["t", "f"],
  box: ["(1,2),(0,0)"],
  bpchar: ["ab "],
  bytea: ["\\x00ff5c7e", "\\x"],
  char: ["x"],
  cid: ["4294967295"],
  cidr: ["10.0.0.0/8"],
  circle: ["<(1,2),3>"],
  date: ["2024-02-29", "infinity", "0044-03-15 BC", "12024-01-01"],
  float4: ["0.1", "NaN", "-Infinity", "3.4e38"],
  float8: ["0.1", "Infinity", "NaN", "5e-324"],
  inet: ["192.168.0.1/24", "::1"],
  int2: ["-32768"],
  int2vector: ["1 2"],
  int4: ["2147483647"],
  int8: ["-9223372036854775808", "9007199254740993"],
  interval: ["1 year 2 mons 3 days 04:05:06.7", "-1 mon"],
  json: ['{"a": 1.5, "b": [1, null]}', "[]", '"text"', "null", "7", "true", "{}"],
  jsonb: ['{"big": 9007199254740993}', '[1, {"a": "b"}]', '"text"', "null", "7", "false", '"007"'],
  jsonpath: ['$."a"[*]'],
  line: ["{1,2,3}"],
  lseg: ["[(0,0),(1,1)]"],
  macaddr: ["08:00:2b:01:02:03"],
  macaddr8: ["08:00:2b:01:02:03:04:05"],
  money: ["$1,234.50", "-$1.00"],
  name: ["a name", "NULL", ""],
  numeric: ["123456789012345678901234567890.1234567890", "NaN", "1.10", "Infinity"],
  oid: ["4294967295"],
  oidvector: ["1 2"],
  path: ["((0,0),(1,1),(2,0))", "[(0,0),(1,1)]"],
  pg_lsn: ["16/B374D848"],
  pg_snapshot: ["10:20:10,14,15"],
  point: ["(1.5,-2)"],
  polygon: ["((0,0),(1,1),(2,0))"],
  refcursor: ["cursor"],
  regclass: ["pg_class"],
  regcollation: ['"C"'],
  regconfig: ["simple"],
  regdictionary: ["simple"],
  regnamespace: ["public"],
  regoper: ["||/"],
  regoperator: ["+(integer,integer)"],
  regproc: ["pg_sleep"],
  regprocedure: ["abs(integer)"],
  regrole: ["owner"],
  regtype: ["integer"],
  text: ["a \"b\"\n\\N,\tc 'd' 🙂", "", "NULL", "null", "true", "1.10", "{a,b}", " lead", "\\."],
  tid: ["(0,1)"],
  time: ["08:30:00.5", "24:00:00"],
  timestamp: ["2026-02-28 08:30:00.123456", "-infinity", "0044-03-15 00:00:00 BC"],
  timestamptz: [
    ...["2026-02-28 08:30:00.123456+02", "infinity", "-infinity", "0044-03-15 00:00:00+00 BC"],
    ...["12024-01-01 00:00:00+00", "1800-01-01 00:00:00+00:53:28"],
  ],
  timetz: ["08:30:00+02"],
  tsquery: ["'fat' & 'rat'"],
  tsvector: ["'a' 'cat' 'fat':2A"],
  txid_snapshot: ["10:20:10,14,15"],
  uuid: ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  varbit: ["101", ""],
  varchar: ["abc"],
  xid: ["4294967295"],
  xid8: ["18446744073709551615"],
  xml: ['<a b="c">d</a>'],
  int4range: ["[1,5)", "empty"],
  int8range: ["[1,)"],
  numrange: ["[1.10,2.20]"],
  tsrange: ['["2026-01-01 00:00:00",)'],
  tstzrange: ['["2026-01-01 00:00:00+00",infinity)'],
  daterange: ["[2026-01-01,2026-02-01)"],
  int4multirange: ["{[1,3),[5,7)}", "{}"],
  int8multirange: ["{[1,)}"],
  nummultirange: ["{[1.1,2.2)}"],
  tsmultirange: ['{["2026-01-01 00:00:00",)}'],
  tstzmultirange: ['{["2026-01-01 00:00:00+00",)}'],
  datemultirange: ["{[2026-01-01,2026-02-01)}"],
  mood: ["so so", '"quoted"', "NULL"],
  positive: ["7"],
  tags: ["{x,NULL}"],
  dimensions: ["(1.50,2)", '(,"a ""b""")'],
  span: ["[1.5,2.5)"],
  span_multirange: ["{[1.5,2.5)}"],
};

/** Types of the server itself, which take no value from outside. */
const WITHOUT_INPUT = new Set([
  ...["gtsvector", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary", "pg_dependencies"],
  ...["pg_mcv_list", "pg_ndistinct", "pg_node_tree"],
]);

interface Column {
  name: string;
  type: string;
  values: string[];
}

let server: PostgresServer;
let project: Project;
let columns: Column[];

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.query(`
    create type mood as enum ('sad', 'so so', '"quoted"', 'NULL');
    create domain positive as integer check (value > 0);
    create domain tags as text[];
    create type dimensions as (width numeric, name text);
    create type span as range (subtype = float8);`);
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

/** A literal of an array: each element quoted, and NULL. */
function literal(values: readonly string[], delimiter: string): string {
  const elements = values.map((value) => `"${value.replace(/["\\]/g, "\\$&")}"`);
  return `{${[...elements, "NULL"].join(delimiter)}}`;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

test("a table has a column of every type of the catalog, and of arrays of it", async () => {
  const types = await server.query<{ name: string; type: string; array: string | null; delimiter: string }>(
    `select t.typname as name, format_type(t.oid, -1) as type, format_type(nullif(t.typarray, 0), -1) as array,
       t.typdelim as delimiter
     from pg_type t left join pg_class c on c.oid = t.typrelid
     where t.typnamespace in ('pg_catalog'::regnamespace, 'public'::regnamespace)
       and t.typtype in ('b', 'd', 'e', 'm', 'r', 'c') and (c.relkind is null or c.relkind = 'c')
       and (t.typcategory <> 'A' or t.typarray <> 0) order by t.typname`,
  );
  const unknown = types.filter(({ name }) => !Object.hasOwn(VALUES, name) && !WITHOUT_INPUT.has(name));
  expect(unknown.map(({ name }) => name)).toEqual([]);
  columns = types.flatMap(({ name, type, array, delimiter }) => {
    const values = VALUES[name] ?? [];
    const scalar = { name: `c_${name}`, type, values };
    if (array === null) return [scalar];
    const [first = null] = values;
    // A JSON null is the mirror's null, as an element of which there is none is.
    const elements = values.filter((value) => !name.startsWith("json") || value !== "null");
    const arrays = first === null ? ["{}"] : [literal(elements, delimiter), "{}", "{NULL}"];
    if (first !== null && delimiter === ",") arrays.push(`[2:3]=${literal([first], delimiter)}`);
    return [scalar, { name: `a_${name}`, type: array, values: arrays }];
  });
  const definitions = columns.map(({ name, type }) => `${name} ${type}`);
  await server.query(`create table every (id integer primary key, ${definitions.join(", ")})`);
  const rows = Math.max(...columns.map(({ values }) => values.length));
  // The last row has NULL in every column.
  for (let row = 0; row <= rows; row++) {
    const values = columns.map(({ values: all }) => {
      const value = all[row];
      return value === undefined ? "NULL" : quoted(value);
    });
    await server.query(`insert into every values (${[row, ...values].join(", ")})`);
  }
  expect(columns.length).toBeGreaterThan(150);
});

test("what is declared, `copy … csv` fills, and every value is that of Postgres", async () => {
  const generated = await run(["generate", "--postgres", "--tables", "every", "--yes"], {
    cwd: project.directory,
    env: { DATABASE_URL: server.url },
  });
  expect([generated.code, generated.err]).toEqual([0, ""]);
  expect(await readFile(path.join(project.directory, "convex/schema.ts"), "utf8")).toContain("every:");
  await project.push();
  const csv = execFileSync("psql", [server.url, "-c", "copy every to stdout csv header"], {
    encoding: "utf8",
    // A zone whose offset had seconds.
    env: { ...process.env, PGTZ: "Europe/Berlin" },
  });
  await writeFile(path.join(project.directory, "every.csv"), csv);
  const command = { cwd: project.directory, env: deployment() };
  const pushed = await run(
    ["push", "every.csv", "-m", "every", "--mode", "refresh", "--format", "csv", "--json"],
    command,
  );
  const waiting = await run(["quarantine", "list", "every", "--json"], command);
  expect([pushed.code, pushed.err, waiting.out.trim()]).toEqual([0, "", "[]"]);
  const all = makeFunctionReference<"query", { table: string }, Record<string, Value>[]>("rows:all");
  const rows = await new ConvexHttpClient(project.server.url).query(all, { table: "every" });
  const [table] = await server.query<{ rows: number }>("select count(*)::int as rows from every");
  expect(rows).toHaveLength(table!.rows);

  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const wrong: unknown[] = [];
  for (const { name, type } of columns) {
    const isJson = /^jsonb?$/.test(type);
    const text = `${name}${type.startsWith("json") ? `::${type.replace(/json\b/, "jsonb")}` : ""}::text`;
    const original = isJson ? `nullif(${text}, 'null')` : text;
    for (const row of rows) {
      const value = row[name] ?? null;
      // Postgres itself says whether what is stored is what it has. An array's first index and a JSON null are not kept.
      const { rows: compared } = await client.query<{ same: boolean; original: string; given: string }>(
        `select regexp_replace(original::text, '^\\[2:3\\]=', '') is not distinct from given::text as same, original::text,
           given::text
         from (select ${original} as original, (${cast(type)})::text as given from every
               where id = ${String(row.id as number)}) both_values`,
        [parameter(value, type)],
      );
      if (!compared[0]!.same) wrong.push({ name, ...compared[0] });
    }
  }
  await client.end();
  expect(wrong).toEqual([]);
});

/** The environment of commands against the deployment. */
function deployment(): Record<string, string> {
  const { url, siteUrl, adminKey } = project.server;
  return {
    CONVEX_SELF_HOSTED_URL: url,
    CONVEX_SELF_HOSTED_ADMIN_KEY: adminKey,
    CONVEX_SITE_URL: siteUrl,
    XDG_STATE_HOME: path.join(project.directory, "state"),
  };
}

/** SQL that makes a value of a type of a stored one. Moments are milliseconds since 1970, to the microsecond. */
function cast(type: string): string {
  const moment = (stored: string) =>
    `case when ${stored} in ('Infinity', '-Infinity') then ${stored}::timestamptz
     else timestamptz 'epoch' + round(${stored}::numeric * 1000)::bigint * interval '1 microsecond' end`;
  if (type === "timestamp with time zone") return moment("$1::text");
  if (type === "timestamp with time zone[]")
    return `select case when $1::text[] is null then null else array(select ${moment("each")}
            from unnest($1::text[]) with ordinality u(each, n) order by n) end`;
  return `$1::${type.replace(/^json\b/, "jsonb")}`;
}

/** A stored value as a parameter of such SQL. */
function parameter(value: Value, type: string): unknown {
  if (value === null) return null;
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (type.startsWith("json") && !type.endsWith("[]") && type !== "jsonpath") return writeJson(value as Json);
  if (Array.isArray(value)) {
    const items = value.map((item) => parameter(item, type.replace(/\[\]$/, "")));
    // An array in an array would be one of two dimensions; here, it is an element.
    return items.map((item) =>
      Array.isArray(item) ? `{${item.map((each) => each ?? "NULL").join()}}` : item,
    );
  }
  return String(value as string | number | bigint | boolean);
}
