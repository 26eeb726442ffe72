import { createContext, useContext, type ReactNode } from "react";
import type { ImportFunctions } from "./functions.js";

const FunctionsContext = createContext<ImportFunctions | null>(null);

export interface ImportProviderProps {
  /** The module that exports what `dashboardFunctions` makes: `api.operations`. */
  functions: ImportFunctions;
  children?: ReactNode;
}

/**
 * Tells the hooks and components of this door which functions of the app to ask. Goes inside of `ConvexProvider`.
 *
 * ```tsx
 * <ConvexProvider client={convex}>
 *   <ImportProvider functions={api.operations}>…</ImportProvider>
 * </ConvexProvider>
 * ```
 */
export function ImportProvider({ functions, children }: ImportProviderProps) {
  return <FunctionsContext.Provider value={functions}>{children}</FunctionsContext.Provider>;
}

/** The app's functions. @throws Error outside of an ImportProvider. */
export function useImportFunctions(): ImportFunctions {
  const functions = useContext(FunctionsContext);
  if (functions !== null) return functions;
  throw new Error(
    "Put this inside of <ImportProvider functions={api.operations}>, where convex/operations.ts exports what streamingImport.dashboardFunctions returns.",
  );
}
