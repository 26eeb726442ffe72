/** What the Airbyte tests share: the streams that the app under test mirrors, and a connection to it. */
import { expect } from "vitest";
import type { Counts } from "../../src/core/wire/changes.js";
import { countsOf } from "../../src/core/wire/counts.js";
import type { Answer, App, AppTable, TestRow } from "../harness.js";
import {
  record,
  write,
  type Attempt,
  type Call,
  type ConfiguredStream,
  type Generation,
  type Message,
  type SyncMode,
} from "./connector.js";

export const IMPORT = "/api/streaming_import/import_airbyte_records";
export const CLEAR = "/api/streaming_import/clear_tables";
export const ADD_INDEXES = "/api/streaming_import/add_primary_key_indexes";
export const INDEXES_READY = "/api/streaming_import/primary_key_indexes_ready";
export const REPLACE = "/api/streaming_import/replace_tables";

/** Every endpoint of the import API, with a body that it takes. */
export const ENDPOINTS: [method: string, path: string, body: object | undefined][] = [
  ["GET", "/version", undefined],
  ["GET", INDEXES_READY, { tables: [] }],
  ["POST", IMPORT, { tables: {}, messages: [] }],
  ["PUT", ADD_INDEXES, { indexes: {} }],
  ["PUT", CLEAR, { tableNames: [] }],
  ["POST", REPLACE, { tableNames: {} }],
];

/** `settleAfterMs` of the app under test. */
export const SETTLE_MS = 60_000;

/** How long after a connector's last request a refresh counts as whole at the latest: requests are noted to ten seconds. */
export const QUIET_MS = SETTLE_MS + 10_000;

/** The stream of the keyed mirror `users`. */
export function usersStream(syncMode: SyncMode, namespace?: string): ConfiguredStream {
  return { name: "users", ...(namespace !== undefined && { namespace }), syncMode, primaryKey: [["id"]] };
}

/** The stream of the mirror `events`, whose rows have no key. */
export function eventsStream(syncMode: SyncMode, namespace?: string): ConfiguredStream {
  return { name: "events", ...(namespace !== undefined && { namespace }), syncMode };
}

/** One attempt of a connection to sync these messages. */
export async function sync(
  app: App,
  connection: {
    generation: Generation;
    streams: ConfiguredStream[];
    basePath?: string;
    afterCall?: (call: Call) => Promise<void>;
  },
  messages: Message[],
): Promise<Attempt> {
  return await write(
    { ...connection, send: async (method, path, body) => app.send(method, path, body) },
    messages,
  );
}

/** RECORD messages of one stream. */
export function records(stream: ConfiguredStream, rows: TestRow[]): Message[] {
  return rows.map((row) => record(stream, row));
}

/** The body of an import request for one stream. */
export function batch(
  tableName: string,
  rows: unknown[],
  primaryKey: string[][] | null = null,
): { tables: Record<string, unknown>; messages: unknown[] } {
  return {
    tables: { [tableName]: { primaryKey, jsonSchema: {} } },
    messages: rows.map((data) => ({ tableName, data })),
  };
}

/** Imports rows of one stream in one request. */
export async function importRows(
  app: App,
  tableName: string,
  rows: unknown[],
  primaryKey: string[][] | null = null,
): Promise<Answer> {
  return await app.send("POST", IMPORT, batch(tableName, rows, primaryKey));
}

/** The rows of `users`, in order of their key. */
export async function users(app: App): Promise<TestRow[]> {
  return (await app.rows("users")).sort((a, b) => (a.id as number) - (b.id as number));
}

/** The rows of `events` without the field that the importer adds. */
export async function events(app: App): Promise<TestRow[]> {
  return (await app.rows("events")).map(({ mirrorKey, ...row }) => {
    expect(mirrorKey, "the content key").toMatch(/^[0-9a-f]{32}$/);
    return row;
  });
}

/** What the connector takes for success: exactly 200, and nothing in it. */
export function expectDone(answer: Answer): void {
  expect([answer.status, answer.text]).toEqual([200, ""]);
}

/** A refusal as all clients can read it: a status of the 400s, a code, and a sentence that names what it is about. */
export function expectRefused(
  answer: Answer,
  status: number,
  code: string,
  message: RegExp | string = "",
): void {
  expect(answer.status, answer.text).toBe(status);
  const body = answer.json();
  // A program can tell from a 413 what is accepted.
  expect(Object.keys(body).sort()).toEqual(
    status === 413 ? ["code", "limit", "message"] : ["code", "message"],
  );
  expect(body.code).toBe(code);
  expect(body.message).toMatch(message);
}

/** Every row counted is accounted for, and the mirror has as many rows as the counts say. */
export async function expectConserved(app: App, table: Exclude<AppTable, "notes">): Promise<void> {
  const { total, rows, removed, copied, quarantined } = await app.status(table);
  expect(total.received, `received of ${table}`).toBe(sumOf(total));
  expect(rows, `rows of ${table}`).toBe(total.inserted - total.deleted - removed + copied);
  expect((await app.rows(table)).length, `rows in ${table}`).toBe(rows);
  const waiting = (await app.ledger("quarantine")).filter(({ mirror }) => mirror === table);
  expect(waiting.length, `in quarantine of ${table}`).toBe(quarantined);
  for (const { counts } of (await app.ledger("runs")).filter((run) => run.mirror === table)) {
    const all = countsOf(counts);
    expect(all.received, `received of a run of ${table}`).toBe(sumOf(all));
  }
}

function sumOf(counts: Counts): number {
  const { inserted, updated, unchanged, deleted, stale, ignored, quarantined } = counts;
  return inserted + updated + unchanged + deleted + stale + ignored + quarantined;
}
