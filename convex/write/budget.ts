import { RateLimiter, SECOND } from "@convex-dev/rate-limiter";
import { v, type Infer } from "convex/values";
import { MAX_CHUNK_BYTES } from "../../src/core/wire/chunk.js";
import { components } from "../_generated/api.js";
import { query, type MutationCtx } from "../_generated/server.js";
import { ledgerError } from "../../src/core/wire/errors.js";
import type { vBudget } from "../../src/core/wire/validators.js";
import { getApp } from "../mirror/mirrors.js";

/**
 * Import writes share the deployment's write throughput with the app (4 MiB/s on the smallest class); past it every
 * mutation of the app is refused. So all mirrors together draw on one token bucket of bytes.
 */
const limiter = new RateLimiter(components.rateLimiter);

/** Name of the bucket in the rate limiter's table. */
const BUCKET = "streaming import, bytes written";

/**
 * Who writes, and how far the budget may be overdrawn already when they begin, in seconds of it. So live changes go
 * before refreshes, which wait until the budget is even, and a person who repairs or replays a row is not kept waiting.
 */
const CREDIT_SECONDS = { refresh: 0, live: 5, operator: Infinity } as const;

export type Priority = keyof typeof CREDIT_SECONDS;

type Budget = Infer<typeof vBudget>;

/**
 * Takes the bytes that a chunk has written from the budget, on credit if necessary. What writes nothing costs nothing,
 * and is never refused. This comes after the writes, which roll back if it refuses them: it is unknown before how much
 * of a chunk is unchanged, and every chunk would pay for a check beforehand.
 * @returns milliseconds until the budget is even again: what the sender should wait before its next chunk.
 * @throws OverBudget with the time after which it is worth trying again.
 */
export async function spend(
  ctx: MutationCtx,
  budget: Budget,
  bytes: number,
  priority: Priority,
): Promise<number> {
  if (bytes === 0) return 0;
  const credit = Math.min(budget.bytesPerSecond * CREDIT_SECONDS[priority], Number.MAX_SAFE_INTEGER / 2);
  const { ok, retryAfter = 0 } = await limiter.limit(ctx, BUCKET, {
    count: bytes,
    reserve: true,
    // The chunk itself may be as large as it is: what counts is what was owed before it.
    config: bucketOf(budget, credit + bytes),
  });
  if (ok) return retryAfter;
  throw ledgerError(
    "OverBudget",
    `The import's write budget of ${String(budget.bytesPerSecond)} bytes per second is spent. Send the same again after the time that is given.`,
    { retryAfterMs: Math.ceil(Math.max(retryAfter - (bytes / budget.bytesPerSecond) * SECOND, 0)) },
  );
}

/**
 * How much of the write budget is left. A balance below 0 is owed; it fills by `bytesPerSecond`, up to `capacity`, from
 * `at` on, so that a page can keep counting without another query. Sizes in bytes, `at` in milliseconds.
 */
export const balance = query({
  args: {},
  returns: v.object({
    bytesPerSecond: v.number(),
    capacity: v.number(),
    balance: v.number(),
    at: v.number(),
  }),
  handler: async (ctx) => {
    const { budget } = await getApp(ctx);
    const bucket = bucketOf(budget, 0);
    const { value, ts } = await limiter.getValue(ctx, BUCKET, { config: bucket });
    return { bytesPerSecond: budget.bytesPerSecond, capacity: bucket.capacity, balance: value, at: ts };
  },
});

function bucketOf(budget: Budget, maxReserved: number) {
  return {
    kind: "token bucket" as const,
    rate: budget.bytesPerSecond,
    period: SECOND,
    capacity: Math.max(budget.bytesPerSecond, MAX_CHUNK_BYTES),
    maxReserved,
  };
}
