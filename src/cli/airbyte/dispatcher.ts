import { setTimeout as sleep } from "node:timers/promises";
import type { Delivered } from "../../core/wire/v1.js";
import { addCounts } from "../../core/wire/counts.js";
import type { Lane, Sealed } from "./lane.js";

export interface DispatchLimits {
  /** Changes in one delivery. The API takes 5,000; fewer make for shorter answers and less to send again. */
  maxRows: number;
  /** Bytes of one delivery, but for a single larger row. */
  maxBytes: number;
  /** Deliveries under way at once, of different mirrors. */
  concurrency: number;
  /** Bytes that wait or are under way before no more input is read. */
  maxBufferedBytes: number;
  /** How long a row may wait for others to fill its delivery, in milliseconds. */
  lingerMs: number;
}

export const DEFAULT_LIMITS: DispatchLimits = {
  maxRows: 2_000,
  maxBytes: 1024 * 1024,
  concurrency: 4,
  maxBufferedBytes: 16 * 1024 * 1024,
  lingerMs: 1_000,
};

export interface DispatchHooks {
  send: (lane: Lane, sealed: Sealed) => Promise<Delivered>;
  /** A delivery was acknowledged. */
  onProgress: (lane: Lane) => void;
  /** The first delivery that failed for good. Nothing more is sent then. */
  onFailure: (error: unknown, lane: Lane) => void;
}

/**
 * Sends the deliveries of all mirrors: several at once, one per mirror, each mirror's in order. A delivery goes out when
 * it is full, when a state waits for its rows and the mirror is idle (so that states do not wait, and yet a source
 * that sends a state with every row does not get a request for every row), or when it has waited long enough.
 */
export class Dispatcher {
  readonly #lanes: readonly Lane[];
  readonly #limits: DispatchLimits;
  readonly #hooks: DispatchHooks;
  readonly #timer: NodeJS.Timeout;
  /** Lanes with deliveries to send and none under way, first come first served. */
  readonly #ready: Lane[] = [];
  #inFlight = 0;
  #buffered = 0;
  /** Rows before this position are to be sent as soon as their lane is idle. */
  #flushBefore = 0;
  #stopped = false;
  #wake: (() => void)[] = [];
  /** Rows of the input so far. */
  position = 0;

  constructor(lanes: readonly Lane[], limits: DispatchLimits, hooks: DispatchHooks) {
    this.#lanes = lanes;
    this.#limits = limits;
    this.#hooks = hooks;
    this.#timer = setInterval(() => {
      this.#sealIdle(Infinity);
    }, limits.lingerMs);
  }

  /** Whether the reader should wait for `room()`. */
  get isFull(): boolean {
    return this.#buffered > this.#limits.maxBufferedBytes;
  }

  /** Position of the first row that is not acknowledged: every row before it is durable. */
  get acknowledged(): number {
    let low = Infinity;
    for (const lane of this.#lanes) low = Math.min(low, lane.oldest);
    return low;
  }

  /** A row of so many bytes was added to the open body of a lane. */
  added(lane: Lane, bytes: number): void {
    this.position++;
    this.#buffered += bytes;
    const { maxRows, maxBytes } = this.#limits;
    if (lane.building!.rows >= maxRows || lane.building!.bytes >= maxBytes) this.#seal(lane);
  }

  /** Bytes that wait for deliveries, as states do; negative when they have gone. */
  hold(bytes: number): void {
    this.#buffered += bytes;
    if (bytes < 0) this.#awake();
  }

  /** Asks for the rows before this position to go out soon. */
  flush(before: number): void {
    this.#flushBefore = Math.max(this.#flushBefore, before);
    this.#sealIdle(before);
  }

  /** Sends what there is of a lane that gets no more rows. */
  close(lane: Lane): void {
    if (lane.building !== null && lane.isIdle) this.#seal(lane);
  }

  /** Resolves when there is room for more input, or the dispatcher has stopped. */
  async room(): Promise<void> {
    while (this.isFull && !this.#stopped) {
      // Many lanes, none of them full: send what there is.
      this.#sealIdle(Infinity);
      await this.#change();
    }
  }

  /** Resolves when everything is acknowledged, or the dispatcher has stopped. */
  async drain(): Promise<void> {
    this.flush(Infinity);
    while (!this.#stopped && this.acknowledged !== Infinity) await this.#change();
  }

  /** Sends nothing more, and waits for what is under way, but not longer than this. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#awake();
    const deadline = AbortSignal.timeout(graceMs);
    while (this.#inFlight > 0 && !deadline.aborted) {
      await Promise.race([this.#change(), sleep(50)]);
    }
  }

  #sealIdle(before: number): void {
    for (const lane of this.#lanes) {
      if (lane.building !== null && lane.isIdle && lane.buildingFrom < before) this.#seal(lane);
    }
  }

  #seal(lane: Lane): void {
    const wasIdle = lane.isIdle;
    lane.seal();
    if (wasIdle) this.#ready.push(lane);
    this.#pump();
  }

  #pump(): void {
    while (!this.#stopped && this.#inFlight < this.#limits.concurrency) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      void this.#send(lane);
    }
  }

  async #send(lane: Lane): Promise<void> {
    const sealed = lane.queue.shift()!;
    lane.inFlight = sealed;
    this.#inFlight++;
    try {
      const { counts } = await this.#hooks.send(lane, sealed);
      lane.counts = addCounts(lane.counts, counts);
      lane.rejected += counts.quarantined;
      this.#buffered -= sealed.body.bytes;
      sealed.body.release();
      lane.inFlight = null;
      this.#inFlight--;
      if (lane.queue.length > 0) this.#ready.push(lane);
      else if (lane.building !== null && (lane.outcome !== null || lane.buildingFrom < this.#flushBefore))
        this.#seal(lane);
      this.#hooks.onProgress(lane);
    } catch (error) {
      // The lane stays as it is: no state behind its rows may be emitted.
      this.#inFlight--;
      const first = !this.#stopped;
      this.#stopped = true;
      if (first) this.#hooks.onFailure(error, lane);
    }
    this.#awake();
    this.#pump();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  #awake(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const resolve of waiting) resolve();
  }
}
