/** However much waits in quarantine, it can be replaced, listed, replayed, discarded and pruned. */
import type { Value } from "convex/values";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { expectConserved } from "../airbyte/support.js";
import { App } from "../harness.js";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Row = Record<string, Value>;

/** A sender of protocol v1, in one run of `conformance_plain`'s kind: a mirror with a key, without a version. */
async function sender(app: App) {
  const begun = await app.send("POST", "/v1/runs", { mirror: "plain", syncMode: "append_dedup" });
  const { run } = begun.json() as unknown as { run: string };
  let sequence = 0;
  return async (...changes: [op: "upsert" | "update" | "delete", row: Row][]) => {
    sequence += 1;
    const answer = await app.send("POST", "/v1/deliveries", {
      run,
      delivery: `d${String(sequence)}`,
      sequence,
      changes: changes.map(([op, { id, ...row }]) => ({ op, row: { id: int64(id as number), ...row } })),
    });
    expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, expect.anything()]);
    return (answer.json() as unknown as { counts: Record<string, number> }).counts;
  };
}

function int64(id: number): Value {
  return { $integer: btoa(`${String.fromCharCode(id)}\0\0\0\0\0\0\0`) };
}

const waiting = async (app: App) => (await app.status("plain")).quarantined;

test("TOLERANT-4: a whole row replaces all that waits for its key, however many changes these are", async () => {
  const app = await App.start();
  const deliver = await sender(app);
  await deliver(["upsert", { id: 1, more: "no number" }]);
  await deliver(
    ...Array.from({ length: 40 }, (_, i): ["update", Row] => ["update", { id: 1, name: `old${String(i)}` }]),
  );
  expect(await waiting(app)).toBe(41);
  expect(await deliver(["upsert", { id: 1, name: "NEWEST", more: 1 }])).toMatchObject({ inserted: 1 });
  expect(await waiting(app)).toBe(0);
  expect(await app.call("replayQuarantine", { mirror: "plain" })).toMatchObject({ applied: 0 });
  expect(await app.rows("plain")).toEqual([{ id: 1n, name: "NEWEST", more: 1 }]);
  await expectConserved(app, "plain");
});

/** 240 kB of text that is 80,000 characters. */
const LARGE = "大".repeat(80_000);

test("OPERATE-11: changes of the largest size that wait for one key block neither it nor the operator", async () => {
  const app = await App.start();
  const deliver = await sender(app);
  await deliver(["upsert", { id: 1, more: "no number" }]);
  for (let i = 0; i < 40; i++) await deliver(["update", { id: 1, name: LARGE }]);
  expect(await waiting(app)).toBe(41);
  let listed = 0;
  for (let after: string | undefined; ;) {
    const page = (await app.call("listQuarantine", {
      mirror: "plain",
      ...(after !== undefined && { after }),
    })) as {
      cursor: string;
    }[];
    if (page.length === 0) break;
    listed += page.length;
    after = page.at(-1)!.cursor;
  }
  expect(listed).toBe(41);
  expect(await app.call("replayQuarantine", { mirror: "plain" })).toMatchObject({ applied: 0, waiting: 41 });
  // More than a transaction can delete: what replaces it waits behind the rest, and the next replaces that.
  for (let i = 0; i < 4; i++) await deliver(["upsert", { id: 1, name: `whole ${String(i)}` }]);
  expect(await waiting(app)).toBe(0);
  expect(await app.rows("plain")).toEqual([{ id: 1n, name: "whole 3" }]);
  await expectConserved(app, "plain");
});

test("OPERATE-11: changes of the largest size are discarded, and pruned", async () => {
  const app = await App.start();
  const deliver = await sender(app);
  for (let i = 0; i < 60; i++) await deliver(["upsert", { id: i, more: LARGE }]);
  let discarded = 0;
  for (let page = 1; page > 0; discarded += page)
    page = (await app.call("discardQuarantine", { mirror: "plain" })) as number;
  expect(discarded).toBe(60);
  for (let i = 0; i < 60; i++) await deliver(["upsert", { id: i, more: LARGE }]);
  expect(await waiting(app)).toBe(60);
  vi.setSystemTime(Date.now() + 31 * 86_400_000);
  // It schedules itself until it is done.
  for (let i = 0; i < 4; i++) await app.component("maintenance:prune");
  expect(await waiting(app)).toBe(0);
  expect(await app.ledger("quarantine")).toEqual([]);
});

test("TOLERANT-6: a replay tries each change once, also where the last one of a page leaves", async () => {
  const app = await App.start();
  const deliver = await sender(app);
  await deliver(
    ...Array.from({ length: 31 }, (_, i): ["upsert", Row] => ["upsert", { id: i, more: "no number" }]),
  );
  app.failWrites(({ table }) => table === "plain");
  await deliver(
    ...Array.from({ length: 90 }, (_, i): ["upsert", Row] => ["upsert", { id: 31 + i, more: i }]),
  );
  app.failWrites(null);
  expect(await app.call("replayQuarantine", { mirror: "plain" })).toMatchObject({ applied: 90, waiting: 31 });
  expect(await waiting(app)).toBe(31);
});
