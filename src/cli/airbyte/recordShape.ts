import { startsWith, valueAtPath, type Span } from "../files/jsonSpan.js";

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
export class RecordShape {
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

/** Shared by all calls, for it is read at once. */
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
