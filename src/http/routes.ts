import type { RoutableMethod } from "convex/server";
import {
  addPrimaryKeyIndexes,
  clearTables,
  importAirbyteRecords,
  primaryKeyIndexesReady,
  replaceTables,
  version,
} from "./airbyte/api.js";
import { applyOperations, createTable, getSchema, truncateTable } from "./fivetran/api.js";
import { documentDeltas, jsonSchemas, listSnapshot, tableColumnNames, testConnection } from "./export/api.js";
import { cursorFromDeltas, dataSync, listActiveSyncs } from "./export/dataSync.js";
import type { Exporter } from "./exporter.js";
import type { Importer } from "./importer.js";
import { acceptDelivery, beginRun, finishRun } from "./v1/write.js";
import { digest, mirrors, status, verify } from "./v1/read.js";

/** A route of the import API: where it is, and what answers there. */
export interface Route {
  path: string;
  /** Whether `path` stands for everything below it. */
  prefix?: boolean;
  method: RoutableMethod;
  handle: (importer: Importer & Exporter, request: Request) => Promise<Response>;
}

const AIRBYTE: Route[] = [
  { path: "/version", method: "GET", handle: version },
  { path: "/api/streaming_import/import_airbyte_records", method: "POST", handle: importAirbyteRecords },
  { path: "/api/streaming_import/clear_tables", method: "PUT", handle: clearTables },
  { path: "/api/streaming_import/add_primary_key_indexes", method: "PUT", handle: addPrimaryKeyIndexes },
  { path: "/api/streaming_import/primary_key_indexes_ready", method: "GET", handle: primaryKeyIndexesReady },
  { path: "/api/streaming_import/replace_tables", method: "POST", handle: replaceTables },
];

const FIVETRAN: Route[] = [
  { path: "/api/streaming_import/get_schema", method: "GET", handle: getSchema },
  { path: "/api/streaming_import/fivetran_create_table", method: "POST", handle: createTable },
  { path: "/api/streaming_import/fivetran_truncate_table", method: "POST", handle: truncateTable },
  { path: "/api/streaming_import/apply_fivetran_operations", method: "POST", handle: applyOperations },
];

const V1: Route[] = [
  { path: "/v1/runs", method: "POST", handle: beginRun },
  { path: "/v1/runs/", prefix: true, method: "POST", handle: finishRun },
  { path: "/v1/deliveries", method: "POST", handle: acceptDelivery },
  { path: "/v1/status", method: "GET", handle: status },
  { path: "/v1/mirrors", method: "GET", handle: mirrors },
  { path: "/v1/digest", method: "GET", handle: digest },
  { path: "/v1/verify", method: "POST", handle: verify },
];

/** Of the Convex backend's streaming export. */
const EXPORT: Route[] = [
  { path: "/api/json_schemas", method: "GET", handle: jsonSchemas },
  { path: "/api/list_snapshot", method: "GET", handle: listSnapshot },
  { path: "/api/list_snapshot", method: "POST", handle: listSnapshot },
  { path: "/api/document_deltas", method: "GET", handle: documentDeltas },
  { path: "/api/document_deltas", method: "POST", handle: documentDeltas },
  { path: "/api/v1/data/sync", method: "POST", handle: dataSync },
  { path: "/api/v1/data/list_active_syncs", method: "GET", handle: listActiveSyncs },
  { path: "/api/data_sync_cursor_from_deltas", method: "POST", handle: cursorFromDeltas },
  { path: "/api/get_table_column_names", method: "GET", handle: tableColumnNames },
  { path: "/api/test_streaming_export_connection", method: "GET", handle: testConnection },
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
      `registerRoutes: "${pathPrefix}" is no path prefix; write it as "/airbyte", or leave it out for the root.`,
    );
  }
  return trimmed === "" ? "" : `/${trimmed}`;
}
