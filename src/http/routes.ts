import type { RoutableMethod } from "convex/server";
import type { Exporter } from "./exporter.js";
import type { Importer } from "./importer.js";

type Handle = (importer: Importer & Exporter, request: Request) => Promise<Response>;

// Each request evaluates what it needs of these, and no other.
const airbyteApi = async () => import("./airbyte/api.js");
const fivetranApi = async () => import("./fivetran/api.js");
const exportApi = async () => import("./export/api.js");
const dataSyncApi = async () => import("./export/dataSync.js");
const v1Write = async () => import("./v1/write.js");
const v1Read = async () => import("./v1/read.js");

/** A function of a module that is loaded with the first request for it. */
function lazily<Name extends string>(load: () => Promise<Record<Name, Handle>>, name: Name): Handle {
  return async (importer, request) => (await load())[name](importer, request);
}

/** A route of the import API: where it is, and what answers there. */
export interface Route {
  path: string;
  /** Whether `path` stands for everything below it. */
  prefix?: boolean;
  method: RoutableMethod;
  handle: Handle;
}

const AIRBYTE: Route[] = [
  { path: "/version", method: "GET", handle: lazily(airbyteApi, "version") },
  {
    path: "/api/streaming_import/import_airbyte_records",
    method: "POST",
    handle: lazily(airbyteApi, "importAirbyteRecords"),
  },
  { path: "/api/streaming_import/clear_tables", method: "PUT", handle: lazily(airbyteApi, "clearTables") },
  {
    path: "/api/streaming_import/add_primary_key_indexes",
    method: "PUT",
    handle: lazily(airbyteApi, "addPrimaryKeyIndexes"),
  },
  {
    path: "/api/streaming_import/primary_key_indexes_ready",
    method: "GET",
    handle: lazily(airbyteApi, "primaryKeyIndexesReady"),
  },
  {
    path: "/api/streaming_import/replace_tables",
    method: "POST",
    handle: lazily(airbyteApi, "replaceTables"),
  },
];

const FIVETRAN: Route[] = [
  { path: "/api/streaming_import/get_schema", method: "GET", handle: lazily(fivetranApi, "getSchema") },
  {
    path: "/api/streaming_import/fivetran_create_table",
    method: "POST",
    handle: lazily(fivetranApi, "createTable"),
  },
  {
    path: "/api/streaming_import/fivetran_truncate_table",
    method: "POST",
    handle: lazily(fivetranApi, "truncateTable"),
  },
  {
    path: "/api/streaming_import/apply_fivetran_operations",
    method: "POST",
    handle: lazily(fivetranApi, "applyOperations"),
  },
];

const V1: Route[] = [
  { path: "/v1/runs", method: "POST", handle: lazily(v1Write, "beginRun") },
  { path: "/v1/runs/", prefix: true, method: "POST", handle: lazily(v1Write, "finishRun") },
  { path: "/v1/deliveries", method: "POST", handle: lazily(v1Write, "acceptDelivery") },
  { path: "/v1/status", method: "GET", handle: lazily(v1Read, "status") },
  { path: "/v1/mirrors", method: "GET", handle: lazily(v1Read, "mirrors") },
  { path: "/v1/digest", method: "GET", handle: lazily(v1Read, "digest") },
  { path: "/v1/verify", method: "POST", handle: lazily(v1Read, "verify") },
];

/** Of the Convex backend's streaming export. */
const EXPORT: Route[] = [
  { path: "/api/json_schemas", method: "GET", handle: lazily(exportApi, "jsonSchemas") },
  { path: "/api/list_snapshot", method: "GET", handle: lazily(exportApi, "listSnapshot") },
  { path: "/api/list_snapshot", method: "POST", handle: lazily(exportApi, "listSnapshot") },
  { path: "/api/document_deltas", method: "GET", handle: lazily(exportApi, "documentDeltas") },
  { path: "/api/document_deltas", method: "POST", handle: lazily(exportApi, "documentDeltas") },
  { path: "/api/v1/data/sync", method: "POST", handle: lazily(dataSyncApi, "dataSync") },
  { path: "/api/v1/data/list_active_syncs", method: "GET", handle: lazily(dataSyncApi, "listActiveSyncs") },
  {
    path: "/api/data_sync_cursor_from_deltas",
    method: "POST",
    handle: lazily(dataSyncApi, "cursorFromDeltas"),
  },
  { path: "/api/get_table_column_names", method: "GET", handle: lazily(exportApi, "tableColumnNames") },
  {
    path: "/api/test_streaming_export_connection",
    method: "GET",
    handle: lazily(exportApi, "testConnection"),
  },
];

/**
 * Every route under a path prefix ("" for the root). Connectors join their `deployment_url` and the path without
 * looking, so a URL that ends in a slash arrives with two: both forms are served.
 */
export function routesUnder(pathPrefix: string): Route[] {
  const joined = [...AIRBYTE, ...EXPORT].flatMap((route) => [
    { ...route, path: pathPrefix + route.path },
    { ...route, path: `${pathPrefix}/${route.path}` },
  ]);
  return [...joined, ...[...FIVETRAN, ...V1].map((route) => ({ ...route, path: pathPrefix + route.path }))];
}

/** Normalises a prefix: "/airbyte/" and "airbyte" become "/airbyte"; "" and "/" the root. @throws Error */
export function checkPathPrefix(pathPrefix: string): string {
  const trimmed = pathPrefix.replace(/^\/+|\/+$/g, "");
  if (/[*?#\s]/.test(trimmed)) {
    throw new Error(
      `registerRoutes: "${pathPrefix}" is not a path prefix; write it as "/airbyte", or leave it out for the root.`,
    );
  }
  return trimmed === "" ? "" : `/${trimmed}`;
}
