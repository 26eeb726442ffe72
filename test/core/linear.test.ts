// @vitest-environment node
/** Twice the input is at most about twice the work, however the input is made: counted, not timed. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { deliver } from "../../src/client/importing/delivery.js";
import { toItems } from "../../src/client/importing/items.js";
import { AppMirrors } from "../../src/client/mirrors.js";
import { noCounts } from "../../src/core/wire/counts.js";
import { mirrorTable } from "../../src/schema/index.js";
import { cleanFields } from "../../src/core/rows/identifiers.js";
import { parseJson } from "../../src/core/rows/json.js";
import { compareVersions } from "../../src/core/rows/versions.js";
import type { Json, JsonObject } from "../../src/core/rows/values.js";
import { mirrorSnippet } from "../../src/schema/snippet.js";
import { readBatch } from "../../src/http/airbyte/envelope.js";
import { windowsOf } from "../../src/http/fivetran/envelope.js";
import { gunzip } from "../../src/http/gunzip.js";
import { readDelivery } from "../../src/http/v1/envelope.js";
import { type Cost, Meter } from "../../bench/count.js";
import { WorkMeter } from "../work.js";
import { remove, Sender, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

const range = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const schema = defineSchema({
  people: mirrorTable(
    { id: v.number(), age: v.optional(v.number()) },
    { primaryKey: ["id"], drop: ["profile.birthday"] },
  ),
});
const mirrors = new AppMirrors(schema);
const api = { ingest: { applyChunk: "ingest:applyChunk" } };

/** What has to be tried, with an input of some size. What it throws does not matter. */
const INPUTS: Record<string, (size: number) => () => unknown> = {
  "a number with zeros": (size) => {
    const text = `{"n":0.1${"0".repeat(size)}1}`;
    return () => parseJson(text);
  },
  "a number with nines": (size) => {
    const text = `[${"9".repeat(size)}.${"9".repeat(size)}e-5]`;
    return () => parseJson(text);
  },
  "deep arrays": (size) => {
    const text = `${"[".repeat(size)}${"]".repeat(size)}`;
    return () => parseJson(text);
  },
  "names that collide": (size) => {
    const chain = range(200, (i) => `${"source_".repeat(i + 1)}a`);
    // More than are remembered.
    const keys = range(8 * size, (i) => `_${i.toString(2).replaceAll("0", "!").replaceAll("1", "#")}a`);
    const object = Object.fromEntries([...chain, ...keys].map((key) => [key, 1])) as JsonObject;
    return () => cleanFields(object);
  },
  "names that collide with a chain of the source's own": (size) => {
    const chain = range(500, (i) => `${"source_".repeat(i)}source_a`);
    const rivals = range(
      8 * size,
      (i) => `_!#%a${"$".repeat(1 + (i % 5))}${"!".repeat(i % 900)}${String(i)}`,
    );
    const object = Object.fromEntries([...chain, ...rivals].map((key) => [key, 1])) as JsonObject;
    return () => cleanFields(object);
  },
  "names too long to keep, each of which becomes the next": (size) => {
    const chain = range(size / 4, (i) => `${"source_".repeat(147 + i)}a`);
    const object = Object.fromEntries(chain.map((key) => [key, 1])) as JsonObject;
    return () => cleanFields(object);
  },
  "versions of many digits": (size) => {
    const digits = "9".repeat(100 * size);
    return () => compareVersions(digits, `${digits}1`);
  },
  "a name": (size) => {
    const object = { [`_${"!a ".repeat(size)}`]: 1 };
    return () => cleanFields(object);
  },
  newlines: (size) => {
    const text = `{"run":"r","delivery":"d","sequence":1}${"\n".repeat(size)}`;
    return () => readDelivery(text, "application/x-ndjson");
  },
  "records of many streams": (size) => {
    const tables = Object.fromEntries(range(size, (i) => [`t${String(i)}`, { jsonSchema: {} }]));
    const messages = range(size, (i) => ({ tableName: `t${String(i)}`, data: {} }));
    return () => readBatch({ tables, messages });
  },
  "operations in one body": (size) => {
    const operation = '{"tableName":"t","op":"Upsert","row":{"id":1}}';
    const body = new TextEncoder().encode(`[${range(size, () => operation).join(",")}]`);
    return () => [...windowsOf(body)];
  },
  "deep arrays where a path is dropped": (size) => {
    const change = { op: "upsert" as const, row: { id: 1, profile: parseDeep(size) } };
    return () => toItems(mirrors.get("people"), [change], "json", false);
  },
  "changes that are put aside": (size) => {
    const changes = range(size, (i) => ({ op: "upsert" as const, row: { id: i, age: "no number" } }));
    return () => toItems(mirrors.get("people"), changes, "json", false);
  },
  "changes of one delivery": (size) => {
    const changes = range(10 * size, (i) => ({ op: "upsert" as const, row: { id: i } }));
    const items = toItems(mirrors.get("people"), changes, "json", false);
    const applied = { counts: noCounts, total: noCounts, quarantinedKeys: [], replayed: false, waitMs: 0 };
    const ctx = { runMutation: async () => Promise.resolve(applied) };
    return async () => deliver(ctx as never, api as never, items, { patient: true } as never);
  },
  "a compressed body": (size) => {
    const body = gzipSync(Buffer.alloc(size * 1_000));
    return () => gunzip(body, 1e9);
  },
  "the schema of a stream": (size) => {
    const properties = Object.fromEntries(range(size, (i) => [`p${String(i)}`, { type: "string" }]));
    return () => mirrorSnippet("s", { type: "object", properties }, null);
  },
};

/** Arrays in arrays; the parser itself stops before such a depth. */
function parseDeep(depth: number): Json {
  let value: Json = [];
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}

const SIZE = 2_000;

const meter = new WorkMeter();
beforeAll(async () => meter.start());
afterAll(async () => meter.stop());

test.each(Object.entries(INPUTS))("POLITE-9: %s: twice as much takes twice the work", async (_, make) => {
  const workFor = async (size: number) => {
    const run = make(size);
    return meter.workOf(async () => {
      try {
        await run();
      } catch {
        // A refusal is an answer.
      }
    });
  };
  await workFor(SIZE);
  const [once, twice] = [await workFor(SIZE), await workFor(2 * SIZE)];
  expect(once).toBeGreaterThan(0);
  expect(twice / once).toBeLessThan(2.5);
});

test("POLITE-9: field names without end cost a chunk a read each", async () => {
  const world = await World.start({ limits: { documentsRead: 400 } });
  const sender = await Sender.begin(world, "plain");
  const invented = (from: number) =>
    upsert({ id: 1, text: "a", ...Object.fromEntries(range(100, (i) => [`f${String(from + i)}`, 1])) });
  for (let from = 0; from < 500; from += 100) await sender.deliver(invented(from));
  expect(await world.ledger("drift")).toHaveLength(200);
  expect(await world.mirror("plain")).toMatchObject({ drift: 200 });
});

test("POLITE-9: twice as many equal rows without a key are deleted with twice the work", async () => {
  const world = await World.start({ options: { writeBudget: { bytesPerSecond: 1e12 } } });
  const counter = new Meter(world);
  const equal = (count: number) => range(count, () => ({ text: "same" }));
  const costOf = async (count: number) => {
    const sender = await Sender.begin(world, "facts", { syncMode: "append" });
    await sender.deliver(...equal(count).map(upsert));
    let cost: Cost | undefined;
    const work = await meter.workOf(async () => {
      cost = await counter.of(async () => {
        expect((await sender.deliver(...equal(count).map(remove))).counts).toMatchObject({ deleted: count });
      });
    });
    return { work, ranges: cost!.ranges, documents: cost!.documentsRead };
  };
  await costOf(100);
  const [once, twice] = [await costOf(1_000), await costOf(2_000)];
  expect(await world.rows("facts")).toEqual([]);
  expect(twice.ranges).toBeLessThanOrEqual(2.05 * once.ranges);
  expect(twice.documents).toBeLessThanOrEqual(2.05 * once.documents);
  expect(twice.work).toBeLessThan(2.5 * once.work);
});
