// @vitest-environment node
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mirrorTable, type MirrorOptions } from "../../src/schema/index.js";
import type { Schema } from "../../tools/local-convex/mock.js";
import { expectConserved, expectDigestInStep } from "./support/checks.js";
import { expectRefused, remove, Sender, update, upsert } from "./support/sender.js";
import { World, type Row } from "./support/world.js";

const DAY_MS = 24 * 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A schema with the mirror "versioned", whose text is of another type. */
function schemaWith(text: Parameters<typeof v.optional>[0], options: Partial<MirrorOptions> = {}): Schema {
  const fields = { id: v.number(), text, note: v.optional(v.string()), version: v.number() };
  const declared = { primaryKey: ["id"], version: "version", ...options } as const;
  return defineSchema({ versioned: mirrorTable(fields, declared as never) }) as unknown as Schema;
}

interface Entry extends Row {
  id: string;
  code: string;
  op: string;
  key: string | null;
  payload: string;
}

async function waiting(world: World, mirror = "versioned"): Promise<Entry[]> {
  return (await world.call("listQuarantine", { mirror })) as Entry[];
}

async function sending(mirror = "versioned"): Promise<{ world: World; sender: Sender }> {
  const world = await World.start();
  return {
    world,
    sender: await Sender.begin(world, mirror, { syncMode: mirror === "facts" ? "append" : "append_dedup" }),
  };
}

const bad = (id: number, version = 1) => upsert({ id, text: null, version });

test("TOLERANT-1: an unknown column does not stop a stream; it is on record with a sample and how often it came", async () => {
  const { world, sender } = await sending();
  await sender.deliver(
    upsert({ id: 1, text: "a", version: 1, surprise: "!" }),
    upsert({ id: 2, text: "b", version: 1, surprise: 2 }),
  );
  await sender.deliver(upsert({ id: 3, text: "c", version: 1, surprise: "?" }));
  expect(await world.rows("versioned")).toHaveLength(3);
  const drift = (await world.call("drift", { mirror: "versioned" })) as Row[];
  expect(drift).toMatchObject([{ mirror: "versioned", field: "surprise", kind: "unknownField", times: 3 }]);
});

test("TOLERANT-2: a row that cannot be stored is quarantined, complete, with the reason, and all others are applied", async () => {
  const { world, sender } = await sending();
  const { counts, quarantinedKeys } = await sender.deliver(
    upsert({ id: 1, text: "a", version: 1 }),
    bad(2),
    upsert({ id: 3, text: "c", version: 1 }),
  );
  expect(counts).toMatchObject({ received: 3, inserted: 2, quarantined: 1 });
  expect(quarantinedKeys).toEqual([[2]]);
  const [entry, ...others] = await waiting(world);
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ code: "TypeMismatch", op: "upsert", key: "[2]", whole: true });
  expect(JSON.parse(entry!.payload)).toEqual({ id: 2, text: null, version: 1 });
  await expectConserved(world, "versioned");
});

test("TOLERANT-3: a partial change of a row with quarantined changes is quarantined behind them", async () => {
  const { world, sender } = await sending();
  await sender.deliver(
    upsert({ id: 1, text: "a", version: 1 }),
    bad(1, 2),
    update({ id: 1, note: "same delivery", version: 3 }),
  );
  await sender.deliver(
    update({ id: 1, note: "next delivery", version: 4 }),
    update({ id: 2, note: "another row" }),
  );
  expect((await waiting(world)).map(({ code }) => code)).toEqual([
    "TypeMismatch",
    "HeldBehind",
    "HeldBehind",
  ]);
  expect(await world.rows("versioned")).toEqual([{ id: 1, text: "a", version: 1 }]);
  await expectConserved(world, "versioned");
});

test("TOLERANT-4: a full row replaces the quarantined changes of its key, within one delivery and across two, unless it is older", async () => {
  const { world, sender } = await sending();
  await sender.deliver(bad(1, 5), update({ id: 1, note: "held", version: 6 }));
  await sender.deliver(upsert({ id: 1, text: "older", version: 4 }));
  expect(await waiting(world)).toHaveLength(2);
  await sender.deliver(upsert({ id: 1, text: "newer", version: 7 }));
  expect(await waiting(world)).toEqual([]);
  expect(await world.rows("versioned")).toEqual([{ id: 1, text: "newer", version: 7 }]);

  await sender.deliver(
    bad(2, 1),
    update({ id: 2, note: "held", version: 2 }),
    upsert({ id: 2, text: "newer", version: 3 }),
  );
  await sender.deliver(bad(3, 1), remove({ id: 3, version: 2 }));
  expect(await waiting(world)).toEqual([]);
  await expectConserved(world, "versioned");
});

test("TOLERANT-5: after a schema change, quarantined changes are replayed in order and counted once", async () => {
  const { world, sender } = await sending();
  await sender.deliver(upsert({ id: 1, text: "a", version: 1 }), upsert({ id: 1, text: null, version: 2 }));
  await sender.deliver(update({ id: 1, note: "n", version: 3 }), upsert({ id: 2, text: null, version: 1 }));
  expect(await world.call("replayQuarantine", { mirror: "versioned" })).toMatchObject({
    applied: 0,
    waiting: 3,
  });
  world.deploy({ schema: schemaWith(v.union(v.string(), v.null())) });
  await world.call("declare");
  expect(await world.call("replayQuarantine", { mirror: "versioned" })).toMatchObject({
    applied: 3,
    waiting: 0,
  });
  expect(await world.rows("versioned")).toEqual([
    { id: 1, text: null, note: "n", version: 3 },
    { id: 2, text: null, version: 1 },
  ]);
  expect((await world.mirror("versioned")).total).toMatchObject({
    received: 4,
    inserted: 2,
    updated: 2,
    quarantined: 0,
  });
  await expectConserved(world, "versioned");
  await expectDigestInStep(world, "versioned", ["id"]);
});

test.each(["before", "after"] as const)(
  "TOLERANT-6: a replay that dies %s any of its steps loses nothing and applies nothing twice",
  async (fault) => {
    for (let at = 0; at < 7; at++) {
      const { world, sender } = await sending("facts");
      await sender.deliver(upsert({ text: null }), upsert({ text: null }), upsert({ text: "a" }));
      const facts = mirrorTable({ text: v.union(v.string(), v.null()), n: v.optional(v.number()) });
      world.deploy({ schema: defineSchema({ facts }) as unknown as Schema });
      await world.call("declare");
      const start = world.faults.steps;
      world.faults.plan = ({ number }) => (number === start + at ? fault : null);
      await world.call("replayQuarantine", { mirror: "facts" }).catch(() => undefined);
      world.faults.plan = () => null;
      await world.call("replayQuarantine", { mirror: "facts" });
      expect((await world.rows("facts")).map(({ text }) => text)).toEqual(["a", null, null]);
      await expectConserved(world, "facts");
      await expectDigestInStep(world, "facts", ["mirrorKey"]);
    }
  },
);

test("TOLERANT-7: quarantined changes can be discarded, one by one or all of a mirror", async () => {
  const { world, sender } = await sending();
  await sender.deliver(...Array.from({ length: 70 }, (_, id) => bad(id)));
  const [first] = await waiting(world);
  expect(await world.call("discardQuarantine", { mirror: "versioned", ids: [first!.id] })).toBe(1);
  expect((await world.mirror("versioned")).quarantined).toBe(69);
  expect(await world.call("discardQuarantine", { mirror: "plain" })).toBe(0);
  // A page of 32 at a time.
  expect(await world.call("discardQuarantine", { mirror: "versioned" })).toBe(32);
  expect(await world.call("discardQuarantine", { mirror: "versioned" })).toBe(32);
  expect(await world.call("discardQuarantine", { mirror: "versioned" })).toBe(5);
  expect(await waiting(world)).toEqual([]);
  await expectConserved(world, "versioned");
});

test("TOLERANT-8: quarantined changes are kept for 30 days", async () => {
  const { world, sender } = await sending();
  await sender.deliver(bad(1));
  await world.passTime(29 * DAY_MS);
  await (await Sender.begin(world, "versioned")).deliver(bad(2));
  await world.passTime(2 * DAY_MS);
  await world.component("maintenance:prune");
  expect((await waiting(world)).map(({ key }) => key)).toEqual(["[2]"]);
  await expectConserved(world, "versioned");
});

test("TOLERANT-9: a row that fails in the app's own transaction is quarantined, and later changes of the same row behind it", async () => {
  const { world, sender } = await sending("plain");
  await sender.deliver(upsert({ id: 2, text: "before" }));
  world.poison = ({ key, row }) =>
    key[0] === 2 && (row as Row | undefined)?.text === "poison" ? "No." : null;
  const { counts } = await sender.deliver(
    upsert({ id: 1, text: "a" }),
    upsert({ id: 2, text: "poison" }),
    upsert({ id: 3, text: "c" }),
    update({ id: 2, note: "n" }),
  );
  expect(counts).toMatchObject({ received: 4, inserted: 2, quarantined: 2 });
  expect((await waiting(world, "plain")).map(({ code, message }) => [code, message])).toMatchObject([
    ["ApplyFailed", "No."],
    ["HeldBehind", expect.any(String)],
  ]);
  world.poison = null;
  expect(await world.call("replayQuarantine", { mirror: "plain" })).toMatchObject({ applied: 2 });
  expect(await world.rows("plain")).toEqual([
    { id: 2, text: "poison", note: "n" },
    { id: 1, text: "a" },
    { id: 3, text: "c" },
  ]);
  await expectConserved(world, "plain");
  await expectDigestInStep(world, "plain", ["id"]);
});

test("TOLERANT-5: a replay of one reason takes what waits behind it along, and passes no change of another reason", async () => {
  const { world, sender } = await sending();
  await sender.deliver(
    upsert({ id: 1, text: null, version: 1 }),
    update({ id: 1, note: "n", version: 2 }),
    upsert({ id: 2, text: "b", version: "later" }),
  );
  await sender.deliver(
    upsert({ id: 3, text: "c", version: "later" }),
    update({ id: 3, text: null, version: 2 }),
  );
  world.deploy({ schema: schemaWith(v.union(v.string(), v.null())) });
  await world.call("declare");
  const reasons = (await waiting(world)).map(({ code, key }) => [code, key]);
  expect(
    await world.call("replayQuarantine", { mirror: "versioned", reason: "TypeMismatch text" }),
  ).toMatchObject({ applied: 2, waiting: reasons.length - 2 });
  expect(await world.rows("versioned")).toEqual([{ id: 1, text: null, note: "n", version: 2 }]);
  expect((await waiting(world)).map(({ key }) => key)).toEqual(reasons.slice(2).map(([, key]) => key));
  await expectConserved(world, "versioned");
});

test("TOLERANT-10: a mirror that is frozen refuses the delivery, says so, and writes nothing of it", async () => {
  const world = await World.start({ schema: schemaWith(v.string(), { drift: "freeze" }) });
  const sender = await Sender.begin(world, "versioned");
  expectRefused(
    await sender.tryDeliver([
      upsert({ id: 1, text: "a", version: 1 }),
      upsert({ id: 2, text: "b", version: 1, surprise: 1 }),
    ]),
    400,
    "SchemaDrift",
  );
  expect(await world.rows("versioned")).toEqual([]);
  await sender.deliver(upsert({ id: 1, text: "a", version: 1 }));
});

test("TOLERANT-11: a row with an unreadable key is quarantined too, and nothing waits behind it", async () => {
  const { world, sender } = await sending();
  await sender.deliver(upsert({ text: "no key", version: 1 }), upsert({ id: "one", text: "a", version: 1 }));
  await sender.deliver(upsert({ id: 1, text: "a", version: 1 }), update({ id: 1, note: "n", version: 2 }));
  expect((await waiting(world)).map(({ key }) => key)).toEqual([null, null]);
  expect(await world.rows("versioned")).toEqual([{ id: 1, text: "a", note: "n", version: 2 }]);
  await expectConserved(world, "versioned");
});

test("TOLERANT-12: a complete refresh supersedes what was quarantined before it began", async () => {
  const { world, sender } = await sending("plain");
  await sender.deliver(upsert({ id: 1, text: null }), upsert({ id: 2, text: null }));
  await sender.finish();
  await world.passTime(1_000);
  const whole = await Sender.begin(world, "plain", { syncMode: "overwrite" });
  await whole.deliver(upsert({ id: 2, text: null }), upsert({ id: 3, text: "c" }));
  await whole.finish();
  await world.passTime(1_000);
  // Row 1 is gone at the source: a replay of its old news must not bring it back.
  expect((await waiting(world, "plain")).map(({ key }) => key)).toEqual(["[2]"]);
  await expectConserved(world, "plain");
});

test.each(["JSON", "NDJSON", "Airbyte"])(
  "TOLERANT-13: a number that no double holds quarantines only its own row, as it was written (%s)",
  async (format) => {
    const { world, sender } = await sending();
    const rows = [1, 2, 3].map(
      (id) => `{"id":${String(id)},"text":"t","version":${id === 2 ? "-1.50E4000" : "1"}}`,
    );
    const changes = rows.map((row) => `{"op":"upsert","row":${row}}`);
    const head = `"run":"${sender.run}","delivery":"d","sequence":1`;
    const messages = rows.map((row) => `{"tableName":"versioned","data":${row}}`).join(",");
    const answer =
      format === "JSON"
        ? await world.send("POST", "/v1/deliveries", `{${head},"changes":[${changes.join(",")}]}`)
        : format === "NDJSON"
          ? await world.send("POST", "/v1/deliveries", [`{${head}}`, ...changes].join("\n"), {
              "Content-Type": "application/x-ndjson",
            })
          : await world.send(
              "POST",
              "/api/streaming_import/import_airbyte_records",
              `{"tables":{"versioned":{"primaryKey":[["id"]],"jsonSchema":{}}},"messages":[${messages}]}`,
            );
    expect(answer.status).toBe(200);
    expect((await world.rows("versioned")).map(({ id }) => id)).toEqual([1, 3]);
    const [entry] = await waiting(world);
    expect(entry).toMatchObject({ code: "NumberOutOfRange", key: "[2]", payload: rows[1] });
    await expectConserved(world, "versioned");
    // A schema that takes it as text gets what the source wrote.
    const fields = { id: v.number(), text: v.string(), version: v.union(v.number(), v.string()) };
    const schema = defineSchema({ versioned: mirrorTable(fields, { primaryKey: ["id"] }) });
    world.deploy({ schema: schema as unknown as Schema });
    await world.call("declare");
    await world.call("replayQuarantine", { mirror: "versioned" });
    expect(await waiting(world)).toEqual([]);
    expect((await world.rows("versioned")).find(({ id }) => id === 2)).toEqual({
      id: 2,
      text: "t",
      version: "-1.50E4000",
    });
  },
);
