import { useConvex, useQueries, type RequestForQueries } from "convex/react";
import {
  getFunctionName,
  type FunctionArgs,
  type FunctionReference,
  type FunctionReturnType,
} from "convex/server";
import { convexToJson } from "convex/values";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { MirrorStatus, Reached } from "../core/wire/views.js";
import type { ReachTarget } from "../dashboard/target.js";
import { useImportFunctions } from "./ImportProvider.js";

/** What a query has returned so far. An error is a value here: a panel without access does not break the page. */
export type Answer<Result> =
  | { status: "loading" }
  | { status: "failed"; code: string | null; message: string }
  | { status: "ready"; value: Result };

/** The status of all imports. */
export interface ImportStatus {
  /** The mirrors that the user may see. */
  mirrors: MirrorStatus[];
  /** How many streams arrive for which no mirror is declared. */
  unknownStreams: number;
  /** Whether the user may pause, replay and so on. */
  mayOperate: boolean;
}

const LOADING = { status: "loading" } as const;

/**
 * Subscribes to a query; the answer updates when the deployment changes.
 * With `args` null, or without a query, it subscribes to nothing and stays at "loading".
 */
export function useAnswer<Query extends FunctionReference<"query">>(
  query: Query | undefined,
  args: FunctionArgs<Query> | null,
): Answer<FunctionReturnType<Query>> {
  // Every render makes new argument objects, and `api.operations.runs` is another object on each access.
  // So the memo compares the function's name and the arguments as text.
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

/** An error of the app as text. A ConvexError carries the app's message; other errors are hidden in production. */
function failureOf(error: unknown): { status: "failed"; code: string | null; message: string } {
  const data = (error as { data?: unknown }).data;
  if (typeof data === "string") return { status: "failed", code: null, message: data };
  const { code, message } = (data ?? {}) as { code?: unknown; message?: unknown };
  return {
    status: "failed",
    code: typeof code === "string" ? code : null,
    message: typeof message === "string" ? message : error instanceof Error ? error.message : String(error),
  };
}

/**
 * The status of all imports: `{ status: "ready", value: { mirrors, unknownStreams, mayOperate } }` when it is loaded,
 * `{ status: "failed", message }` when the app's check refuses.
 */
export function useImportStatus(): Answer<ImportStatus> {
  return useAnswer(useImportFunctions().importStatus, {});
}

/** The status of one mirror; its value is null until the mirror is declared. */
export function useMirrorStatus(mirror: string): Answer<MirrorStatus | null> {
  return useAnswer(useImportFunctions().mirrorStatus, { mirror });
}

/**
 * Waits until a mirror has reached `target`: `{ time }`, `{ position }` or `{ run, sequence? }`. With null it waits for
 * nothing. Once true, `reached` stays true.
 *
 * ```tsx
 * const saved = useReached("orders", { position: lsn });
 * if (saved.status === "ready" && saved.value.reached) …
 * ```
 */
export function useReached(mirror: string, target: ReachTarget | null): Answer<Reached> {
  return useAnswer(useImportFunctions().reached, target === null ? null : { mirror, target });
}

/** A mutation of an operator, and the outcome of its last call. */
export interface Operation<Mutation extends FunctionReference<"mutation">> {
  /** Resolves to the answer; to undefined when the call failed, and then `error` says why. */
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
        // The call may have removed the entry that shows this button.
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

/** How often relative times are updated, in milliseconds. The server is not asked. */
const TICK_MS = 1_000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let current = 0;

function tick(): void {
  current = Date.now();
  for (const listener of listeners) listener();
}

/** One timer for all relative times on the page. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The same value for all readers until the next tick; without a running timer, the current time. */
function read(): number {
  if (timer === undefined || Date.now() - current > TICK_MS) current = Date.now();
  return current;
}

/** The time, in milliseconds since 1970, once a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, read, read);
}
