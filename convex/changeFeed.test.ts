import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "../test/harness.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function record(app: App, ...changes: object[]): Promise<void> {
  await app.component("changeFeed:record", { changes });
}

test("a transaction leaves one document per table, in the order of the commits", async () => {
  const app = await App.start();
  await record(
    app,
    { table: "notes", written: ["a", "b"], deleted: [] },
    { table: "users", written: [], deleted: ["u"] },
    { table: "notes", written: ["c"], deleted: ["a"] },
  );
  await record(app, { table: "notes", written: ["b"], deleted: [] });
  const feed = await app.ledger("changes");
  expect(feed.map(({ table, written, deleted }) => ({ table, written, deleted }))).toEqual([
    { table: "notes", written: ["b", "c"], deleted: ["a"] },
    { table: "users", written: [], deleted: ["u"] },
    { table: "notes", written: ["b"], deleted: [] },
  ]);
  const [first, second, third] = feed.map(({ at }) => at as bigint);
  expect(first).toBe(second);
  expect(third! > first!).toBe(true);
});

test("no change, no document; thousands of ids take several", async () => {
  const app = await App.start();
  await record(app);
  await record(app, { table: "notes", written: [], deleted: [] });
  expect(await app.ledger("changes")).toEqual([]);
  const ids = Array.from({ length: 9_000 }, (_, i) => `id${String(i)}`);
  await record(
    app,
    { table: "notes", written: ids.slice(0, 8_000), deleted: [] },
    { table: "notes", written: ids.slice(8_000), deleted: [] },
  );
  const feed = await app.ledger("changes");
  expect(feed.flatMap(({ written }) => written)).toEqual(ids);
  expect(Math.max(...feed.map(({ written }) => written.length))).toBeLessThanOrEqual(8_192);
});
