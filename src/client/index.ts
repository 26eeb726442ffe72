export { StreamingImport, type StreamingImportOptions } from "./streamingImport.js";
export type { ErrorCode } from "../http/errors.js";
export { vMirrorStatus, type MirrorStatus } from "../core/wire/views.js";
export type { StateChange } from "../../convex/mirror/state.js";
export type { AccessRequest, Authorize, AuthorizeCtx } from "./operations/authorize.js";
export type { DashboardFunctions, DashboardOptions } from "./operations/dashboard.js";
export type { BudgetUse } from "./importing/budget.js";
export type { Replayed } from "./importing/replay.js";
export type { ReachTarget } from "./operations/target.js";
