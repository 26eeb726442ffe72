/** What the tests of Fivetran's destination share. */
import { convexToJson, type Value } from "convex/values";
import { expect } from "vitest";
import type { Answer, App, AppTable, TestRow } from "../harness.js";
import { readSchema } from "./connector.js";

const ROOT = "/api/streaming_import/";
// The connector sends the bare question mark.
const SCHEMA = `${ROOT}get_schema?`;
export const CREATE = `${ROOT}fivetran_create_table`;
export const TRUNCATE = `${ROOT}fivetran_truncate_table`;
export const APPLY = `${ROOT}apply_fivetran_operations`;

/** The endpoints that the connector calls, with a body that each takes. */
export const ENDPOINTS: [method: string, path: string, body: unknown][] = [
  ["GET", SCHEMA, undefined],
  ["POST", CREATE, { tableDefinition: { tableName: "s_plain", indexes: keyIndex("id"), documentType: {} } }],
  ["POST", TRUNCATE, { tableName: "s_plain", deleteBefore: null, deleteType: "HardDelete" }],
  ["POST", APPLY, []],
];

export function keyIndex(...fields: string[]) {
  return [{ indexDescriptor: "_fivetran_by_primary_key", fields }];
}

/** The headers of the connector's requests. */
export const HEADERS = {
  "Convex-Client": "fivetran-import-0.0.1",
  Accept: "*/*",
  "Accept-Encoding": "gzip",
};

/** The answer to the connector's question for the schema. */
export async function getSchema(app: App): Promise<Answer> {
  return await app.send("GET", SCHEMA, undefined, HEADERS);
}

/** The tables that the connector reads in it. */
export async function tablesOf(app: App) {
  const { status, text } = await getSchema(app);
  return readSchema(status, text);
}

export type Op = "Upsert" | "Update" | "HardDelete";

/** An operation on a row of Convex values. */
export function operation(table: string, op: Op, row: Record<string, Value>) {
  return { table, operation: op, row: convexToJson(row) };
}

/** Applies operations on rows of one table. */
export async function apply(
  app: App,
  table: string,
  ...operations: [op: Op, row: Record<string, Value>][]
): Promise<void> {
  await expectDone(
    app.send(
      "POST",
      APPLY,
      operations.map(([op, row]) => operation(table, op, row)),
      HEADERS,
    ),
  );
}

/** Truncates a table as the connector does. */
export async function truncate(
  app: App,
  tableName: string,
  deleteType: "SoftDelete" | "HardDelete",
  deleteBefore: string | null = null,
): Promise<void> {
  await expectDone(app.send("POST", TRUNCATE, { tableName, deleteBefore, deleteType }, HEADERS));
}

export async function expectDone(answer: Promise<Answer>): Promise<void> {
  const { status, text } = await answer;
  expect([status, text]).toEqual([200, ""]);
}

/** The only row of a table. */
export async function onlyRow(app: App, table: AppTable): Promise<TestRow> {
  const rows = await app.rows(table);
  expect(rows.length).toBe(1);
  return rows[0]!;
}
