export { StreamingImport, type StreamingImportOptions } from "./streamingImport.js";
export type { ErrorCode } from "../http/errors.js";
export { vMirrorStatus, type MirrorStatus } from "../../convex/views.js";
export type { StateChange } from "../../convex/state.js";
export type { AccessRequest, Authorize, AuthorizeCtx } from "./dashboard/authorize.js";
export type { DashboardFunctions, DashboardOptions } from "./dashboard/functions.js";
export type { ReachTarget } from "./dashboard/target.js";
