// @vitest-environment node
import fc from "fast-check";
import { expect, test } from "vitest";
import { record, state, status, stream, Writing } from "./support/airbyte.js";
import { mirror, Sink } from "./support/sink.js";

const STREAMS = ["a", "b", "c"];

/** What a source may send, in any order. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("record" as const), stream: fc.constantFrom(...STREAMS) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("state" as const), stream: fc.constantFrom(...STREAMS) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pause" as const), ms: fc.nat(5) }) },
);

/** What happens to the deliveries, one after another. */
const fate = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("serve" as const), ms: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "lose answer" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "hang up" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "busy" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "refuse" as const }) },
);

/** At any moment: the states are the first ones of the source, in its order, and all rows before them are applied. */
test("whatever happens on the way, a state comes after its rows and in its order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.array(fate, { maxLength: 20 }),
      fc.record({
        maxRows: fc.integer({ min: 1, max: 5 }),
        concurrency: fc.integer({ min: 1, max: 3 }),
        lingerMs: fc.constant(5),
      }),
      fc.option(fc.nat(60), { nil: null, freq: 4 }),
      async (steps, fates, limits, stopAfter) => {
        const sink = await Sink.start(STREAMS.map((name) => mirror(name)));
        try {
          const waiting = [...fates];
          sink.before = async ({ path }) => {
            const next = path === "/v1/deliveries" ? waiting.shift() : undefined;
            if (next?.kind === "serve") await new Promise((resolve) => setTimeout(resolve, next.ms));
            if (next?.kind === "lose answer") return "apply and hang up";
            if (next?.kind === "hang up") return "hang up";
            if (next?.kind === "busy") return { status: 429 };
            if (next?.kind === "refuse")
              return { status: 400, body: { code: "BadJsonBody", message: "No." } };
            return undefined;
          };
          const writing = new Writing(
            sink,
            STREAMS.map((name) => stream(name)),
            { limits, graceMs: 20 },
          );
          const rowsBefore: number[] = [];
          const sent: Record<string, number[]> = { a: [], b: [], c: [] };
          let rows = 0;
          let at = 0;
          for (const each of steps) {
            if (at++ === stopAfter) writing.abort.abort(143);
            if (each.kind === "pause") await new Promise((resolve) => setTimeout(resolve, each.ms));
            else if (writing.input.destroyed) break;
            else if (each.kind === "record") {
              sent[each.stream]!.push(rows);
              writing.send(record(each.stream, { id: rows++ }));
            } else {
              rowsBefore.push(rows);
              writing.send(state(each.stream, rowsBefore.length - 1));
            }
          }
          if (!writing.input.destroyed) writing.send(...STREAMS.map((name) => status(name, "COMPLETE")));
          const code = await writing.end();

          const states = writing.emitted.filter(({ message }) => message.type === "STATE");
          const cursors = states.map(({ line }) => Number(/"cursor":(\d+)/.exec(line)![1]));
          expect(cursors).toEqual(cursors.map((_, i) => i));
          for (const name of STREAMS) {
            const applied = sink.rows(name).map(({ id }) => id);
            expect(applied).toEqual(sent[name]!.slice(0, applied.length));
          }
          const applied = new Set(STREAMS.flatMap((name) => sink.rows(name).map(({ id }) => id)));
          const durable = cursors.length === 0 ? 0 : rowsBefore[cursors.length - 1]!;
          for (let id = 0; id < durable; id++) expect(applied).toContain(id);
          for (const [i, { applied: then }] of states.entries())
            expect(then).toBeGreaterThanOrEqual(rowsBefore[i]!);
          if (code === 0) {
            expect(cursors).toHaveLength(rowsBefore.length);
            expect(applied.size).toBe(rows);
          }
        } finally {
          await sink.close();
        }
      },
    ),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 60) },
  );
});
