/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as errors from "../errors.js";
import type * as ingest from "../ingest.js";
import type * as keyHashSet from "../keyHashSet.js";
import type * as port from "../port.js";
import type * as refresh from "../refresh.js";
import type * as registry from "../registry.js";
import type * as runs from "../runs.js";
import type * as time from "../time.js";
import type * as tokens from "../tokens.js";
import type * as validators from "../validators.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import { anyApi, componentsGeneric } from "convex/server";

const fullApi: ApiFromModules<{
  errors: typeof errors;
  ingest: typeof ingest;
  keyHashSet: typeof keyHashSet;
  port: typeof port;
  refresh: typeof refresh;
  registry: typeof registry;
  runs: typeof runs;
  time: typeof time;
  tokens: typeof tokens;
  validators: typeof validators;
}> = anyApi as any;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
> = anyApi as any;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
> = anyApi as any;

export const components = componentsGeneric() as unknown as {};
