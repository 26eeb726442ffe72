import { ConvexError } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { retryConflicts } from "./retry.js";

const CONFLICT = new Error(
  'Documents read from or written to the "users" table changed while this mutation was being run',
);

/** A transaction that fails so many times before it succeeds. */
function failing(times: number, error: unknown): () => Promise<string> {
  return async () => {
    if (times-- > 0) throw error as Error;
    return Promise.resolve("done");
  };
}

describe("retryConflicts", () => {
  test.each([
    CONFLICT,
    new Error("OptimisticConcurrencyControlFailure: try later"),
    new Error("Too many concurrent requests: the deployment is overloaded"),
    new Error("TooManyWrites"),
    new Error("Too many writes per second. Your deployment is limited to 4 MiB bytes written per 1 second."),
    new Error(
      'Uncaught Error: Uncaught Error: Documents read from or written to the "runs" table changed while this mutation was being run and on every subsequent retry',
    ),
    "Your request couldn't be completed. Try again later.",
  ])("runs a transaction again after %s", async (error) => {
    const sleep = vi.fn(async () => Promise.resolve());
    await expect(retryConflicts(failing(2, error), sleep)).resolves.toBe("done");
    expect(sleep).toHaveBeenCalledTimes(2);
  });

  test("waits longer each time, and never twice the same", async () => {
    const waits: number[] = [];
    await retryConflicts(failing(4, CONFLICT), async (ms) => {
      waits.push(ms);
      return Promise.resolve();
    });
    expect(waits).toHaveLength(4);
    waits.forEach((ms, i) => {
      const longest = 50 * 2 ** (i + 1);
      expect(ms).toBeGreaterThanOrEqual(longest / 2);
      expect(ms).toBeLessThanOrEqual(longest);
    });
  });

  test("gives up after five attempts, with the last error", async () => {
    const sleep = vi.fn(async () => Promise.resolve());
    await expect(retryConflicts(failing(5, CONFLICT), sleep)).rejects.toBe(CONFLICT);
    expect(sleep).toHaveBeenCalledTimes(4);
  });

  test("does not repeat what would fail again", async () => {
    const transaction = vi.fn(failing(1, new Error("Validator error: Expected `number`")));
    await expect(retryConflicts(transaction, async () => Promise.resolve())).rejects.toThrow("Validator");
    expect(transaction).toHaveBeenCalledTimes(1);
  });

  test.each([
    new Error(
      'Uncaught Error: Value does not match validator.\nValue: "please try again, the server is overloaded"',
    ),
    new ConvexError({ code: "DeliveryMismatch", message: "please try again was another delivery" }),
    new ConvexError("Too many writes per second"),
  ])("takes no row's and no sender's words for the platform's: %s", async (error) => {
    const transaction = vi.fn(failing(1, error));
    await expect(retryConflicts(transaction, async () => Promise.resolve())).rejects.toBe(error);
    expect(transaction).toHaveBeenCalledTimes(1);
  });

  test("sleeps by itself when nobody says how", async () => {
    vi.useFakeTimers();
    try {
      const result = retryConflicts(failing(1, CONFLICT));
      await vi.advanceTimersByTimeAsync(100);
      await expect(result).resolves.toBe("done");
    } finally {
      vi.useRealTimers();
    }
  });
});
