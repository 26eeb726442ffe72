import type { Lane } from "./lane.js";
import { eachMember, keyIs, skipSpace, valueAtPath } from "../files/jsonSpan.js";

const STATE = [Buffer.from("state")];
const DESTINATION_STATS = Buffer.from("destinationStats");
const COMMA = 0x2c;

/** A state that waits for the rows before it. */
interface Waiting {
  line: Buffer;
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

  push(line: Buffer, position: number): void {
    this.#waiting.push({ line, position });
  }

  get size(): number {
    return this.#waiting.length - this.#gone;
  }

  /** Lets the states go whose rows are all among the first `acknowledged` of the input. */
  release(acknowledged: number, emit: (line: Buffer) => void): void {
    const waiting = this.#waiting;
    while (this.#gone < waiting.length && waiting[this.#gone]!.position <= acknowledged) {
      emit(waiting[this.#gone]!.line);
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

const EMPTY = Buffer.alloc(0);

/**
 * The line of a state as it goes back to the platform: byte for byte as it came, unknown keys, their order and large
 * numbers included, with `destinationStats` as its last member. Null when the state is no object.
 */
export function withDestinationStats(
  bytes: Buffer,
  start: number,
  end: number,
  recordCount: number,
): Buffer | null {
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
  // The protocol has the count as a floating point number, and Java's readers insist on it.
  const stats = `${members > 0 ? "," : ""}"destinationStats":{"recordCount":${String(recordCount)}.0}`;
  pieces.push(bytes.subarray(from, state.end - 1), Buffer.from(stats), bytes.subarray(state.end - 1, end));
  return Buffer.concat(pieces);
}

/** The span of a member with the comma behind it, else with the one in front of it. */
function withOneComma(bytes: Buffer, start: number, end: number): [number, number] {
  const after = skipSpace(bytes, end);
  if (bytes[after] === COMMA) return [start, after + 1];
  let before = start - 1;
  while (bytes[before] === 0x20 || bytes[before] === 0x09 || bytes[before] === 0x0d) before--;
  return bytes[before] === COMMA ? [before, end] : [start, end];
}
