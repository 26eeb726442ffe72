import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/**
 * Airbyte's `destination-convex` as it is today, call by call: the same requests, in the same order, with the same
 * headers and limits, and like it without any retry. What a source and the Airbyte platform feed to it is here a list
 * of streams and an iterable of messages.
 */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonRecord = Record<string, Json>;

/** A stream of the configured catalog. */
export interface SourceStream {
  namespace: string | null;
  name: string;
  syncMode: "append" | "append_dedup" | "overwrite";
  primaryKey: string[][] | null;
  jsonSchema: object;
}

/** What a source emits: a row of one of the streams, or a checkpoint. */
export type SourceMessage = { type: "RECORD"; stream: SourceStream; data: JsonRecord } | { type: "STATE" };

/** One request of the connector, before it is sent. */
export interface ConnectorRequest {
  method: "GET" | "PUT" | "POST";
  path: string;
  body: object;
  /** How many rows it carries. */
  rows: number;
}

/** The connector keeps records until it has this many, or a checkpoint comes. */
const BATCH_RECORDS = 1000;
const READY_POLL_MS = 1000;
const CLIENT = "streaming-import-0.1.0";

/** The table that a stream is written to: the namespace and the name, joined and not cleaned. */
export function tableOf({ namespace, name }: SourceStream): string {
  return namespace === null ? name : `${namespace}_${name}`;
}

/** The calls before any record: overwritten tables are cleared, keys of deduplicated ones announced. */
export function setUpRequests(catalog: readonly SourceStream[]): ConnectorRequest[] {
  const cleared = catalog.filter(({ syncMode }) => syncMode === "overwrite").map(tableOf);
  const keyed = catalog.filter(
    ({ syncMode, primaryKey }) => syncMode === "append_dedup" && primaryKey !== null,
  );
  const requests: ConnectorRequest[] = [];
  if (cleared.length > 0) {
    requests.push({ method: "PUT", path: "clear_tables", body: { tableNames: cleared }, rows: 0 });
  }
  if (keyed.length > 0) {
    const indexes = Object.fromEntries(keyed.map((stream) => [tableOf(stream), stream.primaryKey]));
    requests.push({ method: "PUT", path: "add_primary_key_indexes", body: { indexes }, rows: 0 });
    requests.push({
      method: "GET",
      path: "primary_key_indexes_ready",
      body: { tables: keyed.map(tableOf) },
      rows: 0,
    });
  }
  return requests;
}

/** The calls that carry records: one per 1,000, one per checkpoint even when nothing is buffered, one at the end. */
export async function* importRequests(
  catalog: readonly SourceStream[],
  messages: Iterable<SourceMessage> | AsyncIterable<SourceMessage>,
): AsyncGenerator<ConnectorRequest> {
  const tables = Object.fromEntries(
    catalog.map((stream) => [
      tableOf(stream),
      {
        primaryKey: stream.syncMode === "append_dedup" ? stream.primaryKey : null,
        jsonSchema: stream.jsonSchema,
      },
    ]),
  );
  let buffer: { tableName: string; data: JsonRecord }[] = [];
  const flush = (): ConnectorRequest => {
    const full = buffer;
    buffer = [];
    return {
      method: "POST",
      path: "import_airbyte_records",
      body: { tables, messages: full },
      rows: full.length,
    };
  };
  for await (const message of messages) {
    if (message.type === "STATE") {
      yield flush();
    } else {
      buffer.push({ tableName: tableOf(message.stream), data: message.data });
      if (buffer.length === BATCH_RECORDS) yield flush();
    }
  }
  yield flush();
}

export interface Connection {
  /** What a person enters as `deployment_url`: where the app's HTTP actions are. */
  deploymentUrl: string;
  /** What a person enters as `access_key`: a token made by `streaming-import token create`. */
  accessKey: string;
}

/** The connection test. @throws Error for anything but 200 */
export async function check(connection: Connection): Promise<void> {
  await send(connection, "GET", "/version", null);
}

/**
 * One sync.
 * @param onRows Called after each request that carried rows, with their number.
 * @throws Error at the first answer that is not 200, as the connector does: it does not retry
 */
export async function sync(
  connection: Connection,
  catalog: readonly SourceStream[],
  messages: Iterable<SourceMessage> | AsyncIterable<SourceMessage>,
  onRows: (rows: number) => void = () => undefined,
): Promise<void> {
  for (const request of setUpRequests(catalog)) {
    let answer = await sendImport(connection, request);
    while (request.path === "primary_key_indexes_ready" && !isReady(answer)) {
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
      answer = await sendImport(connection, request);
    }
  }
  for await (const request of importRequests(catalog, messages)) {
    await sendImport(connection, request);
    if (request.rows > 0) onRows(request.rows);
  }
}

function isReady(answer: string): boolean {
  return (JSON.parse(answer) as { indexesReady: boolean }).indexesReady;
}

async function sendImport(connection: Connection, { method, path, body }: ConnectorRequest): Promise<string> {
  return await send(connection, method, `/api/streaming_import/${path}`, body);
}

/** The connector sends a body with GET too, which `fetch` refuses to do; hence node:http. */
async function send(
  { deploymentUrl, accessKey }: Connection,
  method: string,
  path: string,
  body: object | null,
): Promise<string> {
  const url = new URL(deploymentUrl + path);
  const payload = body === null ? null : Buffer.from(JSON.stringify(body));
  const headers: Record<string, string> = {
    Authorization: `Convex ${accessKey}`,
    ...(payload !== null && {
      Accept: "application/json",
      "Content-Type": "application/json",
      "Convex-Client": CLIENT,
      "Content-Length": String(payload.byteLength),
    }),
  };
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(
      url,
      { method, headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
        });
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(payload ?? undefined);
  });
  if (status !== 200) throw new Error(`${method} ${path} was answered with ${String(status)}: ${text}`);
  return text;
}
