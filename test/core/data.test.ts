// @vitest-environment node
import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { csvParse } from "d3-dsv";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dataset, datasetText, flightsSchema, refreshFlights } from "../../bench/flights.js";
import { mirrorTable } from "../../src/schema/index.js";
import type { Schema } from "../../tools/local-convex/mock.js";
import { expectConserved, expectDigestInStep } from "./support/checks.js";
import { refresh, Sender, upsert } from "./support/sender.js";
import { World, type Row } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function start(schema: unknown): Promise<World> {
  return await World.start({ schema: schema as Schema, options: { writeBudget: { bytesPerSecond: 1e12 } } });
}

test("DATA-1: movies whose titles are text, numbers and null, in columns whose names have spaces, arrive whole", async () => {
  const movies = dataset("movies.json").map((row, number) => ({ number, ...row }) as Row);
  const world = await start(
    defineSchema({
      movies: mirrorTable(
        { number: v.number(), title: v.union(v.string(), v.null()), gross: v.union(v.number(), v.null()) },
        { primaryKey: ["number"], columns: { title: "Title", gross: "US Gross" } },
      ),
    }),
  );
  const sender = await refresh(world, "movies", movies);
  expect((await world.run("movies")).counts).toMatchObject({ received: movies.length, quarantined: 0 });
  const rows = await world.rows("movies");
  const titles = (all: Row[], field: string) =>
    all.map((row) => (row[field] === null ? null : String(row[field] as string | number)));
  expect(titles(rows, "title")).toEqual(titles(movies, "Title"));
  expect(rows.map(({ gross }) => gross)).toEqual(movies.map((movie) => movie["US Gross"]));
  expect(movies.some(({ Title }) => typeof Title === "number")).toBe(true);
  expect(sender.mirror).toBe("movies");
  await expectConserved(world, "movies");
  await expectDigestInStep(world, "movies", ["number"]);
});

test("DATA-2: zip codes keep their leading zeros", async () => {
  const codes = csvParse(datasetText("zipcodes.csv")).slice(0, 3_000);
  const world = await start(
    defineSchema({
      zipcodes: mirrorTable(
        { zip: v.string(), city: v.string() },
        { primaryKey: ["zip"], columns: { zip: "zip_code" } },
      ),
    }),
  );
  await refresh(world, "zipcodes", codes as unknown as Row[]);
  const zips = (await world.rows("zipcodes")).map(({ zip }) => zip as string);
  expect(zips).toEqual(codes.map(({ zip_code }) => zip_code));
  expect(zips.some((zip) => zip.startsWith("00"))).toBe(true);
});

test("DATA-3: of flights whose key repeats the last one wins, and none is counted away", async () => {
  const flights = dataset("flights-20k.json");
  const keyOf = ({ date, origin, destination }: Row) => JSON.stringify([date, origin, destination]);
  const times = new Map<string, number>();
  for (const flight of flights) times.set(keyOf(flight), (times.get(keyOf(flight)) ?? 0) + 1);
  const repeated = flights.filter((flight) => times.get(keyOf(flight))! > 1);
  expect(new Set(repeated.map(keyOf)).size).toBe(2);
  const sample = [...flights.slice(0, 2_000).filter((flight) => !repeated.includes(flight)), ...repeated];
  const world = await start(
    defineSchema({
      flights: mirrorTable(
        {
          date: v.string(),
          origin: v.string(),
          destination: v.string(),
          delay: v.number(),
          distance: v.number(),
        },
        { primaryKey: ["date", "origin", "destination"] },
      ),
    }),
  );
  const sender = await Sender.begin(world, "flights");
  const { counts } = await sender.deliver(...sample.map(upsert));
  expect(counts).toMatchObject({ received: sample.length, inserted: sample.length - repeated.length + 2 });
  const last = new Map(sample.map((flight) => [keyOf(flight), flight]));
  for (const row of await world.rows("flights")) expect(row.delay).toBe(last.get(keyOf(row))!.delay);
  await expectConserved(world, "flights");
});

test("DATA-4: a refresh of flights without a key keeps every copy, and touches none", async () => {
  const all = dataset("flights-200k.json");
  const texts = new Map<string, number>();
  for (const flight of all) texts.set(JSON.stringify(flight), (texts.get(JSON.stringify(flight)) ?? 0) + 1);
  const copies = [...texts.values()].reduce((sum, times) => sum + times - 1, 0);
  expect(copies).toBe(6_073);
  // All that have copies, up to 1,500 rows, and 500 that have none. The whole is the benchmark's.
  const some = all.filter((flight) => texts.get(JSON.stringify(flight))! > 1).slice(0, 1_500);
  const sample = [...some, ...all.filter((flight) => texts.get(JSON.stringify(flight)) === 1).slice(0, 500)];
  const world = await start(flightsSchema);
  await refreshFlights(world, sample);
  const before = await world.documents("flights");
  expect(before).toHaveLength(sample.length);
  await refreshFlights(world, [...sample].reverse());
  expect(await world.documents("flights")).toEqual(before);
  await expectConserved(world, "flights");
  await expectDigestInStep(world, "flights", ["mirrorKey"]);
});

test("DATA-5: a value that change data capture did not send stays as it is stored, and that is on record", async () => {
  const placeholder = "__debezium_unavailable_value";
  const customers = mirrorTable({ id: v.number(), email: v.string(), n: v.number() }, { primaryKey: ["id"] });
  const world = await start(defineSchema({ customers }));
  const sender = await Sender.begin(world, "customers");
  await sender.deliver(upsert({ id: 1, email: "a@b", n: 1 }));
  const { counts } = await sender.deliver(upsert({ id: 1, email: placeholder, n: 2 }));
  expect(counts).toMatchObject({ updated: 1 });
  expect(await world.rows("customers")).toEqual([{ id: 1, email: "a@b", n: 2 }]);
  const [drift] = await world.ledger("drift");
  expect(drift).toMatchObject({ field: "email", sample: placeholder });

  // A row that is not there cannot be made without the value: it waits, also when it is replayed, until it has come.
  const missing = await sender.deliver(upsert({ id: 2, email: placeholder, n: 2 }));
  expect(missing.counts).toMatchObject({ received: 1, quarantined: 1 });
  const replay = async () => await world.call("replayQuarantine", { mirror: "customers" });
  expect(await replay()).toMatchObject({ applied: 0, waiting: 1 });
  expect(await world.ledger("quarantine")).toMatchObject([{ code: "ApplyFailed", key: "[2]" }]);
  await sender.deliver(upsert({ id: 2, email: "c@d", n: 3 }));
  expect(await world.ledger("quarantine")).toEqual([]);

  // Airbyte's own connector sends it, too.
  const { status } = await world.send("POST", "/api/streaming_import/import_airbyte_records", {
    tables: { customers: { primaryKey: [["id"]], jsonSchema: {} } },
    messages: [{ tableName: "customers", data: { id: 1, email: placeholder, n: 3 } }],
  });
  expect(status).toBe(200);
  expect(await world.rows("customers")).toEqual([
    { id: 1, email: "a@b", n: 3 },
    { id: 2, email: "c@d", n: 3 },
  ]);
});

test("DATA-5: a new row is stored without values that were not sent, where its fields may be empty", async () => {
  const placeholder = "__debezium_unavailable_value";
  const people = mirrorTable(
    { id: v.number(), name: v.union(v.string(), v.null()), city: v.optional(v.string()), n: v.number() },
    { primaryKey: ["id"], version: "n", where: ({ name }) => name !== "nobody" },
  );
  const world = await start(defineSchema({ people }));
  const sender = await Sender.begin(world, "people");
  const deliver = async (...rows: Row[]) => (await sender.deliver(...rows.map(upsert))).counts;
  const part = (id: number, n: number) => ({ id, name: placeholder, city: placeholder, n });
  expect(await deliver(part(1, 1), { id: 2, name: "Ana", city: "Oslo", n: 1 })).toMatchObject({
    inserted: 2,
  });
  expect(await world.rows("people")).toEqual([
    { id: 1, name: null, n: 1 },
    { id: 2, name: "Ana", city: "Oslo", n: 1 },
  ]);
  // What is stored stays, what is older is stale, and what is no longer sent is gone.
  expect(await deliver(part(2, 0), part(2, 2))).toMatchObject({ stale: 1, updated: 1 });
  expect(await deliver({ id: 2, name: placeholder, n: 3 })).toMatchObject({ updated: 1 });
  expect(await world.rows("people")).toContainEqual({ id: 2, name: "Ana", n: 3 });
  // It waits behind what waits for its key, and a deletion replaces both.
  expect(await deliver({ id: 3, name: "C", n: "?" }, part(3, 2))).toMatchObject({ quarantined: 2 });
  expect(await deliver({ id: 3, name: "nobody", n: 4 }, part(3, 3), part(3, 5))).toMatchObject({
    ignored: 1,
    stale: 1,
    inserted: 1,
  });
  expect(await world.ledger("quarantine")).toEqual([]);
  await expectConserved(world, "people");
  await expectDigestInStep(world, "people", ["id"]);
});

test("DATA-6: decimals keep every digit and zero in text, from JSON as from CSV", async () => {
  const prices = mirrorTable({ id: v.number(), price: v.string() }, { primaryKey: ["id"] });
  const world = await start(defineSchema({ prices }));
  const sender = await Sender.begin(world, "prices");
  const texts = ["1.10", "12.50", "1.0", "100000000000000000000.10"];
  const lines = (written: (text: string) => string) =>
    texts.map((text, id) => `{"op":"upsert","row":{"id":${String(id)}.0,"price":${written(text)}}}`);
  const deliver = async (sequence: number, changes: string[]) => {
    const head = `"run":"${sender.run}","delivery":"d${String(sequence)}","sequence":${String(sequence)}.0`;
    const answer = await world.send("POST", "/v1/deliveries", `{${head},"changes":[${changes.join(",")}]}`);
    return (answer.body as { counts: unknown }).counts;
  };
  expect(await deliver(1, lines(String))).toMatchObject({ inserted: 4 });
  expect(
    await deliver(
      2,
      lines((text) => `"${text}"`),
    ),
  ).toMatchObject({ unchanged: 4 });
  expect((await world.rows("prices")).map(({ price }) => price)).toEqual(texts);
});
