import { RateLimiter, SECOND } from "@convex-dev/rate-limiter";
import type { Infer } from "convex/values";
import { MAX_CHUNK_BYTES } from "../src/changes/chunk.js";
import { components } from "./_generated/api.js";
import type { MutationCtx } from "./_generated/server.js";
import { ledgerError } from "./errors.js";
import type { vBudget } from "./validators.js";

/**
 * Import writes share the deployment's write throughput with the app (4 MiB/s on the smallest class); past it every
 * mutation of the app is refused. So all mirrors together draw on one token bucket of bytes.
 */
const limiter = new RateLimiter(components.rateLimiter);

/** Name of the bucket in the rate limiter's table. */
const BUCKET = "streaming import, bytes written";

/** How far live changes may overdraw the budget, in seconds of it. A refresh may not: it waits until there is something. */
const LIVE_CREDIT_SECONDS = 5;

type Budget = Infer<typeof vBudget>;

/**
 * Refuses a chunk while the budget is overdrawn: any chunk of a refresh, and a chunk of live changes when the overdraft
 * is large. So live changes go before refreshes.
 * @throws OverBudget with the time after which it is worth trying again.
 */
export async function checkBudget(ctx: MutationCtx, budget: Budget, refresh: boolean): Promise<void> {
  const { ok, retryAfter } = await limiter.check(ctx, BUCKET, {
    count: 1,
    reserve: !refresh,
    config: bucketOf(budget, budget.bytesPerSecond * LIVE_CREDIT_SECONDS),
  });
  if (ok) return;
  throw ledgerError(
    "OverBudget",
    `The import's write budget of ${String(budget.bytesPerSecond)} bytes per second is spent. Send the same again after the time that is given.`,
    { retryAfterMs: Math.ceil(retryAfter) },
  );
}

/**
 * Takes the bytes that a chunk has written from the budget, on credit if need be: they are written.
 * @returns milliseconds until the budget is even again: what the sender should wait before its next chunk.
 */
export async function spend(ctx: MutationCtx, budget: Budget, bytes: number): Promise<number> {
  if (bytes === 0) return 0;
  const { retryAfter } = await limiter.limit(ctx, BUCKET, {
    count: bytes,
    reserve: true,
    // No bound: what was written has to be paid for. `checkBudget` keeps the debt small.
    config: bucketOf(budget, Number.MAX_SAFE_INTEGER),
  });
  return retryAfter ?? 0;
}

function bucketOf(budget: Budget, maxReserved: number) {
  return {
    kind: "token bucket" as const,
    rate: budget.bytesPerSecond,
    period: SECOND,
    capacity: Math.max(budget.bytesPerSecond, MAX_CHUNK_BYTES),
    maxReserved,
  };
}
