import { makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ComponentApi } from "../../convex/_generated/component.js";
import { StreamingImport } from "../../src/client/index.js";
import { dashboardFunctions } from "../../src/dashboard/index.js";
import * as operations from "../app/operations.js";
import appSchema from "../app/schema.js";
import { App } from "../harness.js";

/** The functions that an app gives to its status pages, as those who call them see them. */

const SECRET = "s3cret@example.com";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-01-31T08:00:00.000Z") });
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Who = "nobody" | "viewer" | "operator";

async function ask(app: App, who: Who, name: string, args: object = {}): Promise<any> {
  const caller = who === "nobody" ? app.t : app.t.withIdentity({ name: who, role: who });
  const reference = `operations:${name}`;
  return (operations as any)[name].isMutation
    ? await caller.mutation(makeFunctionReference<"mutation">(reference), args)
    : await caller.query(makeFunctionReference<"query">(reference), args);
}

/** Users, one of whom waits in quarantine, and a field that the schema does not expect. */
async function imported(): Promise<App> {
  const app = await App.start();
  await send(app, [
    { id: 1, name: "Ada" },
    { id: 2, name: "Alan", age: SECRET },
    { id: 3, name: "Grace", nickname: SECRET },
  ]);
  return app;
}

async function send(app: App, rows: object[]): Promise<void> {
  const answer = await app.send("POST", "/v1/runs", { mirror: "users", syncMode: "append_dedup" });
  const { run } = answer.json() as unknown as { run: string };
  const changes = rows.map((row) => ({ op: "upsert", row }));
  await app.send("POST", "/v1/deliveries", { run, delivery: "d", sequence: 1, changes });
}

/** Arguments with which each function can be called. */
const ARGS: Record<keyof typeof operations, object> = {
  importStatus: {},
  mirrorStatus: { mirror: "users" },
  runs: { mirror: "users" },
  samples: { mirror: "users" },
  drift: { mirror: "users" },
  unknownStreams: {},
  exportReaders: {},
  reached: { mirror: "users", target: { time: "2026-01-31" } },
  quarantine: { mirror: "users" },
  quarantineReasons: { mirror: "users" },
  auditReport: { mirror: "users" },
  replay: { mirror: "users" },
  discard: { mirror: "users", ids: [] },
  pause: { mirror: "users" },
  resume: { mirror: "users" },
  sweep: { mirror: "users" },
  resetGeneration: { mirror: "users" },
  audit: { mirror: "users" },
  repair: { mirror: "users" },
  forgetDrift: { mirror: "users" },
  forgetStream: { stream: "x" },
};
const NAMES = Object.keys(ARGS) as (keyof typeof ARGS)[];
const VIEWED = [
  "importStatus",
  "mirrorStatus",
  "runs",
  "samples",
  "drift",
  "unknownStreams",
  "exportReaders",
  "reached",
  "quarantineReasons",
] as const satisfies (keyof typeof ARGS)[];

describe("authorisation is the app's", () => {
  test("SEE-1: a caller whom the check refuses gets only NotAuthorized from every function", async () => {
    const app = await imported();
    expect(NAMES.toSorted()).toEqual(Object.keys(operations).toSorted());
    for (const name of NAMES) {
      const refused = await ask(app, "nobody", name, ARGS[name]).catch((error: unknown) => error);
      expect(refused, name).toBeInstanceOf(Error);
      expect((refused as { data: unknown }).data, name).toMatchObject({ code: "NotAuthorized" });
    }
  });

  test("SEE-2: a caller who may only view sees no part of a row in any function", async () => {
    const app = await imported();
    await app.component("registry:recordFailure", {
      mirror: "users",
      reason: "The last request was refused: SchemaDrift.",
      code: "SchemaDrift",
      message: `The field "age": found ${SECRET}.`,
    });
    for (const name of VIEWED) {
      const seen = JSON.stringify(await ask(app, "viewer", name, ARGS[name]));
      expect(seen, name).not.toContain(SECRET);
    }
    expect(await ask(app, "viewer", "mirrorStatus", ARGS.mirrorStatus)).toMatchObject({
      state: "failed",
      reason: "The last request was refused: SchemaDrift.",
      lastError: "2026-01-31T08:00:00.000Z SchemaDrift",
      quarantined: 1,
    });
    for (const name of NAMES.filter((each) => !(VIEWED as readonly string[]).includes(each))) {
      await expect(ask(app, "viewer", name, ARGS[name]), name).rejects.toThrow("NotAuthorized");
    }
    expect(JSON.stringify(await ask(app, "operator", "mirrorStatus", ARGS.mirrorStatus))).toContain(SECRET);
    expect(JSON.stringify(await ask(app, "operator", "quarantine", ARGS.quarantine))).toContain(SECRET);
  });

  test("SEE-2: neither do reading tokens, the reasons of runs and mirrors, or the log, when a refresh is refused", async () => {
    const app = await App.start(["*"], { badRows: "refuse" });
    const log = vi.mocked(console.log);
    const tables = { public_users: { jsonSchema: {}, primaryKey: [["id"]] } };
    await app.send("PUT", "/api/streaming_import/clear_tables", { tableNames: ["public_users"] });
    const refused = await app.send("POST", "/api/streaming_import/import_airbyte_records", {
      tables,
      messages: [{ tableName: "public_users", data: { id: 1, age: SECRET } }],
    });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining(SECRET)]);
    const begun = await app.send("POST", "/v1/runs", { mirror: "users", syncMode: "append_dedup" });
    const { run } = begun.json() as unknown as { run: string };
    await app.send("POST", "/v1/deliveries", {
      run,
      delivery: "d",
      sequence: 1,
      changes: [{ op: "upsert", row: { id: 1, age: SECRET } }],
    });
    app.token = (await app.call("createToken", { name: "r", mirrors: ["*"], access: "read" })) as string;
    const status = (await app.send("GET", "/v1/status")).text;
    expect(status).toContain("SchemaEnforcementError");
    expect(status).not.toContain(SECRET);
    expect(JSON.stringify((await app.ledger("runs")).map(({ reason }) => reason))).not.toContain(SECRET);
    expect((await app.status("users")).reason).not.toContain(SECRET);
    expect((await app.status("users")).lastError).toContain(SECRET);
    expect(JSON.stringify(log.mock.calls)).not.toContain(SECRET);
  });

  test("SEE-3: nothing but true opens, and there is no default", async () => {
    const importer = new StreamingImport({} as ComponentApi, appSchema);
    expect(() => dashboardFunctions(importer, undefined as any)).toThrow(/authorize/);
    expect(() => dashboardFunctions(importer, {} as any)).toThrow(/authorize/);
    for (const answer of [undefined, "yes", 1, {}]) {
      const { importStatus } = dashboardFunctions(importer, { authorize: () => answer as any });
      await expect((importStatus as any)._handler({}, {})).rejects.toThrow("NotAuthorized");
    }
  });

  test("an error of the check refuses in its own words, and operating with it", async () => {
    const importer = new StreamingImport({} as ComponentApi, appSchema);
    const { pause } = dashboardFunctions(importer, {
      authorize: () => {
        throw new Error("Sign in first.");
      },
    });
    await expect((pause as any)._handler({}, { mirror: "users" })).rejects.toThrow("Sign in first.");
  });
});

describe("an operator", () => {
  test("sees every mirror, with what is under way, and that she may operate", async () => {
    const app = await imported();
    const { mirrors, mayOperate, unknownStreams } = await ask(app, "operator", "importStatus");
    expect({ mayOperate, unknownStreams }).toEqual({ mayOperate: true, unknownStreams: 0 });
    expect(mirrors.find(({ name }: { name: string }) => name === "users")).toMatchObject({
      state: "snapshotting",
      hint: "Nothing to do. The mirror is up to date when everything has arrived.",
      owner: "Accounts",
      policy: "evolve",
      deletes: "hard",
      drift: 1,
      quarantined: 1,
      rows: 2,
      lastRun: "1: running since 2026-01-31T08:00:00.000Z",
      run: { state: "running", received: 3, generation: null },
    });
    expect(await ask(app, "viewer", "importStatus")).toMatchObject({ mayOperate: false });
  });

  test("replays and discards what waits", async () => {
    const app = await imported();
    const [entry] = await ask(app, "operator", "quarantine", { mirror: "users" });
    await ask(app, "operator", "replay", { mirror: "users" });
    await app.passTime(1_000);
    expect(await ask(app, "operator", "quarantine", { mirror: "users" })).toMatchObject([{ id: entry.id }]);
    expect(await ask(app, "operator", "discard", { mirror: "users", ids: [entry.id] })).toBe(1);
    expect(await ask(app, "operator", "quarantine", { mirror: "users" })).toEqual([]);
    expect(await app.status("users")).toMatchObject({ quarantined: 0 });
  });

  test("sees quarantined changes by reason, and discards one reason, however many changes it has", async () => {
    const app = await imported();
    await send(
      app,
      Array.from({ length: 70 }, (_, i) =>
        i < 40 ? { name: String(i) } : { id: 10 + i, name: "y", age: "old" },
      ),
    );
    const reasons = () => ask(app, "viewer", "quarantineReasons", { mirror: "users" });
    expect(await reasons()).toMatchObject([
      { reason: "MissingPrimaryKeyValue id", field: "id", changes: 40, fix: null },
      {
        reason: "TypeMismatch age",
        field: "age",
        found: "string",
        changes: 31,
        fix: "age: v.optional(v.union(v.number(), v.string())),",
      },
    ]);
    const keyless = { mirror: "users", reason: "MissingPrimaryKeyValue id" };
    expect(await ask(app, "operator", "quarantine", keyless)).toHaveLength(32);
    expect(await ask(app, "operator", "discard", keyless)).toBe(32);
    await app.passTime(1_000);
    expect(await reasons()).toMatchObject([{ field: "age", changes: 31 }]);
    expect(await app.status("users")).toMatchObject({ quarantined: 31 });
  });

  test("lets a sender count its refreshes from 1 again", async () => {
    const app = await App.start();
    const begin = (generation: number) =>
      app.send("POST", "/v1/runs", { mirror: "users", syncMode: "overwrite", generation });
    const { run } = (await begin(5)).json() as unknown as { run: string };
    await app.send("POST", `/v1/runs/${run}/finish`, { outcome: "complete" });
    expect((await begin(1)).status).toBe(409);
    expect(await ask(app, "operator", "mirrorStatus", { mirror: "users" })).toMatchObject({ generation: 5 });
    await ask(app, "operator", "resetGeneration", { mirror: "users" });
    expect((await begin(1)).status).toBe(200);
  });

  test("pauses with a hint that says how to resume, and resumes", async () => {
    const app = await imported();
    await ask(app, "operator", "pause", { mirror: "users" });
    expect(await ask(app, "viewer", "mirrorStatus", { mirror: "users" })).toMatchObject({
      state: "paused",
      hint: "Resume it: npx streaming-import resume users",
    });
    await ask(app, "operator", "resume", { mirror: "users" });
    expect(await ask(app, "viewer", "mirrorStatus", { mirror: "users" })).toMatchObject({
      state: "rowsWaiting",
    });
  });

  test("reads drift as the lines to paste, and forgets it", async () => {
    const app = await imported();
    const { entries, snippet } = await ask(app, "viewer", "drift", { mirror: "users" });
    expect(entries).toMatchObject([{ field: "nickname", times: 1 }]);
    expect(snippet).toBe("  nickname: v.optional(v.string()), // seen once, first 2026-01-31");
    await ask(app, "operator", "forgetDrift", { mirror: "users" });
    expect(await ask(app, "viewer", "drift", { mirror: "users" })).toEqual({ entries: [], snippet: "" });
    expect(await ask(app, "viewer", "mirrorStatus", { mirror: "users" })).toMatchObject({ drift: 0 });
  });

  test("pages through the runs of a mirror", async () => {
    const app = await imported();
    await send(app, []);
    await send(app, []);
    const [newest, next] = await ask(app, "viewer", "runs", { mirror: "users", limit: 2 });
    expect([newest.epoch, next.epoch]).toEqual([3, 2]);
    expect(await ask(app, "viewer", "runs", { mirror: "users", before: next.epoch })).toMatchObject([
      { epoch: 1, counts: { received: 3 } },
    ]);
    expect(await ask(app, "viewer", "runs", { mirror: "users", limit: -5 })).toHaveLength(1);
  });
});

test("a load that ends between two samples is sampled at its own time, not when the next change arrives", async () => {
  const app = await imported();
  await app.passTime(10_000);
  await send(app, [{ id: 4, name: "Edsger" }]);
  await app.passTime(3_600_000);
  await send(app, [{ id: 5, name: "Barbara" }]);
  const samples = await ask(app, "viewer", "samples", { mirror: "users" });
  expect(samples.map(({ at, rows }: any) => [at.slice(11, 19), rows])).toEqual([
    ["08:00:00", 2],
    ["08:00:10", 3],
    ["09:00:10", 4],
  ]);
});

test("SEE-4: a mirror is sampled at most once a minute, and only while something arrives", async () => {
  const app = await imported();
  await send(app, [{ id: 4, name: "Edsger" }]);
  expect(await ask(app, "viewer", "samples", { mirror: "users" })).toEqual([
    { at: "2026-01-31T08:00:00.000Z", rows: 2, received: 3, quarantined: 1, lagMs: null },
  ]);
  await app.passTime(60_000);
  expect(await ask(app, "viewer", "samples", { mirror: "users" })).toHaveLength(1);
  await send(app, [{ id: 5, name: "Barbara" }]);
  await app.passTime(60_000);
  expect(await ask(app, "viewer", "samples", { mirror: "users" })).toMatchObject([
    { rows: 2 },
    { rows: 4, received: 5 },
  ]);
});
