/**
 * The importer of an app, which `convex/imports.ts` makes.
 *
 * @module client
 */
export { StreamingImport, type InternalFunctions, type StreamingImportOptions } from "./streamingImport.js";
export type { ErrorCode } from "../http/errors.js";
export type { StateChange } from "../core/wire/views.js";
export type { BudgetUse } from "../core/wire/budget.js";
export type { Counts } from "../core/wire/changes.js";
export type { MirrorState } from "../core/wire/validators.js";
export type { WriteBudget } from "./importing/budget.js";
export type { Replayed } from "./importing/replay.js";
