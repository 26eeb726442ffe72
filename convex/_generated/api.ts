/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as access from "../access.js";
import type * as audit from "../audit.js";
import type * as capability from "../capability.js";
import type * as changeFeed from "../changeFeed.js";
import type * as crons from "../crons.js";
import type * as exportReaders from "../exportReaders.js";
import type * as feedRetention from "../feedRetention.js";
import type * as ingest from "../ingest.js";
import type * as maintenance from "../maintenance.js";
import type * as mirror_advanceWatermark from "../mirror/advanceWatermark.js";
import type * as mirror_freshness from "../mirror/freshness.js";
import type * as mirror_keys from "../mirror/keys.js";
import type * as mirror_mirrors from "../mirror/mirrors.js";
import type * as mirror_progress from "../mirror/progress.js";
import type * as mirror_rowCount from "../mirror/rowCount.js";
import type * as mirror_samples from "../mirror/samples.js";
import type * as mirror_state from "../mirror/state.js";
import type * as mirror_takeSample from "../mirror/takeSample.js";
import type * as mirror_watermark from "../mirror/watermark.js";
import type * as quarantine from "../quarantine.js";
import type * as readers from "../readers.js";
import type * as reconcile from "../reconcile.js";
import type * as registry from "../registry.js";
import type * as run_lifecycle from "../run/lifecycle.js";
import type * as run_manifests from "../run/manifests.js";
import type * as run_sweep from "../run/sweep.js";
import type * as run_sweepAttempts from "../run/sweepAttempts.js";
import type * as run_writeManifests from "../run/writeManifests.js";
import type * as runs from "../runs.js";
import type * as tokens from "../tokens.js";
import type * as unknownStreams from "../unknownStreams.js";
import type * as write_apply from "../write/apply.js";
import type * as write_budget from "../write/budget.js";
import type * as write_clear from "../write/clear.js";
import type * as write_countReasons from "../write/countReasons.js";
import type * as write_deliveries from "../write/deliveries.js";
import type * as write_digests from "../write/digests.js";
import type * as write_drift from "../write/drift.js";
import type * as write_findings from "../write/findings.js";
import type * as write_reasons from "../write/reasons.js";
import type * as write_recordChanges from "../write/recordChanges.js";
import type * as write_recordDrift from "../write/recordDrift.js";
import type * as write_resends from "../write/resends.js";
import type * as write_screen from "../write/screen.js";
import type * as write_tombstones from "../write/tombstones.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import { anyApi, componentsGeneric } from "convex/server";

const fullApi: ApiFromModules<{
  access: typeof access;
  audit: typeof audit;
  capability: typeof capability;
  changeFeed: typeof changeFeed;
  crons: typeof crons;
  exportReaders: typeof exportReaders;
  feedRetention: typeof feedRetention;
  ingest: typeof ingest;
  maintenance: typeof maintenance;
  "mirror/advanceWatermark": typeof mirror_advanceWatermark;
  "mirror/freshness": typeof mirror_freshness;
  "mirror/keys": typeof mirror_keys;
  "mirror/mirrors": typeof mirror_mirrors;
  "mirror/progress": typeof mirror_progress;
  "mirror/rowCount": typeof mirror_rowCount;
  "mirror/samples": typeof mirror_samples;
  "mirror/state": typeof mirror_state;
  "mirror/takeSample": typeof mirror_takeSample;
  "mirror/watermark": typeof mirror_watermark;
  quarantine: typeof quarantine;
  readers: typeof readers;
  reconcile: typeof reconcile;
  registry: typeof registry;
  "run/lifecycle": typeof run_lifecycle;
  "run/manifests": typeof run_manifests;
  "run/sweep": typeof run_sweep;
  "run/sweepAttempts": typeof run_sweepAttempts;
  "run/writeManifests": typeof run_writeManifests;
  runs: typeof runs;
  tokens: typeof tokens;
  unknownStreams: typeof unknownStreams;
  "write/apply": typeof write_apply;
  "write/budget": typeof write_budget;
  "write/clear": typeof write_clear;
  "write/countReasons": typeof write_countReasons;
  "write/deliveries": typeof write_deliveries;
  "write/digests": typeof write_digests;
  "write/drift": typeof write_drift;
  "write/findings": typeof write_findings;
  "write/reasons": typeof write_reasons;
  "write/recordChanges": typeof write_recordChanges;
  "write/recordDrift": typeof write_recordDrift;
  "write/resends": typeof write_resends;
  "write/screen": typeof write_screen;
  "write/tombstones": typeof write_tombstones;
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
