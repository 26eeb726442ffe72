export { StreamingImport, type StreamingImportOptions } from "./streamingImport.js";
export type { ErrorCode } from "../http/errors.js";
export { vMirrorStatus, type MirrorStatus, type StateChange } from "../core/wire/views.js";
export type { AccessRequest, Authorize, AuthorizeCtx } from "./operations/authorize.js";
export type { DashboardFunctions, DashboardOptions } from "./operations/dashboard.js";
export type { BudgetUse } from "../core/wire/budget.js";
export type { Replayed } from "./importing/replay.js";
export type { ReachTarget } from "./operations/target.js";
