import type { Lane } from "./lane.js";
import { eachMember, keyIs, skipSpace, valueAtPath } from "../files/jsonSpan.js";

const STATE = [Buffer.from("state")];
const DESTINATION_STATS = Buffer.from("destinationStats");
const COMMA = 0x2c;

/** The line of a state, cut where the stats of this destination belong. */
export interface StateLine {
  head: Buffer;
  tail: Buffer;
  /** Rows that the state reports. */
  rows: number;
  /** The streams whose rows these are. */
  lanes: readonly Lane[];
}

/** A state that waits for the rows before it. */
interface Waiting {
  line: StateLine;
  /** Rows of the input before it. */
  position: number;
}

/** The states of a sync, in the order of the input: each is let go once every row before it is durable. */
export class StateQueue {
  readonly #waiting: Waiting[] = [];
  /** States that have gone from the front of the array: it is cut now and then, not shifted each time. */
  #gone = 0;
  /** Rows since the last state that is not of one stream. */
  #sinceShared = 0;

  /** Counts a row, which a later state reports. */
  counted(lane: Lane): void {
    lane.sinceState++;
    this.#sinceShared++;
  }

  /** Rows that a state of this stream reports (null: of all streams), which starts the next count. */
  take(lane: Lane | null): number {
    const count = lane === null ? this.#sinceShared : lane.sinceState;
    if (lane === null) this.#sinceShared = 0;
    else lane.sinceState = 0;
    return count;
  }

  push(line: StateLine, position: number): void {
    this.#waiting.push({ line, position });
  }

  get size(): number {
    return this.#waiting.length - this.#gone;
  }

  /** Lets the states go whose rows are all among the first `acknowledged` of the input. */
  release(acknowledged: number, emit: (line: Buffer, held: number) => void): void {
    const waiting = this.#waiting;
    while (this.#gone < waiting.length && waiting[this.#gone]!.position <= acknowledged) {
      const { line } = waiting[this.#gone]!;
      emit(withStats(line), line.head.length + line.tail.length);
      waiting[this.#gone++] = { line: EMPTY, position: 0 };
    }
    if (this.#gone === waiting.length) {
      waiting.length = 0;
      this.#gone = 0;
    } else if (this.#gone > 1024) {
      waiting.splice(0, this.#gone);
      this.#gone = 0;
    }
  }
}

const EMPTY: StateLine = { head: Buffer.alloc(0), tail: Buffer.alloc(0), rows: 0, lanes: [] };

/**
 * The line with the stats. The rows before a state may have been delivered together with rows behind it: quarantined ones
 * are reported by the first state that has room for them.
 */
function withStats({ head, tail, rows, lanes }: StateLine): Buffer {
  let rejected = 0;
  for (const lane of lanes) {
    const reported = Math.min(lane.rejected, rows - rejected);
    lane.rejected -= reported;
    rejected += reported;
  }
  // The protocol has the counts as floating point numbers, and Java's readers insist on it.
  const shown = rejected === 0 ? "" : `,"rejectedRecordCount":${String(rejected)}.0`;
  return Buffer.concat([head, Buffer.from(`{"recordCount":${String(rows - rejected)}.0${shown}}`), tail]);
}

/**
 * The line of a state as it goes back to the platform: byte for byte as it came, unknown keys, their order and large
 * numbers included, with `destinationStats` as its last member. Null when the state is no object.
 */
export function withDestinationStats(
  bytes: Buffer,
  start: number,
  end: number,
): Pick<StateLine, "head" | "tail"> | null {
  const state = valueAtPath(bytes, start, end, STATE);
  if (state?.start === undefined || bytes[state.start] !== 0x7b) return null;
  // Stats of another destination, or of ours from before, would be a second member of the same name.
  const own: [number, number][] = [];
  let members = 0;
  eachMember(bytes, state.start, state.end, (keyStart, keyEnd, _valueStart, valueEnd) => {
    if (keyIs(bytes, keyStart, keyEnd, DESTINATION_STATS)) own.push([keyStart - 1, valueEnd]);
    else members++;
  });
  const pieces: Buffer[] = [];
  let from = start;
  for (const [memberStart, memberEnd] of own) {
    const [cutStart, cutEnd] = withOneComma(bytes, memberStart, memberEnd);
    pieces.push(bytes.subarray(from, cutStart));
    from = cutEnd;
  }
  pieces.push(
    bytes.subarray(from, state.end - 1),
    Buffer.from(`${members > 0 ? "," : ""}"destinationStats":`),
  );
  return { head: Buffer.concat(pieces), tail: Buffer.from(bytes.subarray(state.end - 1, end)) };
}

/** The span of a member with the comma behind it, else with the one in front of it. */
function withOneComma(bytes: Buffer, start: number, end: number): [number, number] {
  const after = skipSpace(bytes, end);
  if (bytes[after] === COMMA) return [start, after + 1];
  let before = start - 1;
  while (bytes[before] === 0x20 || bytes[before] === 0x09 || bytes[before] === 0x0d) before--;
  return bytes[before] === COMMA ? [before, end] : [start, end];
}
