import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "../test/harness.js";
import { importRows } from "../test/airbyte/support.js";
import schema from "./schema.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const handles = { read: "r", write: "w" };
const behaviour = { deletes: "hard", policy: "ignore" };
const customers = {
  name: "customers",
  source: "public.customers",
  primaryKey: "id",
  keyed: true,
  owner: "Sales",
  ...behaviour,
};
const orders = { name: "orders", source: "orders", primaryKey: "none", keyed: false, ...behaviour };

async function declare(app: App, mirrors: object[], fingerprint = "f"): Promise<void> {
  await app.component("registry:declare", {
    fingerprint,
    handles,
    budget: { bytesPerSecond: 1_000_000 },
    mirrors,
  });
}

test("the first declaration lists every mirror, waiting", async () => {
  const app = await App.start();
  await declare(app, [customers, orders]);
  expect(await app.status("customers")).toMatchObject({
    source: "public.customers",
    state: "waiting",
    rows: 0,
    lastAppliedAt: null,
    lastError: null,
  });
  expect(await app.ledger("mirrors")).toMatchObject([customers, orders]);
  expect(await app.ledger("app")).toMatchObject([{ fingerprint: "f", handles }]);
});

test("a second declaration replaces the words, drops those that are gone, and keeps the counts", async () => {
  const app = await App.start();
  await declare(app, [{ ...customers, version: "updated_at", expectEveryMs: 60_000 }]);
  await app.inLedger(async (ctx) => {
    const mirror = await ctx.db.query("mirrors").first();
    await ctx.db.patch("mirrors", mirror!._id, { rows: 7, state: "upToDate", generation: 3 });
  });
  const { owner: _owner, ...words } = customers;
  await declare(
    app,
    [{ ...words, source: "crm.customers", primaryKey: "id, region", deletes: "soft", policy: "freeze" }],
    "g",
  );
  const [mirror, ...others] = await app.ledger("mirrors");
  expect(others).toEqual([]);
  expect(mirror).toMatchObject({
    source: "crm.customers",
    primaryKey: "id, region",
    deletes: "soft",
    policy: "freeze",
    rows: 7,
    generation: 3,
  });
  expect(mirror).not.toHaveProperty("version");
  expect(mirror).not.toHaveProperty("owner");
  expect(mirror).not.toHaveProperty("expectEveryMs");
  expect(mirror!.state).toBe("upToDate");
  expect(await app.ledger("app")).toMatchObject([{ fingerprint: "g" }]);
});

test("a mirror that leaves the schema is shown as removed, and goes on where it was when it comes back", async () => {
  const app = await App.start();
  await app.call("declare");
  await importRows(app, "users", [{ id: 1, name: "a" }]);
  await declare(app, [customers], "without users");
  expect(await app.status("users")).toMatchObject({ state: "removed", rows: 1 });
  expect((await app.status("users")).reason).toContain("No longer in schema.ts");

  // The next request brings the app's own declaration.
  expect((await importRows(app, "events", [])).status).toBe(200);
  expect(await app.status("users")).toMatchObject({ state: "upToDate", rows: 1, total: { inserted: 1 } });
  expect(await app.status("ledger")).toMatchObject({ state: "waiting" });
  expect(await app.status("customers")).toMatchObject({ state: "removed" });
});

test("the first request after a deploy declares, the others do not", async () => {
  const app = await App.start();
  await importRows(app, "events", [{ kind: "a" }]);
  const [first] = await app.ledger("app");
  await app.passTime(1_000);
  await importRows(app, "events", [{ kind: "b" }]);
  expect(await app.ledger("app")).toEqual([first]);
  await declare(app, [customers], "of an older deploy");
  await importRows(app, "events", [{ kind: "c" }]);
  expect(await app.ledger("app")).toMatchObject([{ fingerprint: first!.fingerprint }]);
});

test("a stream is unknown no more once a mirror has its name, or names it as its source", async () => {
  const app = await App.start();
  for (const stream of ["orders", "public_customers", "others"]) {
    await app.component("unknownStreams:recordUnknownStream", { stream, snippet: "s", token: "t" });
  }
  await declare(app, [customers, orders]);
  expect((await app.ledger("unknownStreams")).map(({ stream }) => stream)).toEqual(["others"]);
});

test("a failure is shown with its time and code, and the next success clears all but the last error", async () => {
  const app = await App.start();
  await app.call("declare");
  await app.component("registry:recordFailure", {
    mirror: "events",
    reason: "Bad.",
    code: "Oops",
    message: "Too bad.",
  });
  const failed = await app.status("events");
  expect(failed).toMatchObject({ state: "failed", reason: "Bad." });
  expect(failed.lastError).toBe(`${new Date().toISOString()} Oops: Too bad.`);
  await importRows(app, "events", [{ kind: "a" }]);
  expect((await app.status("events")).state).not.toBe("failed");
  expect((await app.status("events")).lastError).toBe(failed.lastError);
});

test("a failure of a mirror that nobody declares is no failure of its own", async () => {
  const app = await App.start();
  await app.component("registry:recordFailure", {
    mirror: "nobody",
    reason: "Bad.",
    code: "Oops",
    message: "Too bad.",
  });
  expect(await app.ledger("mirrors")).toEqual([]);
});

test("SEE-6: the columns that people look for come first in the table of mirrors, and hold words", async () => {
  expect(Object.keys(schema.tables.mirrors.validator.fields).slice(0, 16)).toEqual([
    "name",
    "source",
    "state",
    "reason",
    "hint",
    "syncMode",
    "primaryKey",
    "rows",
    "lagMs",
    "lastAppliedAt",
    "lastRun",
    "progress",
    "quarantined",
    "drift",
    "owner",
    "policy",
  ]);
  const app = await App.start();
  await importRows(app, "events", [{ kind: "a" }]);
  const events = (await app.ledger("mirrors")).find(({ name }) => name === "events");
  expect(events).toMatchObject({
    source: "public.events",
    state: "snapshotting",
    hint: "Nothing to do. The mirror is up to date when everything has arrived.",
    primaryKey: "none",
    lastRun: `1: running since ${new Date().toISOString()}`,
    drift: 0,
    policy: "evolve",
    deletes: "hard",
  });
});
