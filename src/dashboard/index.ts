/**
 * The functions that status pages call, for `convex/operations.ts`.
 *
 * @module dashboard
 */
// An entry point of its own: each call of a function evaluates its module, and deliveries need nothing of this.
export { dashboardFunctions, type DashboardFunctions, type DashboardOptions } from "./dashboardFunctions.js";
export type { AccessRequest, Authorize, AuthorizeCtx } from "./authorize.js";
export type { ReachTarget } from "./target.js";
export { vMirrorStatus, type MirrorStatus } from "../core/wire/views.js";
