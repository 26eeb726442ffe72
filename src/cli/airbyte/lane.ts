import { DeliveryBody } from "../files/body.js";
import type { FinishedRun } from "../../core/wire/v1.js";
import type { Counts } from "../../core/wire/changes.js";
import { noCounts } from "../../core/wire/counts.js";
import type { Target } from "./catalog.js";
import { streamKey } from "./protocol.js";
import { type Span, startsWith, valueAtPath } from "../files/jsonSpan.js";

/** A delivery that is complete and waits for its turn. */
export interface Sealed {
  body: DeliveryBody;
  sequence: number;
  /** Position in the input of its first row. */
  from: number;
  committedAt: number | undefined;
}

export type Outcome = "complete" | "incomplete";

/** One mirror on its way: its deliveries go out one after another, in the order of the input. */
export class Lane {
  run = "";
  /** Number of the delivery that is being built, or is built next. */
  sequence = 1;
  building: DeliveryBody | null = null;
  /** Position in the input of the first row of `building`. */
  buildingFrom = 0;
  /** The newest commit time of the source that `building` knows, as the source writes it. */
  committed: string | null = null;
  readonly queue: Sealed[] = [];
  inFlight: Sealed | null = null;
  /** How the source said that the stream ended, once it did. */
  outcome: Outcome | null = null;
  finishing: Promise<void> | null = null;
  /** What the deployment said at the end of the run. */
  finished: FinishedRun | null = null;
  counts: Counts = noCounts;
  /** Rows since the last state of this stream. */
  sinceState = 0;
  /** Quarantined rows that no state has reported. */
  rejected = 0;
  readonly shape = new RecordShape();
  readonly keyed: boolean;
  /** Change-data-capture columns that the mirror declares as fields, and so wants to have. */
  readonly keptCdcColumns: ReadonlySet<string>;

  constructor(readonly target: Target) {
    const { primaryKey, fields = {}, columns = {} } = target.mirror;
    this.keyed = primaryKey !== null;
    const declared = [...Object.keys(fields), ...Object.values(columns)];
    this.keptCdcColumns = new Set(
      declared.flatMap((name) =>
        name.startsWith("source_ab_cdc")
          ? [name.slice("source".length)]
          : name.startsWith("_ab_cdc")
            ? [name]
            : [],
      ),
    );
  }

  /** Position in the input of the first row that is not acknowledged; Infinity when there is none. */
  get oldest(): number {
    return (
      this.inFlight?.from ?? this.queue[0]?.from ?? (this.building === null ? Infinity : this.buildingFrom)
    );
  }

  /** Whether nothing of it is under way or waits to be. */
  get isIdle(): boolean {
    return this.inFlight === null && this.queue.length === 0;
  }

  /** The body that takes the row at this position of the input. */
  open(position: number): DeliveryBody {
    if (this.building === null) {
      this.building = new DeliveryBody();
      this.buildingFrom = position;
    }
    return this.building;
  }

  /** Moves what is being built to the queue. */
  seal(): void {
    if (this.building === null) return;
    const committedAt = this.committed === null ? NaN : Date.parse(this.committed);
    this.queue.push({
      body: this.building,
      sequence: this.sequence++,
      from: this.buildingFrom,
      committedAt: Number.isNaN(committedAt) ? undefined : committedAt,
    });
    this.building = null;
    this.committed = null;
  }
}

/** Finds the lane of a stream: a million times in a row the same one. */
export class Streams {
  readonly #lanes: Map<string, Lane>;
  #last: { name: string; namespace: string | null | undefined; lane: Lane } | null = null;
  /** Streams that are not in the catalog, with the number of their records. */
  readonly unknown = new Map<string, number>();

  constructor(lanes: readonly Lane[]) {
    this.#lanes = new Map(lanes.map((lane) => [streamKey(lane.target.descriptor), lane]));
  }

  find(name: string, namespace: string | null | undefined): Lane | null {
    const last = this.#last;
    if (last?.name === name && last.namespace === namespace) return last.lane;
    const lane = this.#lanes.get(streamKey({ name, namespace })) ?? null;
    if (lane !== null) this.#last = { name, namespace, lane };
    return lane;
  }

  /** Counts a record of a stream that is not in the catalog; true for its first one. */
  isFirstOfUnknown(name: string): boolean {
    const seen = this.unknown.get(name) ?? 0;
    this.unknown.set(name, seen + 1);
    return seen === 0;
  }
}

const DATA = [Buffer.from("record"), Buffer.from("data")];

/** What follows the data in the messages of almost all sources. */
const TAIL = /^(\s*,\s*"emitted_at"\s*:\s*)\d+(\s*\}\s*\}\s*)$/;

/** After a message of another shape, so many others pass before a shape is learnt again. */
const PATIENCE = 64;

interface Shape {
  /** Everything in front of the data. */
  prefix: Buffer;
  /** What is around the digits of `emitted_at` behind the data. */
  middle: Buffer;
  suffix: Buffer;
  /** Number of the record's members. */
  members: number;
}

/**
 * Finds the data in the records of one stream. The messages of a stream differ in their data and their time only, so
 * that after the first one it is enough to look at both ends of a line, instead of walking through the data.
 *
 * `JSON.parse` has accepted the line and counted the members before. A message that names one member twice could still
 * pass for the learnt shape; what is then taken for the row is no JSON value, and the API refuses it: nothing wrong is
 * ever stored.
 */
class RecordShape {
  #shape: Shape | null = null;
  #patience = 0;

  /** The span of `record.data`; null when it cannot be found without reading keys that are written with escapes. */
  find(record: object, bytes: Buffer, start: number, end: number): Span | null {
    const shape = this.#shape;
    if (shape !== null) {
      const dataEnd = endOfData(shape, record, bytes, start, end);
      if (dataEnd > 0) {
        span.start = start + shape.prefix.length;
        span.end = dataEnd;
        return span;
      }
    }
    const found = valueAtPath(bytes, start, end, DATA);
    if (found !== null && --this.#patience < 0) {
      this.#patience = PATIENCE;
      this.#shape = learn(found, record, bytes, start, end);
    }
    return found;
  }
}

/** Shared by all calls, because it is read at once. */
const span: Span = { start: 0, end: 0 };

function learn(
  { start: from, end: to }: Span,
  record: object,
  bytes: Buffer,
  start: number,
  end: number,
): Shape | null {
  // A tail that is not ASCII matches nothing anyway.
  const match = TAIL.exec(bytes.toString("latin1", to, Math.min(end, to + 200)));
  if (match === null || end - to > 200) return null;
  const [, middle, suffix] = match;
  return {
    prefix: Buffer.from(bytes.subarray(start, from)),
    middle: Buffer.from(middle!),
    suffix: Buffer.from(suffix!),
    members: membersOf(record),
  };
}

/** The position after the data, when the line has the shape; else -1. */
function endOfData(
  { prefix, middle, suffix, members }: Shape,
  record: object,
  bytes: Buffer,
  start: number,
  end: number,
): number {
  if (!startsWith(bytes, start, end, prefix)) return -1;
  let at = end - suffix.length;
  if (at <= start || !startsWith(bytes, at, end, suffix)) return -1;
  const digitsEnd = at;
  while (bytes[at - 1]! >= 0x30 && bytes[at - 1]! <= 0x39) at--;
  if (at === digitsEnd) return -1;
  at -= middle.length;
  if (at <= start + prefix.length || !startsWith(bytes, at, end, middle)) return -1;
  return bytes[at - 1] === 0x7d && membersOf(record) === members ? at : -1;
}

function membersOf(record: object): number {
  let count = 0;
  for (const _name in record) count++;
  return count;
}
