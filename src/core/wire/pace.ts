import { isTransactionLimit } from "./limitErrors.js";

/** A transaction that takes longer is followed by one of half the size: a function has 15 s of the system's time. */
const SLOW_MS = 3_000;

/** One that takes less is followed by a larger one. */
const FAST_MS = 1_000;

/** Rows deleted per transaction where a mirror is emptied: two index ranges each, of 4,096. */
export const CLEARED_ROWS = 1_000;

/** How many rows each transaction of a long job takes: fewer after a limit of the platform or a slow one. */
export class Pace {
  #rows: number;
  #most: number;

  constructor(most: number) {
    this.#rows = most;
    this.#most = most;
  }

  /** Runs a transaction over at most `rows` rows, with half of them where they are too many for the platform. */
  async run<T>(transaction: (rows: number) => Promise<T>): Promise<T> {
    for (;;) {
      const startedAt = Date.now();
      try {
        const result = await transaction(this.#rows);
        const took = Date.now() - startedAt;
        if (took > SLOW_MS) this.#rows = Math.ceil(this.#rows / 2);
        else if (took < FAST_MS) this.#rows = Math.min(this.#most, this.#rows * 2);
        return result;
      } catch (error) {
        if (this.#rows === 1 || !isTransactionLimit(error)) throw error;
        this.#most = Math.ceil(this.#rows / 2);
        this.#rows = this.#most;
      }
    }
  }
}
