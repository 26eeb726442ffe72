import type { GenericDataModel } from "convex/server";
import type { StreamingImport } from "../client/streamingImport.js";
import { TableMirrors } from "../client/tables/tableMirrors.js";
import { Gate, type Authorize } from "./authorize.js";
import { dashboardMutations } from "./mutations.js";
import { dashboardQueries } from "./queries.js";

/** Options of {@link dashboardFunctions}. */
export interface DashboardOptions<DataModel extends GenericDataModel> {
  /**
   * Who may see how imports are doing, and who may operate them. Called first by every function; only `true` opens.
   * `() => true` lets everybody who knows the deployment's address see and operate.
   */
  authorize: Authorize<DataModel>;
}

/**
 * The public functions that status pages call, such as the panel of `convex-streaming-import/react`. The app says who
 * may call them; there is no default.
 *
 * Each throws a `ConvexError` with the code `NotAuthorized` if `authorize` returns anything but `true`.
 *
 * ```ts
 * // convex/operations.ts
 * export const { importStatus, mirrorStatus, runs, samples, drift, quarantine, replay, discard, pause, resume, sweep } =
 *   dashboardFunctions(streamingImport, {
 *     authorize: async (ctx: QueryCtx, { access }) => {
 *       const user = await ctx.auth.getUserIdentity();
 *       return user !== null && (access === "view" || user.role === "operator");
 *     },
 *   });
 * ```
 *
 * - Queries: `importStatus`, `mirrorStatus`, `runs`, `samples`, `drift`, `unknownStreams`, `exportReaders`,
 *   `quarantineReasons`, `reached`; for operators `quarantine` and `auditReport`, which show rows and keys.
 * - Mutations, for operators: `replay`, `discard`, `pause`, `resume`, `sweep`, `resetGeneration`, `audit`, `repair`,
 *   `forgetDrift`, `forgetStream`. `replay` runs `replayQuarantine` of the module that exports `internalFunctions()`.
 *
 * @param streamingImport What `convex/imports.ts` makes.
 * @throws Error without `authorize`.
 */
export function dashboardFunctions<DataModel extends GenericDataModel>(
  { component, schema, module }: StreamingImport,
  options: DashboardOptions<DataModel>,
) {
  if (typeof (options as Partial<typeof options> | undefined)?.authorize !== "function") {
    throw new Error(
      "dashboardFunctions: give it `authorize`, which says who may see and operate imports. These functions are public.",
    );
  }
  const mirrors = new TableMirrors(schema);
  const gate = new Gate(options.authorize);
  return {
    ...dashboardQueries(component, mirrors, gate),
    ...dashboardMutations(component, mirrors, gate, module),
  };
}

/** What {@link dashboardFunctions} makes, which lists it. */
export type DashboardFunctions = ReturnType<typeof dashboardFunctions>;
