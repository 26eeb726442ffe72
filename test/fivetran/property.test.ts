/** Random sequences of requests against a model: a Map for the table, and what each operation means to it. */
import type { Value } from "convex/values";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { expectConserved } from "../airbyte/support.js";
import { App } from "../harness.js";
import { apply, truncate, type Op } from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
  // Each delivery is logged, and here are hundreds.
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Row = Record<string, Value>;
type Own = { id: string; synced?: number; deleted?: boolean; columns?: Row };

interface Operation {
  op: Op;
  id: string;
  fields: Row;
  own: Omit<Own, "id">;
}

type Request =
  | { kind: "apply"; operations: Operation[]; cut: number; times: number; fails: boolean }
  | { kind: "truncate"; how: "SoftDelete" | "HardDelete"; before: number | null; times: number };

const anyTime = fc.constantFrom(-500.5, 0, 1_000, 2_000.5, 3_000, 9_000);
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const defined = (row: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));

const anyOperation: fc.Arbitrary<Operation> = fc.record({
  op: fc.constantFrom("Upsert" as const, "Upsert" as const, "Update" as const, "HardDelete" as const),
  id: fc.constantFrom("a", "b", "c"),
  fields: fc
    .record({ name: some(fc.constantFrom("n", "m")), objectField: some(fc.constantFrom({ a: 1 }, { b: 2 })) })
    .map((row) => defined(row) as Row),
  own: fc
    .record({
      synced: some(anyTime),
      deleted: some(fc.boolean()),
      columns: some(
        fc
          .record({ file: some(fc.constantFrom("f", "g")), line: some(fc.constantFrom(1n, null)) })
          .map(defined),
      ),
    })
    .map((row) => defined(row)),
});

const anyRequest: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("apply" as const),
      operations: fc.array(anyOperation, { minLength: 1, maxLength: 8 }),
      // A connector whose request broke off sends it again from its beginning.
      cut: fc.nat(8),
      times: fc.constantFrom(1, 1, 2),
      fails: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("truncate" as const),
      how: fc.constantFrom("SoftDelete" as const, "HardDelete" as const),
      before: fc.option(fc.constantFrom(0, 1_000, 2_000, 2_001, 5_000)),
      times: fc.constantFrom(1, 2),
    }),
  },
);

/** A table as the destination means it. */
class Table {
  readonly rows = new Map<string, { fields: Row; own: Own }>();

  apply({ op, id, fields, own }: Operation): void {
    const row = this.rows.get(id);
    if (op === "Upsert") this.rows.set(id, { fields, own: { id, ...own } });
    else if (op === "HardDelete") this.rows.delete(id);
    else if (row !== undefined) {
      const columns = own.columns === undefined ? row.own.columns : { ...row.own.columns, ...own.columns };
      this.rows.set(id, {
        fields: { ...row.fields, ...fields },
        own: { ...row.own, ...own, ...(columns !== undefined && { columns }) },
      });
    }
  }

  truncate(how: "SoftDelete" | "HardDelete", before: number | null): void {
    for (const [id, { own }] of [...this.rows]) {
      if (before !== null && !(own.synced !== undefined && own.synced < before)) continue;
      if (how === "HardDelete") this.rows.delete(id);
      else own.deleted = true;
    }
  }

  sorted() {
    return [...this.rows.values()].map(({ fields, own }) => ({ ...fields, fivetran: own })).sort(byId);
  }
}

function byId(a: { fivetran: Own }, b: { fivetran: Own }): number {
  return a.fivetran.id < b.fivetran.id ? -1 : 1;
}

const opsOf = (operations: readonly Operation[]) =>
  operations.map(({ op, id, fields, own }): [Op, Row] => [
    op,
    { ...fields, fivetran: { id, ...own } as unknown as Value },
  ]);

test.each([false, true])(
  "FIVETRAN-20: whatever is sent, sent again or cut off, the table is the destination's; with rows that wait: %s",
  async (mayWait) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRequest, { minLength: 1, maxLength: 8 }), async (requests) => {
        const app = await App.start();
        const table = new Table();
        for (const request of requests) {
          for (let time = 0; time < request.times; time++) {
            if (request.kind === "truncate") {
              const { how, before } = request;
              await truncate(app, "s_unkeyed", how, before === null ? null : new Date(before).toISOString());
              table.truncate(how, before);
              continue;
            }
            if (mayWait && request.fails) app.failWrites((write) => write.table === "unkeyed");
            for (const operations of [request.operations.slice(0, request.cut), request.operations]) {
              await apply(app, "s_unkeyed", ...opsOf(operations));
              for (const operation of operations) table.apply(structuredClone(operation));
            }
            app.failWrites(null);
          }
        }
        if (mayWait) await app.call("replayQuarantine", { mirror: "unkeyed" });
        expect((await app.status("unkeyed")).quarantined).toBe(0);
        expect(((await app.rows("unkeyed")) as { fivetran: Own }[]).sort(byId)).toEqual(table.sorted());
        await expectConserved(app, "unkeyed");
      }),
      { numRuns: 60 },
    );
  },
  120_000,
);
