import { HttpError } from "../errors.js";
import type { ExportedTable, Exporter, ExportSession } from "../exporter.js";
import {
  type Args,
  bodyArgs,
  jsonResponse,
  queryArgs,
  readFlag,
  readFormat,
  readSelection,
  readSnapshotCursor,
  writeChange,
  writeSnapshotCursor,
  writeSnapshotRow,
} from "./envelope.js";
import { columnNames, tableSchema } from "./jsonSchema.js";
import type { Selection } from "./selection.js";

/**
 * The streaming export of the Convex backend, as the sources of Airbyte and Fivetran read it. A snapshot is a walk over
 * the rows as they are; the changes since the moment when it began complete it. Every answer depends on the request
 * alone: a page can be asked for again at any time.
 */

/** `GET test_streaming_export_connection`: the body is exactly `null`. */
export async function testConnection(exporter: Exporter, request: Request): Promise<Response> {
  await exporter.openExport(request);
  return jsonResponse("null");
}

/** `GET json_schemas`: a schema for each table, from its validators. */
export async function jsonSchemas(exporter: Exporter, request: Request): Promise<Response> {
  const args = queryArgs(request);
  const delta = readFlag(args, "deltaSchema");
  const byComponent = readFlag(args, "byComponent");
  const format = readFormat(args);
  const { tables } = await exporter.openExport(request);
  const schemas = Object.fromEntries(tables.map((table) => [table.name, tableSchema(table, format, delta)]));
  return jsonResponse(JSON.stringify(byComponent ? { "": schemas } : schemas));
}

/** `GET get_table_column_names` */
export async function tableColumnNames(exporter: Exporter, request: Request): Promise<Response> {
  const { tables } = await exporter.openExport(request);
  const columns = tables.map((table) => ({ name: table.name, columns: columnNames(table) }));
  return jsonResponse(JSON.stringify({ byComponent: columns.length === 0 ? {} : { "": columns } }));
}

/** `GET` and `POST list_snapshot`: a page of one table; the cursor leads to the next page or table. */
export async function listSnapshot(exporter: Exporter, request: Request): Promise<Response> {
  return await answer(exporter, request, async (session, args, selection) => {
    const format = readFormat(args);
    const named = args.integer("snapshot");
    const text = args.text("cursor");
    const from = text === null ? null : readSnapshotCursor(text);
    const tables = chosenTables(session, selection);
    // A table that is no longer asked for is skipped; the walk continues with the next one.
    const at = from === null ? 0 : tables.findIndex(({ name }) => name >= from.table);
    const table = at === -1 ? undefined : tables[at];
    const position = table?.name === from?.table ? (from?.position ?? null) : null;
    // The cursor knows when its walk began; a client that forgot would miss what changed since.
    const began = from === null ? named : min(from.snapshot, named ?? from.snapshot);
    const page = await session.snapshotPage(table?.name ?? null, position, began);
    const next = page.cursor === null ? tables[at + 1]?.name : table?.name;
    const cursor =
      table === undefined || next === undefined
        ? null
        : writeSnapshotCursor({ table: next, position: page.cursor, snapshot: page.snapshot });
    await session.note({
      tables: tables.map(({ name }) => name),
      kind: "snapshot",
      cursor: page.snapshot,
      atEnd: cursor === null,
      rows: page.rows.length,
      client: clientOf(request),
    });
    const options = { ts: page.snapshot, format, selection };
    const values = page.rows.map((row) => writeSnapshotRow(table!.name, row, options));
    return `{"values":[${values.join(",")}],"snapshot":${String(page.snapshot)},"cursor":${JSON.stringify(cursor)},"hasMore":${String(cursor !== null)}}`;
  });
}

/** `GET` and `POST document_deltas`: what changed since a cursor, in the order of the commits. */
export async function documentDeltas(exporter: Exporter, request: Request): Promise<Response> {
  return await answer(exporter, request, async (session, args, selection) => {
    const format = readFormat(args);
    const since = args.integer("cursor");
    if (since === null)
      throw new HttpError(
        400,
        "DocumentDeltasCursorRequired",
        "/api/document_deltas requires a cursor: the `snapshot` of the last page of list_snapshot, or the `cursor` of the last page of document_deltas.",
      );
    const tables = chosenTables(session, selection).map(({ name }) => name);
    const { changes, cursor, hasMore } = await session.changes(tables, since);
    await session.note({
      tables,
      kind: "changes",
      cursor,
      atEnd: !hasMore,
      rows: changes.length,
      client: clientOf(request),
    });
    const values = changes.map((change) => writeChange(change, { format, selection }));
    return `{"values":[${values.join(",")}],"cursor":${String(cursor)},"hasMore":${String(hasMore)}}`;
  });
}

/** Reads the arguments of a page, of a GET before the token is looked at, as the backend does. */
async function answer(
  exporter: Exporter,
  request: Request,
  page: (session: ExportSession, args: Args, selection: Selection) => Promise<string>,
): Promise<Response> {
  const query = request.method === "GET" ? queryArgs(request) : null;
  query?.integer("snapshot");
  const session = await exporter.openExport(request);
  const args = query ?? (await bodyArgs(request, session.body));
  return jsonResponse(await page(session, args, readSelection(args)));
}

/**
 * The tables that a selection means, by name. A table or component that is named and not open to the token is refused:
 * the backend answers as if it were empty, and a full refresh would empty its copy.
 */
export function chosenTables(session: ExportSession, selection: Selection): ExportedTable[] {
  const tables = session.tables
    .filter(({ name }) => selection.columns(name) !== null)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const { named } = selection;
  if (named !== null && tables.length === 0) {
    throw new HttpError(
      400,
      "UnknownTable",
      `The ${named} is not exported, or the token does not open it. Declare tables of the app as exported in schema.ts, and name them in the token.`,
    );
  }
  return tables;
}

/** The name under which the client presents itself: "airbyte-export-0.4.0". */
export function clientOf(request: Request): string | null {
  return request.headers.get("Convex-Client")?.slice(0, 64) ?? null;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
