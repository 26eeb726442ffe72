/**
 * Mutations as production runs them: against a snapshot, at the same time as others, with retries when what they read
 * has changed, and not while the deployment has written too much.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { getDocumentSize } from "convex/values";
import { Attempt, type DocumentChange, runAs } from "./readSet.js";
import type { WriteLayer } from "./mock.js";
import { PlatformError } from "./uncaught.js";

/** Retries after the first try, and the waits before them in milliseconds; each is varied at random. */
const RETRIES = 4;
const FIRST_BACKOFF_MS = 10;

/** How long a mutation and its commit are apart at most, in milliseconds: long enough for others to come between. */
const MAX_GAP_MS = 4;

/** Bytes of commits per sliding second, and the waits of a mutation that begins above them: 0.75 s in all. */
const WINDOW_BYTES = 4 << 20;
const WINDOW_MS = 1000;
const WINDOW_WAITS_MS = [50, 100, 200, 400];

export interface OptimisticStatistics {
  commits: number;
  conflicts: Record<string, number>;
  refused: number;
}

export class Optimistic {
  /** Commits that some attempt still has to be compared with, and the number of the first of them. */
  #log: (readonly DocumentChange[])[] = [];
  #first = 0;
  /** Attempts under way, with the number of commits when they came: none has an older snapshot. */
  readonly #begun = new Map<Attempt, number>();
  readonly #written: { at: number; bytes: number }[] = [];
  readonly statistics: OptimisticStatistics = { commits: 0, conflicts: {}, refused: 0 };

  /** @param apply Commits writes at once, in one transaction, when `isCurrent` says so as the transaction begins. */
  constructor(
    readonly apply: (writes: ReadonlyMap<string, WriteLayer>, isCurrent: () => boolean) => Promise<void>,
  ) {}

  /** Every commit, this mode's own and those past it. */
  committed(changes: readonly DocumentChange[]): void {
    if (this.#begun.size > 0) this.#log.push(changes);
    const bytes = changes.reduce((sum, { after }) => sum + (after === null ? 0 : sizeOf(after)), 0);
    this.#written.push({ at: Date.now(), bytes });
  }

  /** Lets others have a turn, as every wait of an action does. */
  async turn(): Promise<void> {
    await sleep(Math.random() * MAX_GAP_MS);
  }

  async run<T>(mutation: () => Promise<T>): Promise<T> {
    for (let retry = 0; ; retry++) {
      await this.#admit();
      const attempt = new Attempt(() => this.#commits());
      this.#begun.set(attempt, this.#commits());
      try {
        const result = await runAs(attempt, mutation);
        await this.turn();
        const conflict = await this.#commit(attempt);
        if (conflict === null) return result;
        const { conflicts } = this.statistics;
        conflicts[conflict.table] = (conflicts[conflict.table] ?? 0) + 1;
        if (retry === RETRIES) throw lostRace(conflict);
      } finally {
        this.#begun.delete(attempt);
        this.#prune();
      }
      await sleep(FIRST_BACKOFF_MS * 2 ** retry * (0.5 + Math.random()));
    }
  }

  /** Null when the writes are committed; otherwise what another has changed. */
  async #commit(attempt: Attempt): Promise<DocumentChange | null> {
    const conflict = (): DocumentChange | null => {
      const since = (attempt.start ?? this.#commits()) - this.#first;
      for (const changes of this.#log.slice(since)) {
        for (const change of changes) if (attempt.hasRead(change)) return change;
      }
      return null;
    };
    if (attempt.writes.size === 0) return null;
    const found: DocumentChange[] = [];
    const isCurrent = (): boolean => {
      const change = conflict();
      if (change !== null) found.push(change);
      return change === null;
    };
    await runAs(null, () => this.apply(attempt.writes, isCurrent));
    if (found.length === 0) this.statistics.commits += 1;
    return found[0] ?? null;
  }

  #commits(): number {
    return this.#first + this.#log.length;
  }

  #prune(): void {
    const oldest = Math.min(this.#commits(), ...this.#begun.values());
    this.#log = this.#log.slice(oldest - this.#first);
    this.#first = oldest;
  }

  async #admit(): Promise<void> {
    for (const wait of [...WINDOW_WAITS_MS, null]) {
      const since = Date.now() - WINDOW_MS;
      while ((this.#written[0]?.at ?? Infinity) < since) this.#written.shift();
      if (this.#written.reduce((sum, { bytes }) => sum + bytes, 0) <= WINDOW_BYTES) return;
      if (wait !== null) await sleep(wait);
    }
    this.statistics.refused += 1;
    throw new PlatformError(
      "Too many writes per second. Your deployment is limited to 4 MiB bytes written per 1 second. Reduce your write rate or upgrade to a larger deployment.",
      "TooManyWrites",
      429,
    );
  }
}

function lostRace({ table, id }: DocumentChange): PlatformError {
  return new PlatformError(
    `Documents read from or written to the "${table}" table changed while this mutation was being run and on every subsequent retry. ` +
      `Another call to this mutation changed the document with ID "${id}". See https://docs.convex.dev/error#1`,
    "OptimisticConcurrencyControlFailure",
    503,
  );
}

function sizeOf(document: object): number {
  return getDocumentSize(document as Parameters<typeof getDocumentSize>[0]);
}
