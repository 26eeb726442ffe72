import { count, number } from "../../core/words.js";
import { isUtf8 } from "node:buffer";
import {
  type Emitter,
  type Message,
  type RecordMessage,
  type StateMessage,
  streamName,
  SyncFailure,
  toFailure,
  type TraceMessage,
} from "./protocol.js";
import { DEFAULT_LIMITS, Dispatcher, type DispatchLimits } from "./dispatcher.js";
import { Lane, type Sealed, Streams } from "./lane.js";
import { addRecord } from "./records.js";
import { StateQueue, withDestinationStats } from "./states.js";
import type { V1Client } from "../api/client.js";
import type { Delivered } from "../../core/wire/v1.js";
import type { Target } from "./catalog.js";

/** What a line that is no JSON must hold to be taken for a damaged message. */
const DAMAGED = /"(RECORD|STATE)"/;
const BYTE_ORDER_MARK = "\uFEFF";

export interface SyncOptions {
  limits?: Partial<DispatchLimits>;
  /** Take the end of the input for the success of streams of which no status was told. */
  trustEndOfInput: boolean;
  /** Told once, when the sync cannot go on. */
  onFailure: (failure: SyncFailure) => void;
}

/** One sync: what the messages of stdin mean, one after another. Knows nothing of processes and signals. */
export class Sync {
  readonly streams: Streams;
  readonly lanes: readonly Lane[];
  readonly dispatcher: Dispatcher;
  failure: SyncFailure | null = null;
  readonly #states = new StateQueue();
  readonly #startedAt = Date.now();
  #sawStatus = false;
  #lines = 0;

  constructor(
    targets: readonly Target[],
    private readonly client: V1Client,
    private readonly emitter: Emitter,
    private readonly options: SyncOptions,
  ) {
    this.lanes = targets.map((target) => new Lane(target));
    this.streams = new Streams(this.lanes);
    this.dispatcher = new Dispatcher(
      this.lanes,
      { ...DEFAULT_LIMITS, ...options.limits },
      {
        send: async (lane, sealed) => this.#deliver(lane, sealed),
        onProgress: (lane) => {
          this.#emitStates();
          this.#finishWhenDone(lane);
        },
        onFailure: (error, lane) => {
          this.fail(toFailure(error, lane.target.descriptor));
        },
      },
    );
  }

  /** Whether all runs are begun. */
  isOpen = false;

  /** Begins the runs of all streams: each takes its mirror over. @throws SyncFailure */
  async begin(concurrency: number): Promise<void> {
    const waiting = [...this.lanes];
    const worker = async () => {
      for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) {
        try {
          const begun = await this.client.begin(lane.target.run);
          lane.run = begun.run;
          lane.sequence = begun.nextSequence;
        } catch (error) {
          throw toFailure(error, lane.target.descriptor);
        }
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    this.isOpen = true;
  }

  /** One line of the input. @throws SyncFailure */
  line(bytes: Buffer, start: number, end: number): void {
    this.#lines++;
    let text = bytes.toString("utf8", start, end);
    if (this.#lines === 1 && text.startsWith(BYTE_ORDER_MARK)) {
      start += 3;
      text = text.slice(1);
    }
    let message: Message | null;
    try {
      message = JSON.parse(text) as Message | null;
    } catch {
      this.#unreadable(text);
      return;
    }
    const isMessage = message?.type === "RECORD" || message?.type === "STATE";
    if (isMessage && !isUtf8(bytes.subarray(start, end))) {
      throw this.#broken("not UTF-8, as the protocol wants it: some character would be stored as another");
    }
    switch (message?.type) {
      case "RECORD":
        this.#record(message.record, bytes, start, end);
        break;
      case "STATE":
        this.#state(message.state, bytes, start, end);
        break;
      case "TRACE":
        this.#trace(message.trace);
        break;
    }
  }

  /** The input has ended: sends what there is and ends all runs. Returns why the sync is not a success, if it is not. */
  async end(): Promise<SyncFailure | null> {
    const silent = this.lanes.filter(({ outcome }) => outcome === null);
    for (const lane of silent) lane.outcome = this.#outcomeOfSilence(lane);
    await this.dispatcher.drain();
    for (const lane of this.lanes) this.#finishWhenDone(lane);
    for (const { finishing } of this.lanes) await finishing;
    if (this.failure !== null) return this.failure;
    await Promise.all(this.lanes.map(async (lane) => this.#warnOfHeldSweep(lane)));
    const names = (lanes: readonly Lane[]) => lanes.map(({ target }) => target.stream).join(", ");
    const incomplete = this.lanes.filter(({ outcome }) => outcome === "incomplete");
    if (incomplete.length === 0) return null;
    if (!this.#sawStatus) {
      return new SyncFailure(
        "config_error",
        `The platform forwards no stream status, so it is unknown whether these full refreshes are complete: ${names(incomplete)}. Their rows are applied; rows that they did not deliver stay. Set trust_end_of_input in the destination's configuration if the end of the input means success.`,
      );
    }
    return new SyncFailure(
      "transient_error",
      `The source did not complete ${names(incomplete)}. The rows that it sent are applied; no row was deleted.`,
    );
  }

  /** Marks the sync as failed. The first reason counts. */
  fail(failure: SyncFailure): void {
    if (this.failure !== null) return;
    this.failure = failure;
    this.options.onFailure(failure);
  }

  /** Tells people what became of the rows. */
  logSummary(): void {
    for (const { target, counts } of this.lanes) {
      const became = Object.entries(counts).filter(([name, n]) => name !== "received" && n > 0);
      const shown = became.map(([name, n]) => `${number(n)} ${name}`).join(", ");
      this.emitter.log(
        counts.quarantined > 0 ? "WARN" : "INFO",
        `${target.stream}: ${count(counts.received, "row")}${shown === "" ? "" : `: ${shown}`}.`,
      );
    }
    for (const [stream, rows] of this.streams.unknown) {
      this.emitter.log(
        "WARN",
        `${stream}: ${count(rows, "record")} ignored; the stream is not in the catalog.`,
      );
    }
  }

  #outcomeOfSilence({ target }: Lane): "complete" | "incomplete" {
    if (this.options.trustEndOfInput) return "complete";
    // A platform that tells statuses tells them of every stream that ended well. One that tells none may have lost the
    // source: for an incremental stream that removes nothing, for a refresh it would.
    return this.#sawStatus || target.refresh ? "incomplete" : "complete";
  }

  #record(record: unknown, bytes: Buffer, start: number, end: number): void {
    const { stream, namespace, data } = (record ?? {}) as Partial<RecordMessage>;
    if (
      typeof stream !== "string" ||
      typeof data !== "object" ||
      (data as unknown) === null ||
      Array.isArray(data)
    ) {
      throw this.#broken("a RECORD without a stream or without an object as its data");
    }
    const lane = this.streams.find(stream, namespace);
    if (lane === null) {
      const name = streamName({ name: stream, namespace });
      if (this.streams.isFirstOfUnknown(name)) {
        this.emitter.log("WARN", `The stream "${name}" is not in the catalog; its records are ignored.`);
      }
      return;
    }
    if (lane.outcome !== null) {
      throw new SyncFailure(
        "system_error",
        `The source sent a record of "${lane.target.stream}" after it reported the stream as ${lane.outcome}.`,
        lane.target.descriptor,
      );
    }
    const body = lane.open(this.dispatcher.position);
    const before = body.bytes;
    addRecord(body, lane, record as RecordMessage, bytes, start, end);
    this.#states.counted(lane);
    this.dispatcher.added(lane, body.bytes - before);
  }

  #state(state: unknown, bytes: Buffer, start: number, end: number): void {
    const { type, stream } = (state ?? {}) as StateMessage;
    const descriptor = stream?.stream_descriptor;
    const lane =
      type === "STREAM" && descriptor !== undefined
        ? this.streams.find(descriptor.name, descriptor.namespace)
        : null;
    const ofUnknown = type === "STREAM" && lane === null;
    const line = withDestinationStats(bytes, start, end);
    if (line === null) throw this.#broken("a STATE without a state");
    const rows = ofUnknown ? 0 : this.#states.take(lane);
    this.#states.push(
      { ...line, rows, lanes: lane === null ? this.lanes : [lane] },
      this.dispatcher.position,
    );
    this.dispatcher.hold(line.head.length + line.tail.length);
    this.dispatcher.flush(this.dispatcher.position);
    this.#emitStates();
  }

  #trace(trace: unknown): void {
    const { type, stream_status: told } = (trace ?? {}) as TraceMessage;
    if (type !== "STREAM_STATUS" || told?.stream_descriptor === undefined) return;
    this.#sawStatus = true;
    const { name, namespace } = told.stream_descriptor;
    const lane = this.streams.find(name, namespace);
    if (lane === null || (told.status !== "COMPLETE" && told.status !== "INCOMPLETE")) return;
    lane.outcome = told.status === "COMPLETE" ? "complete" : "incomplete";
    this.dispatcher.close(lane);
    this.#finishWhenDone(lane);
  }

  #emitStates(): void {
    this.#states.release(this.dispatcher.acknowledged, (line, held) => {
      this.emitter.raw(line);
      this.dispatcher.hold(-held);
    });
  }

  async #deliver(lane: Lane, { body, sequence, committedAt }: Sealed): Promise<Delivered> {
    const { mirror, syncId } = lane.target;
    const delivery = `${String(syncId ?? this.#startedAt)}-${mirror.name}-${String(sequence)}`;
    return await this.client.deliver(
      body.seal({ run: lane.run, mirror: mirror.name, delivery, sequence, committedAt }),
    );
  }

  #finishWhenDone(lane: Lane): void {
    if (lane.outcome === null || lane.finishing !== null || lane.oldest !== Infinity || this.failure !== null)
      return;
    const reason =
      lane.outcome === "complete"
        ? "Airbyte: the stream is complete."
        : "Airbyte: the source did not complete the stream.";
    lane.finishing = this.client.finish(lane.run, lane.outcome, reason).then(
      (finished) => {
        lane.finished = finished;
      },
      (error: unknown) => {
        this.fail(toFailure(error, lane.target.descriptor));
      },
    );
  }

  /** The rows are applied, so the sync is a success; what the refresh did not bring is for a person to decide about. */
  async #warnOfHeldSweep({ target, finished }: Lane): Promise<void> {
    if (finished === null) return;
    const { state, reason = "" } = await this.client.swept(finished).catch(() => finished);
    if (state !== "held") return;
    this.emitter.log(
      "WARN",
      `${target.stream}: ${reason} If they are to go: streaming-import sweep ${target.mirror.name}`,
    );
  }

  /** A line that is no JSON: a log line of something on the way, unless it looks like a message that was damaged. */
  #unreadable(text: string): void {
    if (text.trim() === "") return;
    if (DAMAGED.test(text)) throw this.#broken("a message that is not JSON");
    if (text.includes("\0")) throw this.#broken("UTF-16, or no text; the protocol wants UTF-8");
    // Not its content: it may be anything.
    this.emitter.log(
      "WARN",
      `Line ${String(this.#lines)} of the input is not JSON (${String(text.length)} characters) and is skipped.`,
    );
  }

  #broken(what: string): SyncFailure {
    return new SyncFailure(
      "system_error",
      `Line ${String(this.#lines)} of the input is ${what}. Skipping it could lose a row, so the sync ends here.`,
    );
  }
}
