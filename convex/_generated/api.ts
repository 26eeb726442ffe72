/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as apply from "../apply.js";
import type * as audit from "../audit.js";
import type * as budget from "../budget.js";
import type * as clear from "../clear.js";
import type * as copies from "../copies.js";
import type * as crons from "../crons.js";
import type * as deliveries from "../deliveries.js";
import type * as digests from "../digests.js";
import type * as drift from "../drift.js";
import type * as endRun from "../endRun.js";
import type * as errors from "../errors.js";
import type * as findings from "../findings.js";
import type * as freshness from "../freshness.js";
import type * as hints from "../hints.js";
import type * as ingest from "../ingest.js";
import type * as keyHashBag from "../keyHashBag.js";
import type * as lastRun from "../lastRun.js";
import type * as maintenance from "../maintenance.js";
import type * as manifests from "../manifests.js";
import type * as mirrors from "../mirrors.js";
import type * as openRun from "../openRun.js";
import type * as pause from "../pause.js";
import type * as port from "../port.js";
import type * as progress from "../progress.js";
import type * as quarantine from "../quarantine.js";
import type * as reach from "../reach.js";
import type * as registry from "../registry.js";
import type * as replay from "../replay.js";
import type * as resends from "../resends.js";
import type * as runs from "../runs.js";
import type * as samples from "../samples.js";
import type * as setUp from "../setUp.js";
import type * as settle from "../settle.js";
import type * as state from "../state.js";
import type * as sweep from "../sweep.js";
import type * as sweepAttempts from "../sweepAttempts.js";
import type * as time from "../time.js";
import type * as tokens from "../tokens.js";
import type * as tombstones from "../tombstones.js";
import type * as validators from "../validators.js";
import type * as views from "../views.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import { anyApi, componentsGeneric } from "convex/server";

const fullApi: ApiFromModules<{
  apply: typeof apply;
  audit: typeof audit;
  budget: typeof budget;
  clear: typeof clear;
  copies: typeof copies;
  crons: typeof crons;
  deliveries: typeof deliveries;
  digests: typeof digests;
  drift: typeof drift;
  endRun: typeof endRun;
  errors: typeof errors;
  findings: typeof findings;
  freshness: typeof freshness;
  hints: typeof hints;
  ingest: typeof ingest;
  keyHashBag: typeof keyHashBag;
  lastRun: typeof lastRun;
  maintenance: typeof maintenance;
  manifests: typeof manifests;
  mirrors: typeof mirrors;
  openRun: typeof openRun;
  pause: typeof pause;
  port: typeof port;
  progress: typeof progress;
  quarantine: typeof quarantine;
  reach: typeof reach;
  registry: typeof registry;
  replay: typeof replay;
  resends: typeof resends;
  runs: typeof runs;
  samples: typeof samples;
  setUp: typeof setUp;
  settle: typeof settle;
  state: typeof state;
  sweep: typeof sweep;
  sweepAttempts: typeof sweepAttempts;
  time: typeof time;
  tokens: typeof tokens;
  tombstones: typeof tombstones;
  validators: typeof validators;
  views: typeof views;
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

export const components = componentsGeneric() as unknown as {
  rateLimiter: import("@convex-dev/rate-limiter/_generated/component.js").ComponentApi<"rateLimiter">;
};
