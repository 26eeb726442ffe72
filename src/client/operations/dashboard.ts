import type { GenericDataModel } from "convex/server";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import type { TableMirrors } from "../tables/tableMirrors.js";
import { Gate, type Authorize } from "./authorize.js";
import { dashboardMutations } from "./mutations.js";
import { dashboardQueries } from "./queries.js";

/** Options of `StreamingImport.dashboardFunctions`. */
export interface DashboardOptions<DataModel extends GenericDataModel> {
  /**
   * Who may see how imports are doing, and who may operate them. Called first by every function; only `true` opens.
   * `() => true` lets everybody who knows the deployment's address see and operate.
   */
  authorize: Authorize<DataModel>;
}

/** The public functions of a status page. See `StreamingImport.dashboardFunctions`. */
export function dashboardFunctions<DataModel extends GenericDataModel>(
  component: ComponentApi,
  mirrors: TableMirrors,
  /** The module that exports `replayQuarantine`. */
  module: string,
  options: DashboardOptions<DataModel>,
) {
  if (typeof (options as Partial<typeof options> | undefined)?.authorize !== "function") {
    throw new Error(
      "dashboardFunctions: give it `authorize`, which says who may see and operate imports. These functions are public.",
    );
  }
  const gate = new Gate(options.authorize);
  return {
    ...dashboardQueries(component, mirrors, gate),
    ...dashboardMutations(component, mirrors, gate, module),
  };
}

/** The functions that `StreamingImport.dashboardFunctions` makes, which lists them. */
export type DashboardFunctions = ReturnType<typeof dashboardFunctions>;
