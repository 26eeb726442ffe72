import type { ApiFromModules } from "convex/server";
import { createContext, useContext, type ReactNode } from "react";
import type { DashboardFunctions } from "../dashboard/dashboardFunctions.js";

/** References to all functions that `dashboardFunctions` makes. */
type All = ApiFromModules<{ operations: DashboardFunctions }>["operations"];

/**
 * The app's functions, as in `api.operations`. The panel shows only what the app exports: without `pause` there is no
 * pause button.
 */
export type ImportFunctions = Pick<All, "importStatus" | "mirrorStatus"> & Partial<All>;

/** The reference to one function. */
export type ImportFunction<Name extends keyof All> = All[Name];

const FunctionsContext = createContext<ImportFunctions | null>(null);

/** Properties of {@link ImportProvider}. */
export interface ImportProviderProps {
  /** The module that exports what `dashboardFunctions` makes: `api.operations`. */
  functions: ImportFunctions;
  /** What may use the hooks and components. */
  children?: ReactNode;
}

/**
 * Tells the hooks and components which functions of the app to call. Belongs inside `ConvexProvider`.
 *
 * ```tsx
 * <ConvexProvider client={convex}>
 *   <ImportProvider functions={api.operations}>…</ImportProvider>
 * </ConvexProvider>
 * ```
 *
 * @param props The functions, and what may use them.
 */
export function ImportProvider({ functions, children }: ImportProviderProps) {
  return <FunctionsContext.Provider value={functions}>{children}</FunctionsContext.Provider>;
}

/** The app's functions. @throws Error outside an ImportProvider. */
export function useImportFunctions(): ImportFunctions {
  const functions = useContext(FunctionsContext);
  if (functions !== null) return functions;
  throw new Error(
    "Put this inside <ImportProvider functions={api.operations}>, where convex/operations.ts exports what dashboardFunctions returns.",
  );
}
