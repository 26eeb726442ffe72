// @vitest-environment node
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { mirrorTable } from "../../src/schema/index.js";
import { expectConserved, expectDigestInStep, sorted } from "./support/checks.js";
import { expectRefused, refresh, remove, Sender, update, upsert } from "./support/sender.js";
import { World, type AppVersion } from "./support/world.js";

const DAY_MS = 24 * 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const row = (id: number, text = "t") => ({ id, text });
const overwrite = { syncMode: "overwrite" } as const;

async function withRows(count = 4): Promise<World> {
  const world = await World.start();
  await refresh(
    world,
    "plain",
    Array.from({ length: count }, (_, id) => row(id)),
  );
  return world;
}

async function ids(world: World): Promise<unknown[]> {
  return sorted(await world.rows("plain")).map(({ id }) => id);
}

describe("a refresh", () => {
  test("REFRESH-1: keeps old rows readable until it completes, and then deletes those that it did not deliver", async () => {
    const world = await withRows();
    const kept = (await world.documents("plain")).filter(({ id }) => id === 1);
    const sender = await Sender.begin(world, "plain", overwrite);
    await sender.deliver(upsert(row(1)), upsert(row(9)));
    expect(await ids(world)).toEqual([0, 1, 2, 3, 9]);
    await sender.finish();
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([1, 9]);
    expect((await world.documents("plain")).filter(({ id }) => id === 1)).toEqual(kept);
    expect(await world.run("plain")).toMatchObject({ state: "complete", swept: 3 });
    expect(await world.ledger("manifests")).toEqual([]);
    await expectConserved(world, "plain");
    await expectDigestInStep(world, "plain", ["id"]);
  });

  test.each(["incomplete", "silent", "superseded"])(
    "REFRESH-2: that is interrupted (%s) deletes nothing, and what it delivered stays",
    async (how) => {
      const world = await withRows();
      const sender = await Sender.begin(world, "plain", overwrite);
      await sender.deliver(upsert(row(9)));
      if (how === "incomplete") await sender.finish("incomplete");
      if (how === "superseded") await Sender.begin(world, "plain");
      await world.passTime(DAY_MS);
      expect(await ids(world)).toEqual([0, 1, 2, 3, 9]);
      const refreshes = (await world.ledger("runs")).filter(({ generation }) => generation === 2);
      expect(refreshes.map(({ state }) => state)).toEqual([
        how === "superseded" ? "superseded" : "incomplete",
      ]);
      await expectConserved(world, "plain");
    },
  );

  test("REFRESH-3: is resumed by a run of the same generation, which need not repeat what was delivered", async () => {
    const world = await withRows();
    const first = await Sender.begin(world, "plain", { ...overwrite, generation: 7 });
    await first.deliver(upsert(row(1)));
    await world.passTime(DAY_MS);
    const second = await Sender.begin(world, "plain", { ...overwrite, generation: 7 });
    expect(second.begun).toMatchObject({ generation: 7, continued: true });
    await second.deliver(upsert(row(2)));
    await second.finish();
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([1, 2]);
    await expectConserved(world, "plain");
  });

  test("REFRESH-4: of a higher generation starts over: what the abandoned one delivered does not count", async () => {
    const world = await withRows();
    const first = await Sender.begin(world, "plain", { ...overwrite, generation: 7 });
    await first.deliver(upsert(row(1)));
    await first.finish("incomplete");
    const second = await Sender.begin(world, "plain", { ...overwrite, generation: 8 });
    expect(second.begun).toMatchObject({ generation: 8, continued: false });
    await second.deliver(upsert(row(2)));
    await second.finish();
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([2]);
    expect(await world.ledger("manifests")).toEqual([]);
  });

  test("REFRESH-5: of a past generation is refused, and one of a complete generation deletes nothing more", async () => {
    const world = await withRows();
    await refresh(world, "plain", [row(1)], { generation: 7 });
    expectRefused(
      await new Sender(world, "plain").tryBegin({ ...overwrite, generation: 6 }),
      409,
      "StaleGeneration",
    );
    const again = await Sender.begin(world, "plain", { ...overwrite, generation: 7 });
    await again.deliver(upsert(row(5)));
    await again.finish();
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([1, 5]);
    await expectConserved(world, "plain");
  });

  test("REFRESH-6: follows Airbyte's generations: append with a minimum of 0 keeps, one equal to the generation replaces", async () => {
    const world = await withRows();
    const keeps = await Sender.begin(world, "plain", {
      syncMode: "append_dedup",
      generation: 3,
      minimumGeneration: 0,
    });
    expect(keeps.begun.generation).toBeNull();
    await keeps.deliver(upsert(row(8)));
    await keeps.finish();
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([0, 1, 2, 3, 8]);
    await refresh(world, "plain", [row(9)], {
      syncMode: "append_dedup",
      generation: 3,
      minimumGeneration: 3,
    });
    expect(await ids(world)).toEqual([9]);
    const odd = await new Sender(world, "plain").tryBegin({ generation: 4, minimumGeneration: 2 });
    expectRefused(odd, 400, "BadJsonBody");
  });

  test("REFRESH-7: without a row deletes every row when its sender says that it is complete", async () => {
    const world = await withRows();
    const sender = await Sender.begin(world, "plain", overwrite);
    await sender.finish();
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([]);
    await expectConserved(world, "plain");
    await expectDigestInStep(world, "plain", ["id"]);
  });

  test("REFRESH-8: never deletes a row with quarantined changes", async () => {
    const world = await withRows();
    const sender = await Sender.begin(world, "plain", overwrite);
    await sender.deliver(upsert(row(1)), upsert({ id: 2, text: null }));
    await sender.finish();
    await world.passTime(1_000);
    expect(await ids(world)).toEqual([1, 2]);
  });

  test("REFRESH-9: leaves live changes alone while it is swept", async () => {
    const world = await withRows(50);
    const sender = await Sender.begin(world, "plain", overwrite);
    await sender.deliver(upsert(row(1)));
    await sender.finish();
    // Between two steps of the sweep: after it has read its manifest, before it removes.
    let steps = 0;
    world.faults.plan = async ({ kind }) => {
      if (kind === "mutation" && steps++ === 0) {
        world.faults.plan = () => null;
        const live = await Sender.begin(world, "plain");
        await live.deliver(upsert(row(100)), update({ id: 7, text: "touched" }), remove({ id: 1 }));
      }
      return null;
    };
    await world.passTime(1_000);
    expect(steps).toBe(1);
    const after = await ids(world);
    expect(after).toEqual([7, 100]);
    await expectConserved(world, "plain");
    await expectDigestInStep(world, "plain", ["id"]);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    "REFRESH-10: is swept to the end although the sweep dies at step %i",
    async (at) => {
      for (const fault of ["before", "after"] as const) {
        const world = await withRows(6);
        vi.spyOn(console, "error").mockImplementation(() => undefined);
        const sender = await Sender.begin(world, "plain", overwrite);
        await sender.deliver(upsert(row(1)));
        await sender.finish();
        const start = world.faults.steps;
        world.faults.plan = ({ number }) => (number === start + at ? fault : null);
        await world.passTime(1_000);
        world.faults.plan = () => null;
        await world.passTime(3_600_000);
        expect(await ids(world)).toEqual([1]);
        expect(await world.run("plain")).toMatchObject({ state: "complete" });
        await expectConserved(world, "plain");
        await expectDigestInStep(world, "plain", ["id"]);
      }
    },
  );

  test("REFRESH-11: that overtakes the sweep of an older one replaces it", async () => {
    const world = await withRows(6);
    const first = await Sender.begin(world, "plain", overwrite);
    await first.deliver(upsert(row(1)), upsert(row(2)));
    await first.finish();
    const second = await Sender.begin(world, "plain", overwrite);
    await second.deliver(upsert(row(2)));
    await second.finish();
    await world.passTime(3_600_000);
    expect(await ids(world)).toEqual([2]);
    const states = (await world.ledger("runs")).map(({ state }) => state);
    expect(states).toEqual(["complete", "complete", "complete"]);
    await expectConserved(world, "plain");
  });
});

test("REFRESH-24: a name that may mean two mirrors, as connectors give that leave the namespace out, refreshes neither", async () => {
  const keyed = (source?: string) => mirrorTable({ id: v.number() }, { primaryKey: ["id"], source });
  const schema = defineSchema({
    users: keyed("crm.people"),
    accounts: keyed("public.users"),
    orders: keyed("orders"),
    bills: keyed("public.orders"),
  });
  const world = await World.start({ schema } as unknown as AppVersion);
  const tables = Object.keys(schema.tables);
  for (const table of tables) {
    const sender = await Sender.begin(world, table);
    await sender.deliver(upsert({ id: 1 }));
  }
  const clear = async (...tableNames: string[]) => {
    const answer = await world.send("PUT", "/api/streaming_import/clear_tables", { tableNames });
    expect(answer.status).toBe(200);
    const mirrors = (await world.ledger("mirrors")).filter(({ generationOpen }) => generationOpen);
    return mirrors.map(({ name }) => name);
  };
  expect(await clear("orders")).toEqual([]);
  // The table of that name has another source; what 0.2.x means is the stream of that name.
  expect(await clear("users")).toEqual(["accounts"]);
  expect(await clear("crm_people", "public_orders")).toEqual(["users", "accounts", "bills"]);
});

describe("a name without a namespace, of a mirror without a key", () => {
  const schema = defineSchema({
    crm_events: mirrorTable({ what: v.string() }, { source: "crm.events" }),
    logs: mirrorTable({ what: v.string() }),
  });
  const path = "/api/streaming_import";

  async function withLines() {
    const world = await World.start({ schema } as unknown as AppVersion);
    const send = async (streams: string[], ...rows: { tableName: string; what: string }[]) =>
      world.send("POST", `${path}/import_airbyte_records`, {
        tables: Object.fromEntries(streams.map((stream) => [stream, { primaryKey: null, jsonSchema: {} }])),
        messages: rows.map(({ tableName, what }) => ({ tableName, data: { what } })),
      });
    const clear = async (...tableNames: string[]) => {
      expect((await world.send("PUT", `${path}/clear_tables`, { tableNames })).status).toBe(200);
    };
    const lines = async () => ({
      crm_events: (await world.rows("crm_events")).map(({ what }) => what),
      logs: (await world.rows("logs")).map(({ what }) => what),
    });
    await send(
      ["crm_events", "logs"],
      { tableName: "crm_events", what: "old" },
      { tableName: "logs", what: "old" },
    );
    return { world, send, clear, lines };
  }

  test("REFRESH-26: clears the mirror once the connection names its stream in full, and once", async () => {
    const { world, send, clear, lines } = await withLines();
    await clear("logs", "events");
    expect(await lines()).toEqual({ crm_events: ["old"], logs: ["old"] });
    await send(["crm_events", "logs"], { tableName: "crm_events", what: "new" });
    await send(["crm_events", "logs"], { tableName: "logs", what: "new" });
    expect(await lines()).toEqual({ crm_events: ["new"], logs: ["new"] });
    await expectConserved(world, "crm_events");
  });

  test("REFRESH-26: clears nothing when the connection names another stream, nor afterwards", async () => {
    const { send, clear, lines } = await withLines();
    await clear("events", "logs");
    const refused = await send(["public_events", "app_logs"], { tableName: "public_events", what: "new" });
    expectRefused(refused, 400, "MissingStream");
    await send(["crm_events"], { tableName: "crm_events", what: "more" });
    await send(["logs"], { tableName: "logs", what: "more" });
    expect(await lines()).toEqual({ crm_events: ["old", "more"], logs: ["old", "more"] });
  });

  test("REFRESH-26: says nothing to another connection of the same token", async () => {
    const { send, clear, lines } = await withLines();
    await clear("events");
    await send(["logs"], { tableName: "logs", what: "more" });
    expect(await lines()).toEqual({ crm_events: ["old"], logs: ["old", "more"] });
    await send(["crm_events", "public_orders"], { tableName: "crm_events", what: "new" });
    expect((await lines()).crm_events).toEqual(["new"]);
  });
});
