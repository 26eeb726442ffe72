/**
 * Senders at the same time as each other, as jobs and as the app, on a platform that runs transactions as production
 * does: against a snapshot, rerun up to four times if another has committed a change of what they have read, and not
 * while the last second's commits exceed 4 MiB. What conflicts is what was recorded; how long things take is what they
 * took on the open-source backend. Nobody waits for a processor, so the figures show what contention costs alone.
 */
import { capacityOf, debtOf, owedLater, spendingWith, turnOf } from "../../src/core/wire/budget.js";
import { MAX_CHUNK_BYTES } from "../../src/core/wire/chunk.js";
import type { Contention } from "./record.js";
import type { Spending } from "../../src/core/wire/changes.js";

/** Retries after the first try, and the first wait before one in milliseconds; each is twice as long. */
const RETRIES = 4;
const FIRST_BACKOFF_MS = 10;

/** Bytes of commits per second above which no mutation begins, and how long one waits for them in all. */
const WINDOW_BYTES = 4 << 20;
const WINDOW_WAITS_MS = [50, 100, 200, 400];

/** Milliseconds: an HTTP action with its token; a chunk, and each of its KiB; a mutation that does little. */
const REQUEST_MS = 30;
const CHUNK_MS = 230;
const KIB_MS = 0.6;
const SMALL_MS = 8;

/** What the ledger writes with a chunk. */
const LEDGER_BYTES = 6_000;

const BYTES_PER_SECOND = 2 << 20;

export interface Load {
  senders: number;
  seconds: number;
  /** Bytes of a delivery. */
  bytes: number;
  /** Whether `reader` reruns for what `writer` commits, on the same mirror or another. */
  conflicts: (reader: string, writer: string, same: boolean) => boolean;
}

export interface Outcome {
  chunksPerSecond: number;
  /** Chunks that had to rerun, as a share of those that committed, and the share of all work that was in vain. */
  rerunShare: number;
  wastedShare: number;
  /** The app's own mutations, one each 100 ms: how long they took, and how many were refused. */
  appP95Ms: number;
  appRefused: number;
  /** The most that was committed in any second, in MiB. */
  peakMiB: number;
}

/** Whether two mutations conflict, as recorded. */
export function conflictsOf({ same, across }: Contention): Load["conflicts"] {
  const key = (reader: string, writer: string) => `${reader} ${writer}`;
  const [ofOne, ofOthers] = [same, across].map(
    (pairs) => new Set(pairs.map(({ reader, writer }) => key(reader, writer))),
  );
  return (reader, writer, isSame) => (isSame ? ofOne! : ofOthers!).has(key(reader, writer));
}

type Process = Generator<number, void>;

interface Commit {
  at: number;
  name: string;
  mirror: number;
  bytes: number;
}

/** Plays a load. The same load always ends in the same way. */
export async function simulate({ senders, seconds, bytes, conflicts }: Load): Promise<Outcome> {
  let now = 0;
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const queue: { at: number; process: AsyncGenerator<number, void> | Process }[] = [];
  const commits: Commit[] = [];
  const spendings = new Map<number, Spending>();
  const took: number[] = [];
  const total = { deliveries: 0, chunks: 0, reruns: 0, workMs: 0, wastedMs: 0, refused: 0, peak: 0 };

  const lastSecond = () => {
    let sum = 0;
    for (let i = commits.length - 1; i >= 0 && commits[i]!.at > now - 1_000; i--) sum += commits[i]!.bytes;
    return sum;
  };

  /** One mutation. Returns whether it has committed. `writes` is false for one that finds nothing to write. */
  function* mutation(
    name: string,
    mirror: number,
    ms: number,
    size: number,
    writes = true,
  ): Generator<number, boolean> {
    for (let retry = 0; ; retry++) {
      for (const wait of WINDOW_WAITS_MS) if (lastSecond() > WINDOW_BYTES) yield wait;
      if (lastSecond() > WINDOW_BYTES) return false;
      const begun = now;
      const duration = ms * (0.75 + random() / 2);
      yield duration;
      total.workMs += duration;
      let lost = false;
      for (let i = commits.length - 1; i >= 0 && commits[i]!.at > begun; i--) {
        const other = commits[i]!;
        lost ||= conflicts(name, other.name, other.mirror === mirror);
      }
      if (!lost) {
        if (writes) commits.push({ at: now, name, mirror, bytes: size });
        total.peak = Math.max(total.peak, lastSecond());
        return true;
      }
      if (name === "ingest:applyChunk") total.reruns += 1;
      total.wastedMs += duration;
      if (retry === RETRIES) return false;
      yield FIRST_BACKOFF_MS * 2 ** retry * (0.5 + random());
    }
  }

  /** A connector that sends one delivery after another, and is kept waiting inside of its request. */
  async function* sender(mirror: number): AsyncGenerator<number, void> {
    yield random() * 1_000;
    for (;;) {
      yield REQUEST_MS * (0.75 + random() / 2);
      let noted = 0;
      for (let left = bytes; left > 0;) {
        const size = Math.min(left, MAX_CHUNK_BYTES);
        const read = async () =>
          debtOf(
            [...spendings.values()].sort((a, b) => b.at - a.at),
            BYTES_PER_SECOND,
            now,
          );
        let debt = await read();
        const written = size + LEDGER_BYTES;
        if (size >= MAX_CHUNK_BYTES / 4 && noted === 0) {
          if (!(yield* mutation("write/budget:note", mirror, SMALL_MS, 1_500))) continue;
          spendings.set(mirror, spendingWith(spendings.get(mirror), debt, size, now));
          debt = await read();
          yield turnOf(size, debt, BYTES_PER_SECOND);
          noted = size;
        }
        const over = owedLater(debt.now, BYTES_PER_SECOND, now) - noted - capacityOf(BYTES_PER_SECOND);
        const ms = CHUNK_MS + (size / 1024) * KIB_MS;
        if (over > 5 * BYTES_PER_SECOND) {
          // It has written by then, and rolls back.
          yield ms;
          yield ((over - 5 * BYTES_PER_SECOND) / BYTES_PER_SECOND) * 1_000;
          continue;
        }
        if (!(yield* mutation("ingest:applyChunk", mirror, ms, written))) {
          yield 2_000;
          continue;
        }
        total.chunks += 1;
        spendings.set(mirror, spendingWith(spendings.get(mirror), debt, written - noted, now));
        noted = 0;
        left -= size;
        if (left > 0 && over + written > 0) yield ((over + written) / BYTES_PER_SECOND) * 1_000;
      }
      total.deliveries += 1;
      if (total.deliveries % 200 === 0) {
        yield* mutation("runs:finish", mirror, SMALL_MS * 2, 3_000);
        yield* mutation("runs:begin", mirror, SMALL_MS * 2, 3_000);
      }
    }
  }
  function* each(everyMs: number, work: () => Generator<number, unknown>): Process {
    yield random() * everyMs;
    for (;;) {
      yield* work();
      yield everyMs;
    }
  }
  function* appMutation(): Generator<number, void> {
    const begun = now;
    if (!(yield* mutation("app", -1, SMALL_MS, 500))) total.refused += 1;
    else took.push(now - begun);
  }

  const start = (process: AsyncGenerator<number, void> | Process) => queue.push({ at: 0, process });
  for (let mirror = 0; mirror < senders; mirror++) {
    start(sender(mirror));
    // While chunks come, the jobs of a run find nothing to write.
    start(each(1_000, () => mutation("mirror/progress:publish", mirror, SMALL_MS, 0, false)));
    start(each(60_000, () => mutation("run/lifecycle:expire", mirror, SMALL_MS, 0, false)));
    start(each(10_000, () => mutation("tokens:touch", mirror, SMALL_MS, 300)));
  }
  // Beside them: the sweep of another mirror, an audit of a third, an operator, and the app. What only reads, such as
  // status queries and dashboards, conflicts with nothing.
  start(each(300, () => mutation("run/sweep:removeStale", 1_000, 100, 5_000)));
  start(each(5_000, () => mutation("audit:conclude", 1_001, SMALL_MS, 2_000)));
  start(each(20_000, () => mutation("registry:pause", 1_002, SMALL_MS, 2_000)));
  start(each(100, appMutation));

  while (queue.length > 0) {
    let next = 0;
    for (let i = 1; i < queue.length; i++) if (queue[i]!.at < queue[next]!.at) next = i;
    const event = queue[next]!;
    if (event.at > seconds * 1_000) break;
    now = event.at;
    const { value, done } = await event.process.next();
    if (done === true) queue.splice(next, 1);
    else event.at = now + value;
    if (commits.length > 10_000) commits.splice(0, 5_000);
  }
  took.sort((a, b) => a - b);
  return {
    chunksPerSecond: total.chunks / seconds,
    rerunShare: total.reruns / Math.max(1, total.chunks),
    wastedShare: total.wastedMs / total.workMs,
    appP95Ms: took[Math.floor(took.length * 0.95)] ?? 0,
    appRefused: total.refused,
    peakMiB: total.peak / (1 << 20),
  };
}
