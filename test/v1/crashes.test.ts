// @vitest-environment node
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { conformanceMirrors } from "../../scenarios/schema.js";
import { mirrorTable } from "../../src/schema/index.js";
import { expectConserved } from "../core/support/checks.js";
import type { Fault } from "../core/support/faults.js";
import { World, type Answer, type AppVersion } from "../core/support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const upsert = (row: object) => ({ op: "upsert", row });

/** A sender that knows one rule: an answer of 429 or of the 500s means, send the same again after a while. */
class Persistent {
  attempts = 0;

  constructor(private readonly world: World) {}

  async post(path: string, body: object): Promise<Record<string, unknown>> {
    for (let attempt = 0; attempt < 10; attempt++) {
      this.attempts += 1;
      const answer: Answer = await this.world.whileTimePasses(this.world.send("POST", path, body));
      if (answer.status === 200) return answer.body;
      expect(answer.status === 429 || answer.status >= 500, JSON.stringify(answer.body)).toBe(true);
      await this.world.passTime(1_000 * Number(answer.headers.get("Retry-After") ?? 1));
    }
    throw new Error("It never succeeded.");
  }

  /** A sync of a mirror, whole. */
  async sync(mirror: string, syncMode: string, deliveries: object[][]): Promise<void> {
    // While modules load for the first time, fake time flies.
    const { run } = await this.post("/v1/runs", { mirror, syncMode, silenceSeconds: 86_400 });
    for (const [i, changes] of deliveries.entries()) {
      const body = { run, delivery: `d${String(i + 1)}`, sequence: i + 1, changes };
      const { counts } = await this.post("/v1/deliveries", body);
      expect(counts).toMatchObject({ received: changes.length });
    }
    await this.post(`/v1/runs/${run as string}/finish`, { outcome: "complete" });
    // A sweep that died is started again by its watchdog.
    await this.world.passTime(20 * 60_000);
  }
}

describe("a sync of which any one step fails, of any request, is whole when its sender repeats what failed", () => {
  const facts = (...texts: string[]) => texts.map((text) => upsert({ text }));
  const many = Array.from({ length: 12 }, (_, i) => `c${String(i)}`);
  const deliveries = [facts("a", "a", "b"), [], facts("a", ...many), facts("f")];
  const expected = ["a", "a", "a", "b", ...many, "f"].sort();

  async function start(): Promise<World> {
    // A few rows to a transaction, so that a delivery takes several.
    return await World.start({ limits: { documentsWritten: 14 } });
  }

  async function steps(syncMode: string): Promise<number> {
    const world = await start();
    await new Persistent(world).sync("facts", syncMode, deliveries);
    return world.faults.steps;
  }

  test.each([
    ["append", "before"],
    ["append", "after"],
    ["append", "conflict"],
    ["overwrite", "before"],
    ["overwrite", "after"],
    ["overwrite", "conflict"],
  ] as const)("%s, each step failing once: %s", async (syncMode, fault: Fault) => {
    const total = await steps(syncMode);
    // 17 if no delivery took more than one transaction.
    expect(total).toBeGreaterThan(17);
    for (let failing = 0; failing < total; failing++) {
      const world = await start();
      world.faults.plan = ({ number }) => (number === failing ? fault : null);
      const sender = new Persistent(world);
      await sender.sync("facts", syncMode, deliveries);
      const texts = (await world.rows("facts")).map(({ text }) => text as string).sort();
      expect(texts, `step ${String(failing)} of ${String(total)}`).toEqual(expected);
      await expectConserved(world, "facts");
    }
  });
});

test("a row that gets a new key is under one of the two at any time, also where a delivery takes several transactions", async () => {
  const world = await World.start({ schema: defineSchema(conformanceMirrors) } as unknown as AppVersion);
  const sender = new Persistent(world);
  const ids = async () => (await world.rows("conformance_plain")).map(({ id }) => id as string).sort();
  const { run } = await sender.post("/v1/runs", { mirror: "conformance_plain", syncMode: "append_dedup" });
  await sender.post("/v1/deliveries", { run, delivery: "d1", sequence: 1, changes: [upsert({ id: "old" })] });
  // A row fills a transaction of 1 MiB; the deletion of the old key would still fit.
  const text = "x".repeat(900_000);
  const changes = [
    ...["a", "b", "c", "d"].map((id) => upsert({ id, text })),
    { ...upsert({ id: "new", text }), previousKey: { id: "old" } },
  ];
  const body = { run, delivery: "d2", sequence: 2, changes };
  let transactions = 0;
  world.faults.plan = ({ kind }) => (kind === "mutation" && ++transactions === 5 ? "before" : null);
  expect((await world.send("POST", "/v1/deliveries", body)).status).toBe(500);
  expect(await ids()).toEqual(["a", "b", "c", "d", "old"]);
  world.faults.plan = () => null;
  expect((await sender.post("/v1/deliveries", body)).counts).toMatchObject({
    received: 6,
    inserted: 5,
    deleted: 1,
  });
  expect(await ids()).toEqual(["a", "b", "c", "d", "new"]);
  await expectConserved(world, "conformance_plain");
});

test("a deployment that is too busy answers 503 and when to come back", async () => {
  const world = await World.start();
  const { run } = await new Persistent(world).post("/v1/runs", {
    mirror: "facts",
    syncMode: "append",
    silenceSeconds: 86_400,
  });
  world.faults.plan = ({ kind }) => (kind === "mutation" ? "conflict" : null);
  const body = { run, delivery: "d", sequence: 1, changes: [upsert({ text: "a" })] };
  const answer = await world.whileTimePasses(world.send("POST", "/v1/deliveries", body));
  expect([answer.status, answer.headers.get("Retry-After"), answer.body]).toEqual([
    503,
    "5",
    {
      code: "Overloaded",
      message:
        "The deployment is too busy for this request. Send the same again after the time that is given.",
      retryAfterMs: 5_000,
    },
  ]);
  // Nobody needs to look at the mirror for that.
  expect((await world.mirror("facts")).lastError).toBeUndefined();
  world.faults.plan = () => null;
  expect((await world.send("POST", "/v1/deliveries", body)).status).toBe(200);
});

test("a sender is ahead of the deploy: it is told, waits, and goes on when the schema is there", async () => {
  const { conformance_plain: plain, conformance_scoped: scoped } = conformanceMirrors;
  const version = (tables: Parameters<typeof defineSchema>[0]) =>
    ({ schema: defineSchema(tables) }) as unknown as AppVersion;
  const world = await World.start(version({ scoped }));
  const begin = { mirror: "plain", syncMode: "append_dedup" };
  const early = await world.send("POST", "/v1/runs", begin);
  expect([early.status, early.body.code]).toEqual([404, "UnknownMirror"]);
  world.deploy(version({ scoped, plain }));
  expect((await world.send("POST", "/v1/runs", begin)).status).toBe(200);
});

test("rows that are ahead of the deploy wait in quarantine and are replayed when the schema fits them", async () => {
  const version = (note: "narrow" | "wide") =>
    ({
      schema: defineSchema({
        items: mirrorTable(
          { id: v.string(), note: note === "narrow" ? v.optional(v.number()) : v.optional(v.any()) },
          { primaryKey: ["id"] },
        ),
      }),
    }) as unknown as AppVersion;
  const world = await World.start(version("narrow"));
  const { run } = await new Persistent(world).post("/v1/runs", {
    mirror: "items",
    syncMode: "append_dedup",
    silenceSeconds: 86_400,
  });
  const changes = [upsert({ id: "a", note: "text" }), upsert({ id: "b", note: 1 })];
  const first = await world.send("POST", "/v1/deliveries", { run, delivery: "d1", sequence: 1, changes });
  expect(first.body).toMatchObject({ counts: { inserted: 1, quarantined: 1 }, quarantinedKeys: [["a"]] });
  world.deploy(version("wide"));
  const again = await world.send("POST", "/v1/deliveries", { run, delivery: "d1", sequence: 1, changes });
  expect(again.body).toEqual({ ...first.body, replayed: true });
  await world.call("replayQuarantine", { mirror: "items" });
  expect(await world.rows("items")).toEqual([
    { id: "b", note: 1 },
    { id: "a", note: "text" },
  ]);
  await expectConserved(world, "items");
});
