/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as airports from "../airports.js";
import type * as attempts from "../attempts.js";
import type * as flights from "../flights.js";
import type * as functions from "../functions.js";
import type * as http from "../http.js";
import type * as imports from "../imports.js";
import type * as notes from "../notes.js";
import type * as operations from "../operations.js";
import type * as views from "../views.js";
import type * as watchlist from "../watchlist.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  airports: typeof airports;
  attempts: typeof attempts;
  flights: typeof flights;
  functions: typeof functions;
  http: typeof http;
  imports: typeof imports;
  notes: typeof notes;
  operations: typeof operations;
  views: typeof views;
  watchlist: typeof watchlist;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  streamingImport: import("convex-streaming-import/_generated/component.js").ComponentApi<"streamingImport">;
};
