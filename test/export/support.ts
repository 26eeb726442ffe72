import { parse } from "lossless-json";
import { expect } from "vitest";
import { writeJson } from "../../src/core/rows/json.js";
import type { Json } from "../../src/core/rows/values.js";
import { App, type Answer } from "../harness.js";
import { IMPORT } from "../airbyte/support.js";

/** Sends rows of a stream as Airbyte's destination does. */
export async function importTo(
  app: App,
  table: string,
  rows: Record<string, unknown>[],
  primaryKey?: string[][],
): Promise<void> {
  const answer = await app.send("POST", IMPORT, {
    tables: { [table]: { jsonSchema: {}, ...(primaryKey !== undefined && { primaryKey }) } },
    messages: rows.map((data) => ({ tableName: table, data })),
  });
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: "" });
}

/** A value of a page. */
export interface Value {
  _component: string;
  _table: string;
  _ts: bigint;
  _deleted?: boolean;
  _id: string;
  [field: string]: unknown;
}

export interface Page {
  values: Value[];
  snapshot: bigint;
  cursor: never;
  hasMore: boolean;
}

/** An app, and a reader's view of it. */
export interface Reading {
  app: App;
  reader: string;
  get: (path: string, token?: string) => Promise<Answer>;
  post: (path: string, body: unknown, token?: string) => Promise<Answer>;
}

export async function startReading(tables = ["*"]): Promise<Reading> {
  const app = await App.start();
  await app.call("declare");
  const reader = (await app.call("createToken", {
    name: "warehouse",
    mirrors: tables,
    access: "export",
  })) as string;
  const header = (token: string) => ({
    Authorization: `Convex ${token}`,
    "Convex-Client": "airbyte-export-0.4.0",
  });
  return {
    app,
    reader,
    get: async (path, token = reader) => app.send("GET", path, undefined, header(token)),
    post: async (path, body, token = reader) =>
      app.send("POST", path, writeJson(body as Json), header(token)),
  };
}

/** JSON with its integers exact: those that a double does not hold safely are bigints. */
export function parsePage(text: string): unknown {
  return parse(text, null, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? BigInt(token) : Number(token),
  );
}

/** The body of a page that must have come; integers that a double does not hold exactly are bigints. */
export function pageOf(answer: Answer): Page {
  expect(answer.text === "" ? {} : { status: answer.status, text: answer.text }).toMatchObject({
    status: 200,
  });
  const page = parsePage(answer.text) as Page;
  const big = (value: unknown) => (typeof value === "number" ? BigInt(value) : value) as bigint;
  return {
    ...page,
    snapshot: big(page.snapshot),
    values: page.values.map((value) => ({ ...value, _ts: big(value._ts) })),
  };
}

/** Writes notes in one transaction; returns the ids of those inserted. */
export async function writeNotes(
  { app }: Reading,
  changes: {
    insert?: { text: string; secret?: string }[];
    patch?: { id: string; text: string }[];
    remove?: string[];
  },
): Promise<string[]> {
  return (await app.call("notes:edit", { insert: [], patch: [], remove: [], ...changes })) as string[];
}

/** Reads a snapshot to its end, then the changes to theirs, as a connector does; returns the rows that it ends with. */
export async function replicate(
  reading: Reading,
  query: string,
  copy = new Map<string, Value>(),
  from: { cursor: bigint } | null = null,
): Promise<{ copy: Map<string, Value>; cursor: bigint; pages: number }> {
  let pages = 0;
  let since = from?.cursor;
  if (since === undefined) {
    let cursor: string | null = null;
    do {
      const at = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}&snapshot=${String(since)}`;
      const page = pageOf(await reading.get(`/api/list_snapshot?${query}${at}`));
      for (const value of page.values) copy.set(value._id, value);
      since = page.snapshot;
      cursor = page.cursor as string | null;
      pages += 1;
    } while (cursor !== null);
  }
  for (;;) {
    const page: Page = pageOf(await reading.get(`/api/document_deltas?${query}&cursor=${String(since)}`));
    for (const value of page.values) {
      if (value._deleted === true) copy.delete(value._id);
      else copy.set(value._id, value);
    }
    since = BigInt(page.cursor);
    pages += 1;
    if (!page.hasMore) return { copy, cursor: since, pages };
  }
}
