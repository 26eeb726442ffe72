import type { GenericActionCtx, GenericDataModel } from "convex/server";

/** The part of an action's context that the importer uses. */
export type RunsFunctions = Pick<GenericActionCtx<GenericDataModel>, "runQuery" | "runMutation">;
