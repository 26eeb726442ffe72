import type { ApiFromModules } from "convex/server";
import type { DashboardFunctions } from "../client/operations/dashboard.js";

/** References to all functions that `dashboardFunctions` makes. */
type All = ApiFromModules<{ operations: DashboardFunctions }>["operations"];

/**
 * The app's functions, as in `api.operations`. What is not exported is not shown: an app that leaves out `pause` has no
 * button for it.
 */
export type ImportFunctions = Pick<All, "importStatus" | "mirrorStatus"> & Partial<All>;

/** One of them. */
export type ImportFunction<Name extends keyof All> = All[Name];
