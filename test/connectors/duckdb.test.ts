import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../cli/support/command.js";
import { BIG, Exporter, EXPORT_TOKEN, order, SCHEMA } from "../cli/support/exporter.js";
import { PythonEnvironment } from "./python.js";

/** DuckDB, on the files that `export` writes. */

/** What the guide on files and DuckDB says, with the files' ending and reader. */
const newest = (files: string) => `
  select * exclude (_deleted, newest) from (
    select *, row_number() over (partition by _id order by _ts desc, filename desc) as newest from ${files}
  ) where newest = 1 and not _deleted order by _id`;

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
  sql: string,
): Promise<{ types: Record<string, string>; rows: Record<string, string>[] }> {
  const script = `
import duckdb, json, sys
found = duckdb.sql(sys.argv[1])
print(json.dumps({
  "types": {name: str(type) for name, type in zip(found.columns, found.types)},
  "rows": [{name: str(value) for name, value in zip(found.columns, row)} for row in found.fetchall()],
}))`;
  const { stdout } = await promisify(execFile)(python, ["-c", script, sql], { cwd: folder });
  return JSON.parse(stdout) as Awaited<ReturnType<typeof query>>;
}

test.each([
  ["parquet", "read_parquet('parquet/orders/*.parquet', union_by_name = true, filename = true)"],
  ["jsonl", "read_json('jsonl/orders/*.jsonl', union_by_name = true, filename = true)"],
  ["csv", "read_csv('csv/orders/*.csv', union_by_name = true, filename = true)"],
])("%s: the newest row of each id is the table as it is", async (format, files) => {
  exporter.tables.clear();
  exporter.commit("orders", {
    a: order("one"),
    b: order("two"),
    c: order(null, { file: { $bytes: "AQI=" } }),
  });
  await exported(format);
  exporter.commit("orders", { b: order("changed"), a: null, d: order("new", { total: 1e300 }) });
  await exported(format);

  const { types, rows } = await query(newest(files));

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
    expect((await query(`select nested->>'$.a' as a from (${newest(files)})`)).rows[0]).toEqual({ a: "1" });
  }
});
