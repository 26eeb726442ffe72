import { sleep } from "../../core/time.js";
import { isTransient } from "../../core/wire/transient.js";

/** Attempts of one transaction, the first included. The backend has retried each four times by itself before. */
const MAX_ATTEMPTS = 5;

/** First wait, in milliseconds; doubled each time, and shortened at random so that two senders do not meet again. */
const FIRST_WAIT_MS = 50;

/** How long a connector that cannot retry is kept waiting at most, in milliseconds: connectors and proxies time out, too. */
export const MAX_PATIENCE_MS = 4 * 60_000;

/** The wait between two tries of what a connector cannot retry, in milliseconds. */
export const BUSY_WAIT_MS = 2_000;

/** Runs a transaction for a connector that cannot retry: again until the deployment is no longer too busy for it. */
export async function patiently<T>(transaction: () => Promise<T>, wait = sleep): Promise<T> {
  for (let waited = 0; ; waited += BUSY_WAIT_MS) {
    try {
      return await retryConflicts(transaction, wait);
    } catch (error) {
      if (waited >= MAX_PATIENCE_MS || !isTransient(error)) throw error;
      await wait(BUSY_WAIT_MS);
    }
  }
}

/** Runs a transaction that may as well not happen while the deployment is too busy for it. */
export async function unlessBusy(transaction: () => Promise<unknown>): Promise<void> {
  try {
    await transaction();
  } catch (error) {
    if (!isTransient(error)) throw error;
  }
}

/**
 * Runs a transaction again when it lost a race against another (OCC) or the deployment was overloaded. Connectors do
 * not retry by themselves, so the action does. Safe because a transaction that threw has not happened.
 */
export async function retryConflicts<T>(transaction: () => Promise<T>, wait = sleep): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isTransient(error)) throw error;
      await wait(FIRST_WAIT_MS * 2 ** attempt * (0.5 + Math.random() / 2));
    }
  }
}
