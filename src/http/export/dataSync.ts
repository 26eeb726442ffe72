import { isObject, type Json } from "../../core/rows/values.js";
import { ledgerErrorData } from "../../core/wire/errors.js";
import { bodyArgs, jsonResponse, parsed, parseOr, queryArgs, writeSyncValue } from "./envelope.js";
import { chosenTables, clientOf } from "./api.js";
import { everything, type Selection } from "./selection.js";
import { HttpError } from "../errors.js";
import type { ExportedChange, Exporter, ExportSession } from "../exporter.js";
import { badJson, jsonObjectOf } from "../request.js";

/**
 * `data/sync`, the successor of list_snapshot and document_deltas: one cursor leads through the snapshots of the tables
 * and the changes since. A table is emptied on the page on which it enters (`truncates`, before `values`).
 */

/** What a cursor says. The server keeps nothing, so that a page can be asked for again. */
interface SyncState {
  id: string;
  /** Changes up to there are in what was sent, for the tables that have entered. */
  ts: bigint;
  /** Tables whose snapshot has been sent. */
  done: string[];
  /** The table whose snapshot is being sent, where its next page begins, and how many of its rows have been sent. */
  current: { table: string; position: string; rows: number } | null;
  /** Rows sent so far. */
  rows: number;
}

/** A snapshot that takes longer lets the changes catch up between its pages, in nanoseconds: far below the retention. */
const MAX_LAG_NS = 30n * 60n * 1_000_000_000n;

/** `POST /api/v1/data/sync` */
export async function dataSync(exporter: Exporter, request: Request): Promise<Response> {
  const session = await exporter.openExport(request);
  const { cursor, selection } = await readBody(request, session);
  const tables = chosenTables(session, selection).map(({ name }) => name);
  const state = cursor === null ? null : readCursor(cursor);
  try {
    const page = await nextPage(session, tables, state, request);
    await session.note({
      tables,
      kind: page.status.type === "snapshotting" ? "snapshot" : "changes",
      cursor: page.state.ts,
      atEnd: page.status.type === "upToDate",
      rows: page.changes.length,
      client: clientOf(request),
      sync: { id: page.state.id, status: statusText(page, tables) },
    });
    const values = page.changes.map((change) => writeSyncValue(change, selection));
    const truncates = page.truncates.map((table) => ({ component: "", table }));
    return jsonResponse(
      `{"status":${writeStatus(page)},"truncates":${JSON.stringify(truncates)},"values":[${values.join(",")}],"syncId":${JSON.stringify(page.state.id)},"pagination":{"hasMore":true,"nextCursor":${JSON.stringify(writeCursor(page.state))}}}`,
    );
  } catch (error) {
    throw asCursorError(error);
  }
}

interface SyncPage {
  state: SyncState;
  status: { type: "snapshotting" | "stale" | "upToDate" };
  truncates: string[];
  changes: readonly ExportedChange[];
}

async function nextPage(
  session: ExportSession,
  tables: string[],
  before: SyncState | null,
  request: Request,
): Promise<SyncPage> {
  const state: SyncState = before ?? {
    id: prefixOf(clientOf(request)) + crypto.randomUUID(),
    ts: (await session.snapshotPage(null, null, null)).snapshot,
    done: [],
    current: null,
    rows: 0,
  };
  const done = state.done.filter((table) => tables.includes(table));
  const current = state.current !== null && tables.includes(state.current.table) ? state.current : null;
  const table = current?.table ?? tables.find((name) => !done.includes(name));
  const entered = current === null ? done : [...done, current.table];
  if (table === undefined || (entered.length > 0 && isBehind(state.ts))) {
    const page = await session.changes(entered, state.ts);
    const next = { ...state, done, current, ts: page.cursor, rows: state.rows + page.changes.length };
    const type = table !== undefined ? "snapshotting" : page.hasMore ? "stale" : "upToDate";
    return { state: next, status: { type }, truncates: [], changes: page.changes };
  }
  const page = await session.snapshotPage(table, current?.position ?? null, state.ts);
  const next: SyncState = {
    ...state,
    done: page.cursor === null ? [...done, table] : done,
    current:
      page.cursor === null
        ? null
        : { table, position: page.cursor, rows: (current?.rows ?? 0) + page.rows.length },
    rows: state.rows + page.rows.length,
  };
  const complete = next.current === null && next.done.length === tables.length;
  return {
    state: next,
    // The changes since it began are still to come.
    status: { type: complete ? "stale" : "snapshotting" },
    truncates: current === null ? [table] : [],
    changes: page.rows.map((row) => ({ table, id: row._id as string, at: page.snapshot, row })),
  };
}

function isBehind(ts: bigint): boolean {
  return BigInt(Date.now()) * 1_000_000n - ts > MAX_LAG_NS;
}

function writeStatus({ status: { type }, state }: SyncPage): string {
  return type === "snapshotting"
    ? `{"type":"${type}"}`
    : `{"type":"${type}","snapshotTs":${String(state.ts)}}`;
}

/** The status as `list_active_syncs` shows it. How many rows a table has is not counted: what was sent stands for it. */
function statusText({ status: { type }, state }: SyncPage, tables: readonly string[]): string {
  const total = `"totalTables":${String(tables.length)}`;
  const sent = `"numDocumentsSynced":${String(state.rows)}`;
  if (type !== "snapshotting") return `{"type":"${type}",${total},${sent},"syncedTs":${String(state.ts)}}`;
  const table = state.current?.table ?? tables.find((name) => !state.done.includes(name)) ?? null;
  return `{"type":"${type}","numTablesSynced":${String(state.done.length)},${total},"currentComponent":"","currentTable":${JSON.stringify(table)},"numDocumentsInCurrentTable":${String(state.current?.rows ?? 0)},${sent}}`;
}

/** As the backend marks the syncs of its own connectors. */
function prefixOf(client: string | null): string {
  if (client?.startsWith("fivetran-export-") === true || client?.startsWith("fivetran-import-") === true)
    return "fivetran-";
  return client?.startsWith("airbyte-export-") === true ? "airbyte-" : "";
}

async function readBody(
  request: Request,
  session: ExportSession,
): Promise<{ cursor: string | null; selection: Selection }> {
  const { cursor = null, selection } = await jsonObjectOf(request, session.body);
  if (cursor !== null && typeof cursor !== "string") throw badJson('"cursor" must be a string');
  return { cursor, selection: selectionOf(selection) };
}

function selectionOf(json: Json | undefined): Selection {
  return json === undefined || json === null ? everything : parsed(json, badJson);
}

function writeCursor({ id, ts, done, current, rows }: SyncState): string {
  const text = JSON.stringify({ id, ts: String(ts), done, current, rows });
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** @throws HttpError 400 InvalidDataSyncCursor */
function readCursor(text: string): SyncState {
  let json: Json = null;
  try {
    json = parseOr(new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0))), null);
  } catch {
    // Not base64: refused below.
  }
  if (isObject(json)) {
    const { id, ts, done, current = null, rows } = json;
    const known =
      typeof id === "string" &&
      typeof ts === "string" &&
      /^\d{1,19}$/.test(ts) &&
      typeof rows === "number" &&
      Array.isArray(done) &&
      done.every((table) => typeof table === "string");
    if (known && current === null) return { id, ts: BigInt(ts), done, rows, current };
    if (known && isObject(current)) {
      const { table, position, rows: sent } = current;
      if (typeof table === "string" && typeof position === "string" && typeof sent === "number")
        return { id, ts: BigInt(ts), done, rows, current: { table, position, rows: sent } };
    }
  }
  throw new HttpError(
    400,
    "InvalidDataSyncCursor",
    "The cursor is none that data/sync has returned. Begin the sync again without one, and treat cursors as opaque.",
  );
}

/** What list_snapshot and document_deltas refuse, in the words of this API. */
function asCursorError(error: unknown): unknown {
  const data = ledgerErrorData(error);
  switch (data?.code) {
    case "InvalidWindowToReadDocuments":
    case "SnapshotTooOld":
      return new HttpError(
        400,
        "DataSyncCursorExpired",
        `${data.message} For data/sync: send a request without a cursor.`,
      );
    case "SnapshotTooNew":
    case "InvalidListSnapshotCursor":
      return new HttpError(400, "InvalidDataSyncCursor", data.message);
    default:
      return error;
  }
}

/** `POST /api/data_sync_cursor_from_deltas`: continues with data/sync where document_deltas stopped. */
export async function cursorFromDeltas(exporter: Exporter, request: Request): Promise<Response> {
  const session = await exporter.openExport(request);
  const args = await bodyArgs(request, session.body);
  const ts = args.integer("cursor");
  if (ts === null) throw badJson('"cursor" is missing');
  const tables = chosenTables(session, selectionOf(args.selection())).map(({ name }) => name);
  const { snapshot } = await session.snapshotPage(null, null, null);
  if (ts < 0n || ts > snapshot) {
    throw new HttpError(
      400,
      "InvalidDataSyncCursor",
      ts < 0n
        ? "The document_deltas cursor is not a valid timestamp."
        : "The document_deltas cursor is ahead of the deployment's latest timestamp.",
    );
  }
  try {
    await session.snapshotPage(null, null, ts);
  } catch (error) {
    throw asCursorError(error);
  }
  const id = prefixOf(clientOf(request)) + crypto.randomUUID();
  const cursor = writeCursor({ id, ts, done: tables, current: null, rows: 0 });
  return jsonResponse(JSON.stringify({ cursor }));
}

const DEFAULT_LIMIT = 50n;
const MAX_LIMIT = 100n;

/** `GET /api/v1/data/list_active_syncs`: the token's syncs of the last three days, newest first. */
export async function listActiveSyncs(exporter: Exporter, request: Request): Promise<Response> {
  const args = queryArgs(request);
  const limit = args.integer("limit") ?? DEFAULT_LIMIT;
  if (limit < 1n || limit > MAX_LIMIT)
    throw new HttpError(
      400,
      "LimitOutOfRange",
      "The limit for listing active syncs must be between 1 and 100.",
    );
  const session = await exporter.openExport(request);
  const cursor = args.text("cursor");
  const all = await session.syncs();
  const at = cursor === null ? 0 : all.findIndex(({ id }) => id === cursor);
  if (at === -1)
    throw new HttpError(400, "InvalidCursor", "The cursor is none that list_active_syncs has returned.");
  const page = all.slice(at, at + Number(limit));
  const syncs = page.map(
    ({ id, lastPageAt, status }) =>
      `{"syncId":${JSON.stringify(id)},"lastUpdated":${String(Date.parse(lastPageAt))},"status":${status}}`,
  );
  const next = all[at + page.length];
  const pagination = next === undefined ? { hasMore: false } : { hasMore: true, nextCursor: next.id };
  return jsonResponse(`{"syncs":[${syncs.join(",")}],"pagination":${JSON.stringify(pagination)}}`);
}
