import type { Value } from "convex/values";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { expectConserved } from "../airbyte/support.js";
import { App } from "../harness.js";
import { apply, APPLY, expectDone, HEADERS, onlyRow, operation, truncate, type Op } from "./support.js";

/** What holds for every sender holds for Fivetran's destination. */

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Row = Record<string, Value>;

test("FIVETRAN-16: a row that cannot be stored waits in quarantine, and its neighbours are applied", async () => {
  const app = await App.start();
  await apply(
    app,
    "s_plain",
    ["Upsert", { id: 1n, name: "a" }],
    ["Upsert", { id: 2n, name: { not: "text" }, more: "no number" }],
    ["Upsert", { name: "without its key" }],
    ["Update", { id: 2n, name: "later" }],
  );
  expect(await app.rows("plain")).toEqual([{ id: 1n, name: "a" }]);
  const entries = await app.ledger("quarantine");
  expect(entries.map(({ code }) => code).sort()).toEqual([
    "HeldBehind",
    "MissingPrimaryKeyValue",
    "TypeMismatch",
  ]);
  await apply(app, "s_plain", ["Upsert", { id: 2n, name: "b" }]);
  expect((await app.rows("plain")).length).toBe(2);
  expect((await app.status("plain")).quarantined).toBe(1);
  await expectConserved(app, "plain");
});

test("FIVETRAN-16: an update that waited keeps what it removes inside of fivetran", async () => {
  const app = await App.start();
  await apply(app, "s_unkeyed", ["Upsert", { fivetran: { id: "a", columns: { file: "f", line: 1n } } }]);
  app.failWrites(({ table, op }) => table === "unkeyed" && op === "replace");
  await apply(app, "s_unkeyed", [
    "Update",
    { fivetran: { id: "a", deleted: true, columns: { file: null } } },
  ]);
  expect((await app.status("unkeyed")).quarantined).toBe(1);
  app.failWrites(null);
  await app.call("replayQuarantine", { mirror: "unkeyed" });
  expect(await app.rows("unkeyed")).toEqual([
    { fivetran: { id: "a", deleted: true, columns: { line: 1n } } },
  ]);
});

test("FIVETRAN-16: a deletion that could not be applied is replayed", async () => {
  const app = await App.start();
  await apply(app, "s_ordered", ["Upsert", { id: 1, fivetran: { synced: 1 } }]);
  await apply(app, "s_ordered", ["Upsert", { id: 2, fivetran: { synced: 1 } }]);
  app.failWrites(({ table }) => table === "ordered");
  await apply(app, "s_ordered", ["HardDelete", { id: 1, fivetran: { synced: 2 } }]);
  await apply(app, "s_ordered", ["HardDelete", { id: 2, fivetran: { synced: 0 } }]);
  app.failWrites(null);
  await app.call("replayQuarantine", { mirror: "ordered" });
  expect(await app.rows("ordered")).toEqual([{ id: 2, fivetran: { synced: 1 } }]);
  expect((await app.status("ordered")).quarantined).toBe(0);
  await expectConserved(app, "ordered");
});

test("FIVETRAN-17: where the mirror declares it, the time of syncing orders the changes of a row", async () => {
  const app = await App.start();
  const row = (text: string, synced: number): Row => ({ id: 1, text, fivetran: { synced, deleted: false } });
  await apply(app, "s_ordered", ["Upsert", row("new", 2_000.5)]);
  await apply(app, "s_ordered", ["Upsert", row("old", 2_000.25)]);
  await apply(app, "s_ordered", ["Update", { id: 1, text: "old", fivetran: { synced: 1_000 } }]);
  await apply(app, "s_ordered", ["HardDelete", { id: 1, fivetran: { synced: 1_000 } }]);
  expect(await app.rows("ordered")).toEqual([row("new", 2_000.5)]);
  expect((await app.status("ordered")).total).toMatchObject({ received: 4, inserted: 1, stale: 3 });
  await apply(app, "s_ordered", ["HardDelete", { id: 1, fivetran: { synced: 3_000 } }]);
  await apply(app, "s_ordered", ["Upsert", row("late", 2_500)]);
  expect(await app.rows("ordered")).toEqual([]);
  await apply(app, "s_ordered", ["Upsert", row("again", 4_000)]);
  expect(await onlyRow(app, "ordered")).toEqual(row("again", 4_000));
  // What a truncation takes away has the time of its own syncing, so that it may be sent again.
  await truncate(app, "s_ordered", "HardDelete");
  await apply(app, "s_ordered", ["Upsert", row("resynced", 5_000)]);
  expect(await onlyRow(app, "ordered")).toEqual(row("resynced", 5_000));
  await expectConserved(app, "ordered");
});

test("FIVETRAN-16: unknown columns are noted as drift, Fivetran's own among them", async () => {
  const app = await App.start();
  await apply(app, "s_plain", ["Upsert", { id: 1n, fax: "5", fivetran: { columns: { row: 5n } } }]);
  expect(await app.rows("plain")).toEqual([{ id: 1n, fivetran: {} }]);
  const noted = (await app.call("drift", { mirror: "plain" })) as { drift?: { field: string }[] };
  const fields = JSON.stringify(noted);
  expect(fields).toContain('"fax"');
  expect(fields).toContain('"fivetran.columns"');
});

test("FIVETRAN-16: writes stay inside the budget, and wait for it rather than be refused", async () => {
  const app = await App.start();
  const rows = Array.from({ length: 20 }, (_, i): [Op, Row] => [
    "Upsert",
    { id: BigInt(i), name: "x".repeat(500_000) },
  ]);
  const startedAt = Date.now();
  await app.whileTimePasses(apply(app, "s_plain", ...rows));
  const { rows: stored, total } = await app.status("plain");
  expect({ stored, inserted: total.inserted }).toEqual({ stored: 20, inserted: 20 });
  // 10 MB at 2 MiB/s, less what may be overdrawn.
  expect(Date.now() - startedAt).toBeGreaterThan(2_000);
});

test("FIVETRAN-12: a token opens the mirrors that it names, and nothing of a mixed request is applied", async () => {
  const app = await App.start(["plain"]);
  const answer = await app.send(
    "POST",
    APPLY,
    [operation("s_plain", "Upsert", { id: 1n }), operation("s_books", "Upsert", { id: 1n })],
    HEADERS,
  );
  expect([answer.status, answer.json().code]).toEqual([403, "OperationNotPermitted"]);
  expect(await app.rows("plain")).toEqual([]);
});

test("FIVETRAN-15: rows of a table without a mirror are refused with its declaration, before anything is written", async () => {
  const app = await App.start();
  const fivetran = { id: "a", synced: 1, deleted: false, columns: { line: 1n, _x: 2n } };
  const answer = await app.send(
    "POST",
    APPLY,
    [
      operation("s_plain", "Upsert", { id: 1n }),
      operation("s_nope", "Upsert", {
        at: 5,
        name: "n",
        raw: new ArrayBuffer(1),
        any: { a: 1 },
        none: null,
        fivetran,
      }),
    ],
    HEADERS,
  );
  expect([answer.status, answer.json().code]).toEqual([400, "MissingStream"]);
  expect(answer.json().message).toContain(`s_nope: mirrorTable(
  {
    any: v.any(),
    at: v.union(v.number(), v.null()),
    name: v.union(v.string(), v.null()),
    none: v.any(),
    raw: v.union(v.bytes(), v.null()),
  },
  { primaryKey: ["fivetran.id"], fivetran: { softDelete: true, id: true, columns: { _x: v.optional(v.union(v.int64(), v.null())), line: v.optional(v.union(v.int64(), v.null())) } } },
),`);
  expect(await app.rows("plain")).toEqual([]);
  expect((await app.call("unknownStreams")) as unknown[]).toMatchObject([{ stream: "s_nope" }]);
});

test("FIVETRAN-6: updates and deletions of a table without a mirror do nothing", async () => {
  const app = await App.start();
  await apply(app, "s_nope", ["Update", { id: 1n }], ["HardDelete", { id: 1n }]);
});

test("a table whose mirror is not for Fivetran is refused", async () => {
  const app = await App.start();
  const answer = await app.send("POST", APPLY, [operation("public_users", "HardDelete", { id: 1 })], HEADERS);
  expect(answer.json()).toMatchObject({
    code: "MissingStream",
    message: expect.stringMatching(/Add the option fivetran: \{\}/),
  });
});

test("FIVETRAN-18: a body that is no array of operations is refused, and nothing of it is applied", async () => {
  const app = await App.start();
  const good = JSON.stringify(operation("s_plain", "Upsert", { id: 1n }));
  for (const body of [
    "",
    "{}",
    "[",
    `[${good}`,
    `[${good},`,
    `[${good},]`,
    `[${good}]]`,
    `[${good}] x`,
    `[${good} ${good}]`,
    `[,${good}]`,
    `[${good},{"table":"s_plain"}]`,
    `[${good},{"table":"s_plain","operation":"Delete","row":{}}]`,
    `[${good},{"table":"s_plain","operation":"toString","row":{}}]`,
    `[${good},{"table":"s_plain","operation":9007199254740993,"row":{}}]`,
    `[${good},{"table":"s_plain","operation":${"[".repeat(30_000)}${"]".repeat(30_000)},"row":{}}]`,
    `[${good},{"table":"s_plain","operation":"${"x".repeat(70_000)}","row":{}}]`,
    `[${good},{"table":"s_plain","operation":"Upsert","row":{"a":"]}]`,
    `[${good},null]`,
    `[${good},"\\"]"]`,
  ]) {
    const answer = await app.send("POST", APPLY, body, HEADERS);
    expect([answer.status, answer.json().code], body.slice(0, 500)).toEqual([400, "BadJsonBody"]);
    expect(answer.text.length).toBeLessThan(500);
  }
  expect(await app.rows("plain")).toEqual([]);
  const odd = { id: 1n, name: 'a "quoted", [bracketed] \\ {name}' };
  await expectDone(
    app.send("POST", APPLY, ` [\n ${JSON.stringify(operation("s_plain", "Upsert", odd))} \t]\r\n`, HEADERS),
  );
  expect(await app.rows("plain")).toEqual([odd]);
});
