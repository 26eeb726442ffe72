import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PAGE } from "../../src/client/exporting/limits.js";
import { importTo, pageOf, startReading, writeNotes, type Reading, type Value } from "./support.js";

/** A reader that stops anywhere and resumes, while others write: it ends with the tables as they are. */

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const RUNS = Number(process.env.SOAK_RUNS ?? 40);

type Step =
  | { do: "insert"; texts: string[] }
  | { do: "patch" | "remove"; which: number[] }
  | { do: "import"; rows: { k: string; v: number }[] }
  | { do: "uproot"; k: string }
  | { do: "read"; pages: number };

const key = fc.constantFrom("a", "b", "c", "d");
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant("insert" as const),
      texts: fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({
      do: fc.constantFrom("patch" as const, "remove" as const),
      which: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      do: fc.constant("import" as const),
      rows: fc.array(fc.record({ k: key, v: fc.integer() }), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ do: fc.constant("uproot" as const), k: key }),
    fc.record({ do: fc.constant("read" as const), pages: fc.integer({ min: 1, max: 4 }) }),
  ),
  { maxLength: 24 },
);

const usualRows = PAGE.rows;
afterEach(() => {
  PAGE.rows = usualRows;
});

/** A reader of all tables, a page at a time. */
class Reader {
  readonly copy = new Map<string, Value>();
  #snapshot: { cursor: string | null; since: bigint | null } | null = { cursor: null, since: null };
  #since = 0n;

  constructor(
    readonly reading: Reading,
    readonly format: string,
  ) {}

  /** Reads a page; true at the end of the changes. */
  async page(): Promise<boolean> {
    const selection = { _other: "included" };
    if (this.#snapshot !== null) {
      const { cursor, since: snapshot } = this.#snapshot;
      const body = { cursor, snapshot, selection, format: this.format };
      const page = pageOf(await this.reading.post("/api/list_snapshot", body));
      for (const value of page.values) this.copy.set(value._id, value);
      this.#since = page.snapshot;
      this.#snapshot = page.hasMore ? { cursor: page.cursor, since: this.#since } : null;
      return false;
    }
    const body = { cursor: this.#since, selection, format: this.format };
    const page = pageOf(await this.reading.post("/api/document_deltas", body));
    let last = this.#since;
    const seen = new Set<string>();
    for (const value of page.values) {
      expect(value._ts >= last && value._ts <= BigInt(page.cursor)).toBe(true);
      expect(seen.has(value._id)).toBe(false);
      seen.add(value._id);
      last = value._ts;
      if (value._deleted === true) this.copy.delete(value._id);
      else this.copy.set(value._id, value);
    }
    expect(BigInt(page.cursor) >= this.#since).toBe(true);
    this.#since = BigInt(page.cursor);
    return !page.hasMore;
  }
}

async function play(reading: Reading, step: Exclude<Step, { do: "read" }>): Promise<void> {
  const ids = await reading.app.t.run(async (ctx) =>
    (await ctx.db.query("notes").collect()).map(({ _id }) => _id),
  );
  switch (step.do) {
    case "insert":
      await writeNotes(reading, { insert: step.texts.map((text) => ({ text, secret: "s" })) });
      break;
    case "patch":
    case "remove": {
      const chosen = [
        ...new Set(step.which.map((n) => ids[n % ids.length]).filter((id) => id !== undefined)),
      ];
      if (step.do === "remove") await writeNotes(reading, { remove: chosen });
      else await writeNotes(reading, { patch: chosen.map((id) => ({ id, text: `${String(step.which)}!` })) });
      break;
    }
    case "import":
      await importTo(reading.app, "regions", step.rows, [["k"]]);
      break;
    case "uproot":
      await importTo(
        reading.app,
        "regions",
        [{ k: step.k, _ab_cdc_deleted_at: "2026", _ab_cdc_lsn: 1 }],
        [["k"]],
      );
  }
}

async function expectSame({ copy, reading }: Reader): Promise<void> {
  const stored = await reading.app.t.run(async (ctx) => [
    ...(await ctx.db.query("notes").collect()).map(({ _id, text }) => [_id, text]),
    ...(await ctx.db.query("regions").collect()).map(({ _id, v }) => [_id, v]),
  ]);
  const copied = [...copy.values()].map(({ _id, text, v }) => [_id, text ?? v]);
  expect(copied.sort()).toEqual(stored.sort());
}

describe.each(["json", "convex_encoded_json", "export_json"])("in the format %s", (format) => {
  test("EXPORT-1: a reader that stops anywhere ends with the tables as they are, whatever the size of its pages", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(1, 2, 3, 1_000), async (sequence, rows) => {
        PAGE.rows = rows;
        const reading = await startReading(["notes", "regions"]);
        const reader = new Reader(reading, format);
        for (const step of sequence) {
          if (step.do !== "read") await play(reading, step);
          else for (let i = 0; i < step.pages; i++) await reader.page();
        }
        while (!(await reader.page()));
        await expectSame(reader);
      }),
      { numRuns: RUNS },
    );
  });
});

test("EXPORT-3: a transaction that is larger than a page comes on one page", async () => {
  PAGE.rows = 3;
  const reading = await startReading(["notes"]);
  const { snapshot } = pageOf(await reading.get("/api/list_snapshot?tableName=notes"));
  await writeNotes(reading, { insert: Array.from({ length: 20 }, (_, i) => ({ text: String(i) })) });
  await writeNotes(reading, { insert: [{ text: "next" }] });
  const answer = await reading.get(`/api/document_deltas?tableName=notes&cursor=${String(snapshot)}`);
  const page = pageOf(answer);
  expect(page.values).toHaveLength(20);
  expect(page.hasMore).toBe(true);
  expect(new Set(page.values.map(({ _ts }) => _ts)).size).toBe(1);
});
