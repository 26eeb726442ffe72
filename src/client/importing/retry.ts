import { sleep } from "../../core/time.js";
import { isTransient } from "../../http/errors.js";

/** Attempts of one transaction, the first included. The backend has retried each four times by itself before. */
const MAX_ATTEMPTS = 5;

/** First wait, in milliseconds; doubled each time, and shortened at random so that two senders do not meet again. */
const FIRST_WAIT_MS = 50;

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
