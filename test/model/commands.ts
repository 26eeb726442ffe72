/** What may happen to a mirror, as values that fast-check can make up and shrink. */
import fc from "fast-check";
import type { Fault } from "../core/support/faults.js";
import type { SentChange } from "../core/support/sender.js";

/** Where a request dies, if it does: at the n-th step of the action that serves it. */
export interface Death {
  at: number;
  fault: Fault;
}

/** A delivery that arrives in the middle of a sweep, before its n-th step. */
export interface Live<Change> {
  at: number;
  changes: Change[];
}

/** A sender that numbers its refreshes itself; `again` says that each run of a number delivers every row. */
export interface Counter {
  name: string;
  again: boolean;
}

export type Command<Change> =
  /**
   * A run begins; a refresh opens the next generation, or resumes the one that is open: of the mirror's own numbers, or
   * of those of another counter. With `base` it delivers the rows that the mirror had at the beginning.
   */
  | {
      type: "begin";
      refresh: boolean;
      resume: boolean;
      base: boolean;
      death: Death | null;
      counter: Counter | null;
    }
  | { type: "deliver"; changes: Change[]; death: Death | null }
  /** A delivery of this run is sent once more, as networks do. */
  | { type: "repeat"; which: number }
  /** A delivery overtakes the one before it. */
  | { type: "overtake"; changes: Change[] }
  /** A run that was taken over sends on. */
  | { type: "stale"; changes: Change[] }
  | { type: "finish"; outcome: "complete" | "incomplete"; death: Death | null }
  /** Time passes, and what is scheduled runs; a sweep may die. */
  | { type: "time"; death: Death | null; live: Live<Change> | null }
  /** Somebody mends what kept changes from being stored, and replays them. */
  | { type: "mend"; death: Death | null }
  /** A person decides about a sweep that is held: lets it begin, or gives up the rows whose key cannot be read. */
  | { type: "decide"; how: "sweep" | "discard" };

/** Plain objects, as they arrive: without a prototype, `toEqual` would tell them apart. */
const record = ((model: Record<string, fc.Arbitrary<unknown>>, options?: object) =>
  fc.record(model, { noNullPrototype: true, ...options })) as typeof fc.record;

const death = fc.option(
  record({ at: fc.nat({ max: 5 }), fault: fc.constantFrom<Fault>("before", "after", "conflict") }),
  { freq: 2 },
);

export function commands<Change>(change: fc.Arbitrary<Change>): fc.Arbitrary<Command<Change>[]> {
  const changes = fc.array(change, { maxLength: 6 });
  const live = fc.option(record({ at: fc.nat({ max: 6 }), changes }), { freq: 2 });
  const command = fc.oneof(
    {
      weight: 2,
      arbitrary: record({
        type: fc.constant("begin" as const),
        refresh: fc.boolean(),
        resume: fc.boolean(),
        base: fc.boolean(),
        death,
        counter: fc.constant(null),
      }),
    },
    { weight: 6, arbitrary: record({ type: fc.constant("deliver" as const), changes, death }) },
    { weight: 1, arbitrary: record({ type: fc.constant("repeat" as const), which: fc.nat() }) },
    { weight: 1, arbitrary: record({ type: fc.constant("overtake" as const), changes }) },
    { weight: 1, arbitrary: record({ type: fc.constant("stale" as const), changes }) },
    {
      weight: 2,
      arbitrary: record({
        type: fc.constant("finish" as const),
        outcome: fc.constantFrom("complete" as const, "complete" as const, "incomplete" as const),
        death,
      }),
    },
    { weight: 2, arbitrary: record({ type: fc.constant("time" as const), death, live }) },
    { weight: 1, arbitrary: record({ type: fc.constant("mend" as const), death }) },
    {
      weight: 1,
      arbitrary: record({
        type: fc.constant("decide" as const),
        how: fc.constantFrom("sweep" as const, "discard" as const),
      }),
    },
  );
  return fc.array(command, { minLength: 1, maxLength: 14, size: "max" });
}

/** Refreshes one after another, of senders that number them themselves, and often run a number again. */
export function refreshes<Change>(change: fc.Arbitrary<Change>): fc.Arbitrary<Command<Change>[]> {
  const counter = record({ name: fc.constantFrom("a", "a", "b"), again: fc.boolean() });
  const refresh = record({
    counter: fc.option(counter, { freq: 6 }),
    resume: fc.boolean(),
    deliveries: fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 2 }),
    outcome: fc.constantFrom("complete" as const, "complete" as const, "incomplete" as const),
    waits: fc.boolean(),
    death,
  });
  return fc
    .array(refresh, { minLength: 2, maxLength: 5, size: "max" })
    .map((all) =>
      all.flatMap(({ counter: by, resume, deliveries, outcome, waits, death: dies }): Command<Change>[] => [
        { type: "begin", refresh: true, resume, base: false, death: dies, counter: by },
        ...deliveries.map((changes): Command<Change> => ({ type: "deliver", changes, death: null })),
        { type: "finish", outcome, death: null },
        ...(waits ? [{ type: "time" as const, death: null, live: null }] : []),
      ]),
    );
}

const id = fc.nat({ max: 3 });

/** Changes of few rows, so that they meet often: whole, partial, deleted, moved, out of order, and some that cannot be stored. */
export function changeOf(bad: null | "poison", versioned: boolean): fc.Arbitrary<SentChange[]> {
  const text = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("a", "b") },
    { weight: 1, arbitrary: fc.constant(bad) },
  );
  const version = versioned ? { version: fc.nat({ max: 6 }) } : {};
  const upsert = record(
    { id, text, note: fc.constantFrom("m", "n"), ...version },
    { requiredKeys: ["id", "text"] },
  );
  const update = record({ id, text, note: fc.constantFrom("m", "n"), ...version }, { requiredKeys: ["id"] });
  const remove = record({ id, ...version }, { requiredKeys: ["id"] });
  const one = <Op extends SentChange["op"]>(op: Op, row: fc.Arbitrary<Record<string, unknown>>) =>
    row.map((made): SentChange[] => [{ op, row: made }]);
  return fc.oneof(
    { weight: 5, arbitrary: one("upsert", upsert) },
    { weight: 3, arbitrary: one("update", update) },
    { weight: 2, arbitrary: one("delete", remove) },
    // A row whose key cannot be read.
    { weight: 1, arbitrary: one("upsert", record({ text: fc.constantFrom("a", "b") })) },
    {
      // A new key is a deletion and an upsert, for the model as for the importer.
      weight: 1,
      arbitrary: fc.tuple(id, upsert).map(([old, row]): SentChange[] => [
        { op: "delete", row: { id: old } },
        { op: "upsert", row },
      ]),
    },
  );
}
