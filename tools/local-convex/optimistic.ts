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

/**
 * How long a mutation and its commit are apart at most, and each call of an action and its answer, in milliseconds: long
 * enough for others to come between.
 */
export const DEFAULT_GAP_MS = 4;

/** Bytes of commits per sliding second, and the waits of a mutation that begins above them: 0.75 s in all. */
const WINDOW_BYTES = 4 << 20;
const WINDOW_MS = 1000;
const WINDOW_WAITS_MS = [50, 100, 200, 400];

/** What has become of a mutation's tries, by the mutation's name. */
export interface OptimisticStatistics {
  commits: Record<string, number>;
  /** By the table of the document that another has changed, too: "ingest:applyChunk runs". */
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
  readonly statistics: OptimisticStatistics = { commits: {}, conflicts: {}, refused: 0 };
  #crashes = 0;

  /**
   * @param gapMs The longest wait before each commit and each answer to an action; the average one is half of it.
   * @param apply Commits writes at once, in one transaction, when `isCurrent` says so as the transaction begins.
   */
  constructor(
    readonly gapMs: number,
    readonly apply: (writes: ReadonlyMap<string, WriteLayer>, isCurrent: () => boolean) => Promise<void>,
  ) {}

  /** Nothing that runs now commits any more. */
  crash(): void {
    this.#crashes += 1;
  }

  /** Every commit, this mode's own and those past it. */
  committed(changes: readonly DocumentChange[]): void {
    if (this.#begun.size > 0) this.#log.push(changes);
    const bytes = changes.reduce((sum, { after }) => sum + (after === null ? 0 : sizeOf(after)), 0);
    this.#written.push({ at: Date.now(), bytes });
  }

  /** Lets others have a turn, as every wait of an action does. */
  async turn(): Promise<void> {
    await sleep(Math.random() * this.gapMs);
  }

  async run<T>(mutation: () => Promise<T>): Promise<T> {
    const crashes = this.#crashes;
    for (let retry = 0; ; retry++) {
      await this.#admit();
      const attempt = new Attempt(() => this.#commits());
      this.#begun.set(attempt, this.#commits());
      try {
        const result = await runAs(attempt, mutation);
        await this.turn();
        const conflict = await this.#commit(attempt, () => this.#crashes !== crashes);
        if (conflict === null) return result;
        count(this.statistics.conflicts, `${attempt.functionName} ${conflict.table}`);
        if (retry === RETRIES) throw lostRace(conflict);
      } finally {
        this.#begun.delete(attempt);
        this.#prune();
      }
      await sleep(FIRST_BACKOFF_MS * 2 ** retry * (0.5 + Math.random()));
    }
  }

  /**
   * Null when the writes are committed; otherwise what another has changed.
   * @throws PlatformError when the server has crashed since the attempt began
   */
  async #commit(attempt: Attempt, hasCrashed: () => boolean): Promise<DocumentChange | null> {
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
      if (hasCrashed()) throw crashed();
      const change = conflict();
      if (change !== null) found.push(change);
      return change === null;
    };
    await runAs(null, () => this.apply(attempt.writes, isCurrent));
    if (found.length === 0) count(this.statistics.commits, attempt.functionName);
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

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** The code of what a crash has ended. */
export const CRASH = "InternalServerError";

/** What a call that was under way has become. Nobody is left whom it could be told, but for jobs, which run again. */
export function crashed(): PlatformError {
  return new PlatformError("The server has crashed.", CRASH, 500);
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
