import { KeyHashBag } from "./keyHashBag.js";

/**
 * Counts the copies of each row while a mirror without a key is walked in the order of its content. There should be as
 * many as the refresh delivered, and those that arrived since. A row that arrives during the walk has the highest time
 * of creation among its copies, so that it lies on the page at hand or on one to come, or was not yet there; and a page
 * and the list of what has arrived by then are of one moment. Hence the count is exact.
 */
export class Copies {
  #current: { keyHash: bigint; id: string; seen: number } | null = null;
  #missing: { id: string; times: number }[] = [];
  #late = new KeyHashBag();

  /** @param batch The most copies of one batch of those that are missing. */
  constructor(
    private readonly brought: KeyHashBag,
    private readonly batch: number,
  ) {}

  /** The rows of this page that are too many. `late`: what has arrived since the manifest was read. */
  surplus(
    ids: readonly string[],
    hashes: readonly bigint[],
    late: KeyHashBag,
  ): { id: string; keyHash: bigint }[] {
    this.#late = late;
    const surplus: { id: string; keyHash: bigint }[] = [];
    ids.forEach((id, i) => {
      const keyHash = hashes[i]!;
      if (this.#current?.keyHash !== keyHash) {
        this.#close();
        this.#current = { keyHash, id, seen: 0 };
      }
      this.#current.seen += 1;
      if (this.#current.seen > this.#due(keyHash)) surplus.push({ id, keyHash });
    });
    return surplus;
  }

  /** Copies that have to be added for rows that are passed, in batches. */
  missing(isLast: boolean): { id: string; times: number }[][] {
    if (isLast) this.#close();
    const batches: { id: string; times: number }[][] = [];
    let room = 0;
    for (const { id, times } of this.#missing) {
      for (let left = times; left > 0;) {
        if (room === 0) {
          batches.push([]);
          room = this.batch;
        }
        const now = Math.min(left, room);
        batches.at(-1)!.push({ id, times: now });
        left -= now;
        room -= now;
      }
    }
    this.#missing = [];
    return batches;
  }

  #close(): void {
    if (this.#current === null) return;
    const { keyHash, id, seen } = this.#current;
    const lacking = this.#due(keyHash) - seen;
    if (lacking > 0) this.#missing.push({ id, times: lacking });
    this.#current = null;
  }

  /** How many copies there should be. */
  #due(keyHash: bigint): number {
    return this.brought.count(keyHash) + this.#late.count(keyHash);
  }
}
