import { cleanTableName } from "../../core/rows/names.js";
import { isSameKey } from "../../core/rows/paths.js";
import { isWellFormed, shorten } from "../../core/rows/text.js";
import { fieldPathOf } from "../../core/rows/row.js";
import { mirrorSnippet } from "../../schema/snippet.js";
import {
  declaredCdcColumns,
  readBatch,
  readPrimaryKey,
  toChange,
  type AirbyteBatch,
  type AirbyteTable,
} from "./envelope.js";
import { isObject } from "../../core/rows/values.js";
import { describe, HttpError } from "../errors.js";
import type { Importer, ImportSession, Mirror, SyncMode } from "../importer.js";
import { backendBodyOf, badJson, openToWrite, tooMany } from "../request.js";

/**
 * The HTTP API that Airbyte's `destination-convex` speaks, in its three generations: 0.1.0 writes overwrite streams to
 * `temp_<seconds>_<table>` and ends with `replace_tables`; 0.2.x clears first, and leaves the namespace out of the
 * names in set-up calls; later revisions send the full name everywhere. What the write mode is follows from each
 * request by itself; setup calls are hints, never conditions.
 */

/** `GET /version`: the connector's connection test. Unlike the backend's, it checks the token. */
export async function version(importer: Importer, request: Request): Promise<Response> {
  await importer.open(request);
  return new Response("convex-streaming-import", { status: 200 });
}

/** `GET primary_key_indexes_ready`: a mirror's index exists as soon as it is deployed. The body never reaches us. */
export async function primaryKeyIndexesReady(importer: Importer, request: Request): Promise<Response> {
  await importer.open(request);
  return Response.json({ indexesReady: true });
}

/** `PUT add_primary_key_indexes`: nothing to build; says early when the connection's key is not the mirror's. */
export async function addPrimaryKeyIndexes(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request);
  const { indexes } = await backendBodyOf(request, session.body);
  if (!isObject(indexes)) throw badJson('"indexes" must be an object from table names to primary keys');
  for (const [name, key] of Object.entries(indexes)) {
    const primaryKey = readPrimaryKey(name, key);
    const mirror = findForSetUp(session, name);
    if (mirror === null) continue;
    checkPrimaryKey(mirror, primaryKey);
  }
  return done();
}

/**
 * `PUT clear_tables`: a full refresh begins. Mirrors with a primary key stay readable. Others are cleared: now if the name
 * is the full name of their stream, else once the connection's first import names it in full, as it names all of its
 * streams. Until then, another stream of that name may be meant.
 */
export async function clearTables(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request);
  const { tableNames } = await backendBodyOf(request, session.body);
  if (!Array.isArray(tableNames) || !tableNames.every((name) => typeof name === "string")) {
    throw badJson('"tableNames" must be an array of strings');
  }
  const now = new Set<Mirror>();
  const later = new Set<Mirror>();
  for (const name of tableNames) {
    const mirror = findForSetUp(session, name);
    if (mirror === null) continue;
    const isFullName = mirror.stream !== mirror.bareStream && mirror.stream === cleanTableName(name);
    (mirror.contract.primaryKey !== null || isFullName ? now : later).add(mirror);
  }
  for (const mirror of now) await session.beginRefresh(mirror, CLEARED);
  if (later.size > 0) await session.clearWhenNamed([...later]);
  return done();
}

/** How a refresh begins that `clear_tables` announces. */
const CLEARED = { openedBy: "clear_tables", resume: false, explicit: false };

/** The most tables of one `replace_tables`, as many as an app has mirrors: each is a run that ends. */
const MAX_REPLACED = 1_000;

/** `POST replace_tables` (0.1.0 only): the refreshes of the temporary tables are complete. */
export async function replaceTables(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request);
  const { tableNames } = await backendBodyOf(request, session.body);
  if (!isObject(tableNames)) throw badJson('"tableNames" must be an object from temporary to final names');
  const named = Object.entries(tableNames);
  if (named.length > MAX_REPLACED) throw tooMany(named.length, MAX_REPLACED, "tables");
  const refreshes = named.flatMap(([name, final]) => {
    if (typeof final !== "string") throw badJson(`the final name of "${shorten(name)}" must be a string`);
    const mirror = session.find(cleanTableName(final));
    session.authorize(mirror, "write", final);
    // A stream without a mirror delivered nothing: its records were refused.
    if (mirror === null) return [];
    return [{ mirror, openedBy: checkTemporary(name) }];
  });
  for (const { mirror, openedBy } of refreshes) {
    // A mirror without a key was emptied before its first row came; beginning again would empty it once more.
    const run =
      mirror.contract.primaryKey === null
        ? await session.runningRun(mirror, openedBy)
        : await session.beginRefresh(mirror, overwriteBy(openedBy));
    if (run !== null) {
      await session.finish(run, "complete", "The connector replaced the table.", { patient: true });
    }
  }
  return done();
}

/**
 * `POST import_airbyte_records`: up to 1,000 records of any streams. All are checked before the first is written; then
 * each mirror's are applied in order. When applying fails, what was applied before stays, as on the backend: whole
 * chunks, a prefix of each mirror's records.
 */
export async function importAirbyteRecords(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request);
  try {
    await importRecords(session, request);
  } catch (error) {
    if (!isOfAnother(error)) await session.cutOff(error);
    throw error;
  }
  return done();
}

async function importRecords(session: ImportSession, request: Request): Promise<void> {
  const batch = readBatch(await backendBodyOf(request, session.body));
  const cleared = await session.takeToClear(streamsOf(batch));
  const deliveries = [];
  for (const { mirror, temporary, syncMode, records } of await resolveStreams(session, batch)) {
    const keyed = mirror.contract.primaryKey !== null;
    const declared = declaredCdcColumns(mirror);
    const changes = records.map((data) => toChange(data, keyed, declared));
    const prepared = await noting(session, mirror, () => session.prepare(mirror, changes, "json"));
    deliveries.push({ mirror, temporary, syncMode, changes: prepared });
  }
  for (const mirror of cleared) {
    await noting(session, mirror, async () => session.beginRefresh(mirror, CLEARED));
  }
  for (const { mirror, temporary, syncMode, changes } of deliveries) {
    await noting(session, mirror, async () => {
      const run = temporary === null ? undefined : await session.beginRefresh(mirror, overwriteBy(temporary));
      // The connector does not retry, so it is kept waiting rather than refused while the write budget is spent.
      await session.deliver(changes, { syncMode, run, keylessRefresh: "append", patient: true });
    });
  }
  if (deliveries.length === 0) await session.heard(mentioned(session, batch));
}

/** Does something for a mirror; when it fails, people see why in the registry. */
async function noting<T>(session: ImportSession, mirror: Mirror, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // That the deployment is busy says nothing about the mirror.
    const isBusy = [429, 503].includes(describe(error).status);
    if (!isOfAnother(error) && !isBusy) await session.recordFailure(mirror, error);
    throw error;
  }
}

/** A superseded run is over; the newer run reports on the mirror and the connection. */
function isOfAnother(error: unknown): boolean {
  return describe(error).code === "StaleRun";
}

/** The streams of a batch, as mirrors name them. One whose name no table can have is refused when it has records. */
function streamsOf(batch: AirbyteBatch): string[] {
  return [...batch.tables.keys()].flatMap((name) => {
    try {
      return cleanTableName(name);
    } catch {
      return [];
    }
  });
}

/** The mirrors of a batch without records: their connector is alive. */
function mentioned(session: ImportSession, batch: AirbyteBatch): Mirror[] {
  return [...batch.tables.keys()].flatMap((name) => session.find(cleanTableName(name)) ?? []);
}

interface Stream {
  mirror: Mirror;
  /** The temporary table of an overwrite by 0.1.0, or null. */
  temporary: string | null;
  syncMode: SyncMode;
  records: AirbyteBatch["messages"][number]["data"][];
}

/** Groups the records by mirror, in the order in which each appears first. @throws HttpError before any write */
async function resolveStreams(session: ImportSession, batch: AirbyteBatch): Promise<Stream[]> {
  const streams = new Map<string, Stream>();
  const mirrors = new Map<string, Stream>();
  for (const { tableName: table, data } of batch.messages) {
    let stream = streams.get(table);
    if (stream === undefined) {
      const resolved = await resolveStream(session, table, batch.tables.get(table)!);
      // Two names may mean one mirror; its records keep their order.
      const target = JSON.stringify([resolved.mirror.name, resolved.temporary]);
      stream = mirrors.get(target) ?? { ...resolved, records: [] };
      mirrors.set(target, stream);
      streams.set(table, stream);
    }
    stream.records.push(data);
  }
  return [...mirrors.values()];
}

async function resolveStream(session: ImportSession, name: string, table: AirbyteTable) {
  const final = TEMPORARY.exec(name)?.[2];
  const stream = final ?? name;
  const cleaned = cleanTableName(stream);
  const mirror = session.find(cleaned);
  session.authorize(mirror, "write", stream);
  if (mirror === null) {
    const snippet = mirrorSnippet(cleaned, table.jsonSchema, table.primaryKey);
    await session.recordUnknownStream(cleaned, snippet);
    throw undeclared(stream, snippet);
  }
  if (table.primaryKey !== null) checkPrimaryKey(mirror, table.primaryKey);
  const temporary = final === undefined ? null : checkTemporary(name);
  const syncMode: SyncMode =
    temporary !== null ? "overwrite" : table.primaryKey !== null ? "append_dedup" : "append";
  return { mirror, temporary, syncMode };
}

/** 0.1.0 writes a stream that it overwrites to such a table: seconds since 1970, then the final name. */
const TEMPORARY = /^temp_(\d{9,11})_(.+)$/s;

/** The longest name of a temporary table, in characters; a table's own has 64 at most, cleaned. */
const MAX_TEMPORARY = 500;

/** The name of a temporary table, which the ledger keeps with its run. @throws HttpError 400 */
function checkTemporary(name: string): string {
  if (name.length <= MAX_TEMPORARY && isWellFormed(name)) return name;
  throw badJson(
    `"${shorten(name)}" must be the name of a temporary table, of at most ${String(MAX_TEMPORARY)} characters, without lone surrogates`,
  );
}

/** How the refresh begins that fills this temporary table: one per attempt, and an older one is over. */
function overwriteBy(temporary: string) {
  const seconds = TEMPORARY.exec(temporary)?.[1];
  return {
    openedBy: temporary,
    ...(seconds !== undefined && { attempt: Number(seconds) }),
    resume: true,
    explicit: true,
  };
}

/**
 * The mirror that a setup call means. 0.2.x omits the namespace, so one name may be the full name of one stream and a
 * part of another's: then it means neither, because a refresh deletes what it does not deliver. Nor does the name of a
 * table count that another source feeds.
 * @throws HttpError 403 for a name that cannot mean a mirror which the token opens
 */
function findForSetUp(session: ImportSession, name: string): Mirror | null {
  const stream = cleanTableName(name);
  const mirror = session.findByBareStream(stream);
  const isAmbiguous =
    mirror === null && session.mirrors().some((open) => [open.stream, open.bareStream].includes(stream));
  if (!isAmbiguous) session.authorize(mirror, "write", name);
  return mirror;
}

function checkPrimaryKey(mirror: Mirror, columns: string[]): void {
  const declared = mirror.contract.primaryKey;
  const primaryKey = columns.map((column) => fieldPathOf(mirror.contract, column));
  if (declared === null) {
    throw new HttpError(
      400,
      "PrimaryKeyMismatch",
      `The connection deduplicates "${mirror.name}" by ${primaryKey.join(", ")}, but the mirror declares no primary key. Add primaryKey: ${JSON.stringify(primaryKey)} to mirrorTable in schema.ts, or choose the sync mode "append".`,
    );
  }
  if (!isSameKey(declared, primaryKey)) {
    throw new HttpError(
      400,
      "PrimaryKeyMismatch",
      `The connection's primary key of "${mirror.name}" is ${primaryKey.join(", ")}, the mirror's is ${declared.join(", ")}. Make them the same.`,
    );
  }
}

function undeclared(name: string, snippet: string): HttpError {
  return new HttpError(
    400,
    "MissingStream",
    `No mirror is declared for the stream "${shorten(name)}". Add it to defineSchema in convex/schema.ts and deploy, or leave the stream out of the connection:\n\n${snippet}`,
  );
}

/** What the connector takes for success: exactly 200, with nothing in it. */
function done(): Response {
  return new Response(null, { status: 200 });
}
