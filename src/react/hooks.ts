import { useConvex } from "convex/react";
import type { FunctionArgs, FunctionReference, FunctionReturnType } from "convex/server";
import { useCallback, useEffect, useRef, useState } from "react";
import { failureOf } from "./useAnswer.js";

/** An operator's mutation, and how its last call went. */
export interface Operation<Mutation extends FunctionReference<"mutation">> {
  /** Resolves to the answer, or to undefined when it failed: `error` says why then. */
  run: (args: FunctionArgs<Mutation>) => Promise<FunctionReturnType<Mutation> | undefined>;
  pending: boolean;
  error: string | null;
}

/** Calls a mutation. Null when the app does not export it. */
export function useOperation<Mutation extends FunctionReference<"mutation">>(
  mutation: Mutation | undefined,
): Operation<Mutation> | null {
  const convex = useConvex();
  const [state, setState] = useState<{ pending: boolean; error: string | null }>(IDLE);
  const mounted = useRef(true);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  const run = useCallback(
    async (args: FunctionArgs<Mutation>) => {
      if (mutation === undefined) return undefined;
      const show = (next: typeof state) => {
        // What was operated on may be gone by now, and its button with it.
        if (mounted.current) setState(next);
      };
      show({ pending: true, error: null });
      try {
        const answer = (await convex.mutation(mutation, args)) as FunctionReturnType<Mutation>;
        show(IDLE);
        return answer;
      } catch (error) {
        show({ pending: false, error: failureOf(error).message });
        return undefined;
      }
    },
    [convex, mutation],
  );
  return mutation === undefined ? null : { run, ...state };
}

const IDLE = { pending: false, error: null };
