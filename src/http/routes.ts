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
import type { Importer } from "./importer.js";
import { acceptDelivery, beginRun, finishRun } from "./v1/write.js";
import { digest, mirrors, status, verify } from "./v1/read.js";

/** A route of the import API: where it is, and what answers there. */
export interface Route {
  path: string;
  /** Whether `path` stands for everything below it. */
  prefix?: boolean;
  method: RoutableMethod;
  handle: (importer: Importer, request: Request) => Promise<Response>;
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

/**
 * Every route under a path prefix ("" for the root). Connectors join their `deployment_url` and the path without
 * looking, so a URL that ends in a slash arrives with two: both forms are served.
 */
export function routesUnder(pathPrefix: string): Route[] {
  const airbyte = AIRBYTE.flatMap((route) => [
    { ...route, path: pathPrefix + route.path },
    { ...route, path: `${pathPrefix}/${route.path}` },
  ]);
  return [...airbyte, ...[...FIVETRAN, ...V1].map((route) => ({ ...route, path: pathPrefix + route.path }))];
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
