import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "./apiError.js";

/** How a request is tried again. Times are in milliseconds. */
export interface RetryPolicy {
  /** The first wait is about this long, each further one twice as long. */
  baseMs: number;
  /** No wait of ours is longer than this. */
  maxMs: number;
  /** How long a request is tried before its error counts. What the deployment asks for by `Retry-After` does not count. */
  giveUpAfterMs: number;
  /** How long the deployment may put a request off by `Retry-After`, in all. */
  maxAskedMs: number;
  /** How long a paused mirror is waited for, in all. */
  maxPausedMs: number;
  /** How often an answer of 500 is asked for again: it is a fault that may well be permanent. */
  maxFaults: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  baseMs: 500,
  maxMs: 30_000,
  giveUpAfterMs: 10 * 60_000,
  maxAskedMs: 2 * 60 * 60_000,
  maxPausedMs: 2 * 60 * 60_000,
  maxFaults: 6,
};

/** Asked once: the user wants to know what is wrong now. */
export const ONE_ATTEMPT = { giveUpAfterMs: 0, maxAskedMs: 0, maxFaults: 0 };

/** What is reported of a request that is going to be tried again. */
export interface Retry {
  error: ApiError;
  attempt: number;
  waitMs: number;
}

/**
 * Does something until it succeeds, waiting between attempts: as long as the deployment asks for, otherwise a random
 * time below a bound that doubles (so that several senders do not come back together).
 *
 * @throws the last error when it is permanent, or when the policy gives up; the signal's reason when it is aborted.
 */
export async function retrying<T>(
  work: () => Promise<T>,
  policy: RetryPolicy,
  options: { signal?: AbortSignal; onRetry?: (retry: Retry) => void; random?: () => number } = {},
): Promise<T> {
  const { signal, onRetry, random = Math.random } = options;
  let [waitedMs, askedMs, faults] = [0, 0, 0];
  for (let attempt = 1; ; attempt++) {
    const startedAt = performance.now();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ApiError) || !error.isTransient) throw error;
      if (error.status === 500 && ++faults >= policy.maxFaults) throw error;
      const bound = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1));
      const asked = error.retryAfterMs;
      // A little more than asked for, never less: others were told the same.
      const waitMs = asked === null ? bound * (0.5 + random() / 2) : asked + random() * policy.baseMs;
      if (asked !== null) askedMs += waitMs;
      else waitedMs += waitMs + (performance.now() - startedAt);
      const maxAskedMs = error.code === "MirrorPaused" ? policy.maxPausedMs : policy.maxAskedMs;
      if (waitedMs > policy.giveUpAfterMs || askedMs > maxAskedMs) throw error;
      onRetry?.({ error, attempt, waitMs });
      await sleep(waitMs, undefined, signal === undefined ? {} : { signal });
    }
  }
}
