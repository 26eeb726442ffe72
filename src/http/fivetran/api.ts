import { cleanTableName } from "../../core/rows/names.js";
import type { Change } from "../../core/rows/change.js";
import type { Json, JsonObject } from "../../core/rows/values.js";
import { isSameKey, replaceAt, splitPath } from "../../core/rows/paths.js";
import { shorten } from "../../core/rows/text.js";
import { fivetranSnippet, type FivetranTable } from "../../schema/snippet.js";
import { describe, HttpError } from "../errors.js";
import type {
  DeliverOptions,
  Importer,
  ImportSession,
  Mirror,
  PreparedChanges,
  WaitingChange,
} from "../importer.js";
import { backendBodyOf, openToWrite, plainBytesOf, requireJson } from "../request.js";
import {
  cleaned,
  ownColumnsOf,
  readDefinition,
  readOperation,
  readTruncation,
  tableOfRows,
  windowsOf,
} from "./envelope.js";
import { DELETED, type FivetranMirror, keyColumns, SYNCED, tableOf } from "./schema.js";

/**
 * The HTTP API that Convex's own Fivetran destination speaks. It retries nothing, and shows a person the text of what is
 * refused; of other answers it reads the schema alone. It asks for the schema before it creates or alters a table, and
 * not before it writes.
 */

/** The largest body of operations, in bytes. The connector cuts requests by rows, 500 at a time, not by bytes. */
const MAX_OPERATIONS_BYTES = 64 * 1024 * 1024;

/** How changes are delivered. The connector does not retry, so it waits rather than be refused. */
const DELIVERY: DeliverOptions = { syncMode: "append_dedup", keylessRefresh: "append", patient: true };

/** `GET get_schema`: the tables that the token opens; the connection test too. */
export async function getSchema(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request);
  const mirrors = session.mirrors().filter(isForFivetran);
  if (mirrors.length === 0) {
    // Convex's own answer, null, means "any table". The connector then takes six of its sixteen types.
    throw new HttpError(
      400,
      "MissingStream",
      "No mirror that this token opens is declared for Fivetran. Add the option fivetran: {} to a mirrorTable in convex/schema.ts, and deploy.",
    );
  }
  await session.heard(mirrors);
  return Response.json({ tables: mirrors.map(tableOf), schemaValidation: true });
}

/**
 * `POST fivetran_create_table`: the connector sends it only to a deployment without a schema, which this is not. Says
 * whether rows of the table could be applied. Columns may differ: the mirror's drift policy is for them.
 */
export async function createTable(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request);
  const { name, primaryKey, ...table } = readDefinition(await backendBodyOf(request, session.body));
  const mirror = find(session, name);
  if (mirror === null) throw await undeclared(session, name, { primaryKey, ...table });
  const declared = keyColumns(mirror);
  if (!isSameKey(declared, primaryKey)) {
    throw new HttpError(
      400,
      "PrimaryKeyMismatch",
      `The primary key of the table "${shorten(name)}" is ${primaryKey.join(", ") || "empty"}, the one of its mirror ${declared.join(", ")}. Correct primaryKey of "${mirror.name}" in convex/schema.ts, and deploy.`,
    );
  }
  await session.heard([mirror]);
  return done();
}

/**
 * `POST fivetran_truncate_table`: deletes or marks all rows, or those that were synced before a time. Those of which the
 * time is unknown then stay.
 */
export async function truncateTable(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request);
  const { table, before, soft } = readTruncation(await backendBodyOf(request, session.body));
  const mirror = find(session, table);
  if (mirror === null) return done();
  const waiting = await truncateWaiting(session, mirror, before, soft);
  for await (const keys of session.keys(mirror, before === null ? null : { path: SYNCED, value: before })) {
    const named = keys.filter((key) => {
      const text = JSON.stringify(key);
      const awaited = waiting.get(text);
      waiting.delete(text);
      // What waits for the row may be newer than the truncation, or a mark already.
      return awaited?.isTruncated !== false && !(soft && awaited?.isMarked === true);
    });
    await apply(named.map((key) => [key, null]));
  }
  const left = [...waiting.values()].filter(
    ({ isTruncated, isMarked }) => isTruncated && !(soft && isMarked),
  );
  await apply(left.map(({ key, synced }) => [key, synced]));
  await session.heard([mirror]);
  return done();

  /** With a time, the change is of a row that was synced then: where the mirror orders by it, a newer row stays. */
  async function apply(rows: readonly [key: readonly Json[], synced: number | null][]): Promise<void> {
    if (rows.length === 0) return;
    const changes = rows.map(([key, synced]): Change => {
      let row: JsonObject = {};
      const set = (path: string, value: Json) => (row = replaceAt<Json>(row, splitPath(path), value));
      if (synced !== null) set(SYNCED, synced);
      if (soft) set(DELETED, true);
      mirror!.contract.primaryKey!.forEach((path, i) => set(path, key[i]!));
      return { op: soft ? "update" : "delete", row };
    });
    await noting(session, mirror!, async () =>
      session.deliver(session.prepare(mirror!, changes, "stored"), DELIVERY),
    );
  }
}

/** What the changes that wait in quarantine make of a row. */
interface Awaited {
  key: readonly Json[];
  /** When it was synced last; null when none of them says so. */
  synced: number | null;
  /** Whether that is before the truncation; undefined when it is for the stored row to say. */
  isTruncated: boolean | undefined;
  isMarked: boolean;
}

/**
 * Truncates what waits in quarantine without a key that can be read. Returns what is to become of the other rows for
 * which something waits, by their keys as text.
 */
async function truncateWaiting(
  session: ImportSession,
  mirror: FivetranMirror,
  before: number | null,
  soft: boolean,
): Promise<Map<string, Awaited>> {
  const rows = new Map<string, Awaited>();
  for await (const page of session.waiting(mirror)) {
    const gone: WaitingChange[] = [];
    for (const change of page) {
      const { key, op, row } = change;
      const { synced: at, deleted } = ownColumnsOf(row ?? {});
      const known = key === null || op === "upsert" ? undefined : rows.get(JSON.stringify(key));
      const synced = typeof at === "number" ? at : (known?.synced ?? null);
      const isTruncated =
        before === null || (synced !== null ? synced < before : op === "upsert" ? false : known?.isTruncated);
      const isMarked = deleted === undefined ? known?.isMarked === true : deleted === true;
      if (key !== null) rows.set(JSON.stringify(key), { key, synced, isTruncated, isMarked });
      else if (isTruncated === true && !soft) gone.push(change);
      else if (isTruncated === true && row !== null && !isMarked)
        await session.rewrite(change, replaceAt<Json>(row, splitPath(DELETED), true));
    }
    if (gone.length > 0) await session.discard(mirror, gone);
  }
  return rows;
}

/**
 * `POST apply_fivetran_operations`: operations on any tables, 500 from the connector. All are checked before the first is
 * written; then each mirror's are applied in order. When applying fails, what was applied before stays.
 */
export async function applyOperations(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request, MAX_OPERATIONS_BYTES);
  requireJson(request);
  const windows = windowsOf(await plainBytesOf(request, session.body, MAX_OPERATIONS_BYTES));
  let checked: PreparedChanges[] = [];
  for (const window of windows) checked = await prepare(session, window);
  for (const window of windows) {
    // Only one window is kept in memory. It is prepared again rather than kept when there are others.
    for (const changes of windows.length === 1 ? checked : await prepare(session, window)) {
      await noting(session, changes.mirror, async () => session.deliver(changes, DELIVERY));
    }
  }
  return done();
}

/** Converts the operations of a window, mirror by mirror. @throws HttpError 400, 403 */
async function prepare(
  session: ImportSession,
  window: readonly Uint8Array<ArrayBuffer>[],
): Promise<PreparedChanges[]> {
  const tables = new Map<string, Change[]>();
  for (const json of window) {
    const { table, change } = await readOperation(json);
    const changes = tables.get(table);
    if (changes === undefined) tables.set(table, [change]);
    else changes.push(change);
  }
  const prepared: PreparedChanges[] = [];
  for (const [table, changes] of tables) {
    const mirror = find(session, table);
    if (mirror === null) {
      // A table that does not exist has no rows to update or delete.
      const upserts = changes.filter(({ op }) => op === "upsert");
      if (upserts.length > 0)
        throw await undeclared(session, table, tableOfRows(upserts.map(({ row }) => row)));
      continue;
    }
    prepared.push(
      await noting(session, mirror, () => session.prepare(mirror, changes.map(cleaned), "convex")),
    );
  }
  return prepared;
}

function isForFivetran(mirror: Mirror): mirror is FivetranMirror {
  return mirror.contract.fivetran !== null;
}

/** The mirror of a table, or null. @throws HttpError 400 when it is not declared for Fivetran, 403 */
function find(session: ImportSession, table: string): FivetranMirror | null {
  const mirror = session.find(cleanTableName(table));
  session.authorize(mirror, "write", table);
  if (mirror === null) return null;
  if (isForFivetran(mirror)) return mirror;
  throw new HttpError(
    400,
    "MissingStream",
    `The mirror "${mirror.name}" of the table "${shorten(table)}" is not declared for Fivetran. Add the option fivetran: {} to it in convex/schema.ts, and deploy.`,
  );
}

/** Shows people the declaration that a table lacks. Returns the refusal of the request. */
async function undeclared(session: ImportSession, name: string, table: FivetranTable): Promise<HttpError> {
  const stream = cleanTableName(name);
  const snippet = fivetranSnippet(stream, table);
  await session.recordUnknownStream(stream, snippet);
  return new HttpError(
    400,
    "MissingStream",
    `No mirror is declared for the table "${shorten(name)}". Add it to defineSchema in convex/schema.ts and deploy:\n\n${snippet}`,
  );
}

/** Does something for a mirror; when rows are refused or something breaks, people see why in the registry. */
async function noting<T>(session: ImportSession, mirror: Mirror, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refusal = describe(error);
    if (refusal.status === 400 || refusal.status === 500) await session.recordFailure(mirror, refusal);
    throw refusal;
  }
}

/** What the connector takes for success: any status of the 200s. It reads no body. */
function done(): Response {
  return new Response(null, { status: 200 });
}
