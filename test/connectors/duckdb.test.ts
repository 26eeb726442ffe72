import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../cli/support/command.js";
import { BIG, Exporter, EXPORT_TOKEN, order, SCHEMA } from "../cli/support/exporter.js";
import { PythonEnvironment } from "./python.js";

/** DuckDB, on the files that `export` writes. */

/** The statements of the guide: a view that is the table as it is, and a query of it. */
const [VIEW, QUERY] = /```sql\n(.*?)```/s
  .exec(readFileSync("docs/guides/export-files.md", "utf8"))![1]!
  .split(/;\s*/) as [string, string];

let python: string;
let exporter: Exporter;
let folder: string;

beforeAll(async () => {
  python = (await PythonEnvironment.of("duckdb==1.4.2")).program("python");
  exporter = await Exporter.start();
  exporter.schemas = { orders: SCHEMA };
  folder = await mkdtemp(path.join(os.tmpdir(), "duckdb-"));
});

afterAll(async () => {
  await exporter.close();
  await rm(folder, { recursive: true, force: true });
});

async function exported(format: string) {
  const { code, err } = await run(
    ["export", "--site-url", exporter.url, "--tables", "orders", "--out", format, "--format", format],
    { cwd: folder, env: { STREAMING_IMPORT_TOKEN: EXPORT_TOKEN } },
  );
  expect({ code, err }).toEqual({ code: 0, err: "" });
}

/** Rows of a query, every value as text, and the types of its columns. */
async function query(
  view: string,
  sql: string,
): Promise<{ types: Record<string, string>; rows: Record<string, string>[] }> {
  const script = `
import duckdb, json, sys
duckdb.sql(sys.argv[1])
found = duckdb.sql(sys.argv[2])
print(json.dumps({
  "types": {name: str(type) for name, type in zip(found.columns, found.types)},
  "rows": [{name: str(value) for name, value in zip(found.columns, row)} for row in found.fetchall()],
}))`;
  const { stdout } = await promisify(execFile)(python, ["-c", script, view, sql], { cwd: folder });
  return JSON.parse(stdout) as Awaited<ReturnType<typeof query>>;
}

test.each([
  ["parquet", "read_parquet"],
  ["jsonl", "read_json"],
  ["csv", "read_csv"],
])("%s: the newest row of each id is the table as it is", async (format, reader) => {
  exporter.tables.clear();
  exporter.commit("orders", {
    a: order("one"),
    b: order("two"),
    c: order(null, { file: { $bytes: "AQI=" } }),
  });
  await exported(format);
  exporter.commit("orders", { b: order("changed"), a: null, d: order("new", { total: 1e300 }) });
  await exported(format);

  const view = VIEW.replace("read_parquet('export/", `${reader}('${format}/`).replace(
    "*.parquet",
    `*.${format}`,
  );
  const { types, rows } = await query(view, "select * from orders order by _id");

  expect(rows).toMatchObject([
    { _id: "b", text: "changed", count: String(BIG), paid: "True" },
    { _id: "c", text: "None", count: String(BIG), total: "1.5" },
    { _id: "d", text: "new", total: "1e+300", _ts: String(exporter.clock) },
  ]);
  expect(types).toMatchObject({
    _id: "VARCHAR",
    count: "BIGINT",
    paid: "BOOLEAN",
    text: "VARCHAR",
    total: "DOUBLE",
    _ts: "BIGINT",
  });
  if (format === "parquet") {
    expect(types.file).toBe("BLOB");
    expect(rows[1]!.file).toBe("b'\\x01\\x02'");
    expect((await query(view, "select nested->>'$.a' as a from orders")).rows[0]).toEqual({ a: "1" });
    expect((await query(view, QUERY)).rows).toEqual([{ day: "1970-01-01", "sum(total)": "1e+300" }]);
  }
});
