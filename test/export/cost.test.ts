import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { measureRecording } from "../../bench/export.js";
import { pageOf, startReading, writeNotes, type Reading } from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The door from Convex functions to the database, which convex-test puts up. */
interface Door {
  syscall: (op: string, args: string) => string;
  asyncSyscall: (op: string, args: string) => Promise<string>;
  jsSyscall: (op: string, args: unknown) => unknown;
}

/** Ranges of indexes that some work reads: each query, each page, each get. */
async function rangesOf(work: () => Promise<unknown>): Promise<number> {
  const holder = globalThis as unknown as { Convex: Door };
  const door = holder.Convex;
  let ranges = 0;
  holder.Convex = {
    jsSyscall: (op, args) => door.jsSyscall(op, args),
    syscall: (op, args) => {
      if (op === "1.0/queryStream") ranges += 1;
      return door.syscall(op, args);
    },
    asyncSyscall: async (op, args) => {
      if (op === "1.0/get" || op === "1.0/queryPage") ranges += 1;
      return await door.asyncSyscall(op, args);
    },
  };
  try {
    await work();
  } finally {
    holder.Convex = door;
  }
  return ranges;
}

/** What a page of `changes` changes, in as many transactions, costs in a table of `rows` rows. */
async function costOf(rows: number, changes: number): Promise<number> {
  const reading: Reading = await startReading(["notes"]);
  const ids = await writeNotes(reading, {
    insert: Array.from({ length: rows }, (_, i) => ({ text: String(i) })),
  });
  const { snapshot } = pageOf(await reading.get("/api/list_snapshot"));
  for (const id of ids.slice(0, changes)) await writeNotes(reading, { patch: [{ id, text: "!" }] });
  return await rangesOf(async () =>
    reading.app.component("exportReaders:changes", {
      tables: ["notes"],
      cursor: snapshot,
      limit: 1_000,
      maxBytes: 4_000_000,
    }),
  );
}

test("EXPORT-4: a page of changes reads one range for each row, and two or three more, however large the table is", async () => {
  expect(await costOf(20, 0)).toBeLessThanOrEqual(2);
  const small = await costOf(20, 10);
  // Less than rows, documents of the feed and two.
  expect(small).toBeLessThanOrEqual(10 + 3);
  expect(await costOf(1_000, 10)).toBe(small);
});

test("EXPORT-6: recording costs a document per mutation and exported table, one per chunk of an import, and nothing else", async () => {
  const costs = await measureRecording();
  const written = (name: string) => costs[name]!.ledgerWrites;
  expect(written("mutation, 100 rows of one exported table")).toBe(1);
  expect(written("mutation, 100 rows of two")).toBe(2);
  expect(costs["mutation, 100 rows of none"]).toEqual({ ledgerWrites: 0, ranges: 0, documentsRead: 0 });
  const plain = costs["delivery, mirror that is not exported"]!;
  expect(costs["delivery, exported mirror"]).toEqual({
    ...plain,
    ledgerWrites: plain.ledgerWrites + 1,
    // It comes second: what the run before it has written is read, for the write budget.
    documentsRead: plain.documentsRead + 1,
  });
});
