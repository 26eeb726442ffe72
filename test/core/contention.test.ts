// @vitest-environment node
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Contention, measureContention } from "../../bench/contention/record.js";
import { conflictsOf, simulate } from "../../bench/contention/simulate.js";
import type { Schema } from "../../tools/local-convex/mock.js";
import { schema } from "./support/schema.js";
import { Sender, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

let measured: Promise<Contention> | undefined;
const contention = async () => await (measured ??= measureContention());

/** Which mutations read and which write each table, among the pairs. */
function byTable({ same }: Contention): Record<string, { readers: string[]; writers: string[] }> {
  const found: Record<string, { readers: Set<string>; writers: Set<string> }> = {};
  for (const { reader, writer, tables } of same) {
    for (const table of tables) {
      const entry = (found[table] ??= { readers: new Set(), writers: new Set() });
      entry.readers.add(reader);
      entry.writers.add(writer);
    }
  }
  return Object.fromEntries(
    Object.entries(found).map(([table, { readers, writers }]) => [
      table,
      { readers: [...readers].sort(), writers: [...writers].sort() },
    ]),
  );
}

test("POLITE-10: no transaction of one mirror makes one of another rerun", async () => {
  const { across, names, same } = await contention();
  expect(across).toEqual([]);
  // It would show: of one mirror, they do.
  expect(names).toContain("runs:cutOff");
  expect(same.length).toBeGreaterThan(50);
});

test("docs/architecture.md names the mutations of one mirror that conflict, and why that is rare", async () => {
  const page = readFileSync(new URL("../../docs/architecture.md", import.meta.url), "utf8");
  const [, section = ""] = /\n### Which mutations conflict\n([\s\S]*?)\n## /.exec(page) ?? [];
  const rows = section
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (documents|---)/.test(line));
  const namesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!).sort();
  const said = Object.fromEntries(
    rows.map((line) => {
      const [documents, readers, writers, why] = line.split(/(?<!\\)\|/).slice(1, -1);
      expect(why!.trim(), documents).toMatch(/\.$/);
      return [namesIn(documents!)[0], { readers: namesIn(readers!), writers: namesIn(writers!) }];
    }),
  );
  expect(said).toEqual(byTable(await contention()));
});

test("POLITE-11: eight senders of different mirrors are at least six times as fast as one, and one chunk of a hundred reruns at most", async () => {
  const conflicts = conflictsOf(await contention());
  const load = { seconds: 60, bytes: 15_000, conflicts };
  const [one, eight] = [await simulate({ ...load, senders: 1 }), await simulate({ ...load, senders: 8 })];
  expect(eight.chunksPerSecond).toBeGreaterThanOrEqual(6 * one.chunksPerSecond);
  expect(eight.rerunShare).toBeLessThanOrEqual(0.01);
  // With one document that all chunks write, they would be no faster than one.
  const shared = await simulate({
    ...load,
    senders: 8,
    conflicts: (reader, writer, isSame) =>
      conflicts(reader, writer, isSame) || (reader === "ingest:applyChunk" && writer === reader),
  });
  expect(shared.chunksPerSecond).toBeLessThan(2 * one.chunksPerSecond);
});

test("POLITE-11: the jobs of a run write nothing that its chunks read while chunks come", async () => {
  const world = await World.start({ schema: schema as unknown as Schema });
  const sender = await Sender.begin(world, "punctual", { silenceSeconds: 60 });
  await sender.deliver(upsert({ id: 0, text: "a" }));
  const recorded = world.record();
  for (let id = 1; id < 95; id++) {
    await world.passTime(700);
    await sender.deliver(upsert({ id, text: "a" }));
  }
  const jobs = recorded.filter(({ name }) => /publish|expire|check$/.test(name));
  expect(new Set(jobs.map(({ name }) => name)).size).toBe(3);
  const chunks = recorded.filter(({ name }) => name === "ingest:applyChunk");
  const disturbing = jobs.filter(({ changes }) =>
    changes.some((change) => chunks.some(({ read }) => read.hasRead(change))),
  );
  expect(disturbing).toEqual([]);
  await world.passTime(2_000);
  const [row] = (await world.ledger("mirrors")).filter(({ name }) => name === "punctual");
  expect(row!.rows).toBe(95);
});

test("POLITE-12: large rows of many senders leave room for the app: none of its mutations is refused", async () => {
  const conflicts = conflictsOf(await contention());
  for (const senders of [1, 8, 32]) {
    const outcome = await simulate({ senders, seconds: 120, bytes: 4 << 20, conflicts });
    expect(outcome.appRefused, `${String(senders)} senders`).toBe(0);
    expect(outcome.chunksPerSecond).toBeGreaterThan(0.9);
  }
});
