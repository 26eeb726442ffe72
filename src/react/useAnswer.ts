import { useQueries, type RequestForQueries } from "convex/react";
import {
  getFunctionName,
  type FunctionArgs,
  type FunctionReference,
  type FunctionReturnType,
} from "convex/server";
import { convexToJson } from "convex/values";
import { useMemo } from "react";

/** What a query has answered so far. An error is a value here: a panel that may not be seen does not take the page down. */
export type Answer<Result> =
  | { status: "loading" }
  | { status: "failed"; code: string | null; message: string }
  | { status: "ready"; value: Result };

const LOADING = { status: "loading" } as const;

/**
 * Subscribes to a query; what changes in the deployment is here at once, and nothing is asked again.
 * With `args` null, or without a query, it asks nothing and goes on loading.
 */
export function useAnswer<Query extends FunctionReference<"query">>(
  query: Query | undefined,
  args: FunctionArgs<Query> | null,
): Answer<FunctionReturnType<Query>> {
  // Arguments are written anew with every render; what they say is what counts, and stands for them below.
  // So are references: `api.operations.runs` is another object each time that it is read.
  const name = query === undefined ? null : getFunctionName(query);
  const asked = query === undefined || args === null ? null : JSON.stringify(convexToJson(args));
  const queries = useMemo(
    (): RequestForQueries => (query === undefined || args === null ? {} : { answer: { query, args } }),
    [name, asked],
  );
  const { answer } = useQueries(queries) as { answer?: FunctionReturnType<Query> | Error };
  return useMemo(() => {
    if (answer === undefined) return LOADING;
    return answer instanceof Error ? failureOf(answer) : { status: "ready", value: answer };
  }, [answer]);
}

/** An error of the app in words. A ConvexError carries the app's own; others say little outside of development. */
export function failureOf(error: unknown): { status: "failed"; code: string | null; message: string } {
  const data = (error as { data?: unknown }).data;
  if (typeof data === "string") return { status: "failed", code: null, message: data };
  const { code, message } = (data ?? {}) as { code?: unknown; message?: unknown };
  return {
    status: "failed",
    code: typeof code === "string" ? code : null,
    message: typeof message === "string" ? message : error instanceof Error ? error.message : String(error),
  };
}
