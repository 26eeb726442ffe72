/// <reference types="vite/client" />
import { convexTest, type TestConvex } from "convex-test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import streamingImportTest from "../src/test";
import { api, components } from "./convex/_generated/api";
import schema from "./convex/schema";

const modules = import.meta.glob("./convex/**/*.{ts,js}");
const KEY = { date: "2001/03/31 21:42", origin: "ORD", destination: "LGA" };

let t: TestConvex<typeof schema>;
let token: string;

beforeEach(async () => {
  t = convexTest({ schema, modules });
  streamingImportTest.register(t);
  token = await t.mutation(
    async (ctx) =>
      await ctx.runMutation(components.streamingImport.tokens.create, { name: "test", mirrors: ["*"] }),
  );
});

/** As a connector sends records. */
async function deliver(table: "airports" | "flights", ...rows: object[]): Promise<void> {
  const primaryKey = table === "airports" ? [["iata"]] : [["date"], ["origin"], ["destination"]];
  const response = await t.fetch("/api/streaming_import/import_airbyte_records", {
    method: "POST",
    headers: { Authorization: `Convex ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      tables: { [table]: { primaryKey, jsonSchema: {} } },
      messages: rows.map((data) => ({ tableName: table, data })),
    }),
  });
  expect([response.status, await response.text()]).toEqual([200, ""]);
}

const flight = (delay: number, key = KEY) => ({ ...key, delay, distance: 733 });

function airport(iata: string, name: string, city: string | null) {
  return { iata, name, city, state: "XX", country: "USA", latitude: 40, longitude: -90 };
}

describe("the board", () => {
  test("joins flights with airports, and does without one that has not arrived", async () => {
    await deliver("airports", airport("ORD", "Chicago O'Hare International", "Chicago"));
    await deliver("flights", flight(95));
    expect(await t.query(api.flights.board, { sort: "latest", limit: 10 })).toMatchObject([
      {
        key: KEY,
        delay: 95,
        origin: { iata: "ORD", city: "Chicago", position: { latitude: 40, longitude: -90 } },
        destination: { iata: "LGA", name: null, position: null },
        notes: 0,
        watched: false,
      },
    ]);
  });

  test("sorts by date and by delay, and gives no more than asked", async () => {
    const dates = ["2001/03/01 08:00", "2001/03/02 08:00", "2001/03/03 08:00"];
    await deliver("flights", ...dates.map((date, i) => flight([30, -12, 5][i]!, { ...KEY, date })));
    const delays = async (sort: "latest" | "late" | "early", limit = 10) =>
      (await t.query(api.flights.board, { sort, limit })).map(({ delay }) => delay);
    expect(await delays("latest")).toEqual([5, -12, 30]);
    expect(await delays("late")).toEqual([30, 5, -12]);
    expect(await delays("early", 2)).toEqual([-12, 5]);
    expect(await delays("early", -1)).toEqual([-12]);
  });

  test("shows an airport what leaves and what comes", async () => {
    await deliver("flights", flight(3), flight(9, { ...KEY, origin: "LGA", destination: "ORD" }));
    const at = { iata: "ORD", sort: "latest" as const, limit: 10 };
    expect(await t.query(api.flights.atAirport, { ...at, direction: "departures" })).toMatchObject([
      { delay: 3 },
    ]);
    expect(await t.query(api.flights.atAirport, { ...at, direction: "arrivals" })).toMatchObject([
      { delay: 9 },
    ]);
  });
});

describe("search", () => {
  test("finds airports by code, city and name, the best answer first", async () => {
    await deliver(
      "airports",
      airport("6N7", "New York Skyports", "New York"),
      airport("JFK", "John F Kennedy Intl", "New York"),
      airport("ORD", "Chicago O'Hare International", "Chicago"),
      airport("ORB", "Orr Regional", "Orr"),
    );
    const codes = async (text: string) =>
      (await t.query(api.airports.search, { text })).map(({ iata }) => iata);
    expect(await codes("ord")).toEqual(["ORD"]);
    expect((await codes("or"))[0]).toBe("ORB");
    expect(await codes("new york")).toEqual(["JFK", "6N7"]);
    expect(await codes("kennedy")).toEqual(["JFK"]);
    expect(await codes(" ")).toEqual([]);
  });
});

describe("what the app adds", () => {
  test("survives the flight's deletion in the source, and meets it again when it comes back", async () => {
    await deliver("flights", flight(12));
    await t.mutation(api.notes.add, { flight: KEY, text: "Tow at half past.", author: " " });
    await t.mutation(api.watchlist.add, { flight: KEY, addedBy: "Ruth" });
    await deliver("flights", { ...flight(12), _ab_cdc_deleted_at: "2001-04-01T00:00:00Z" });

    expect(await t.query(api.flights.get, { flight: KEY })).toBeNull();
    expect(await t.query(api.watchlist.list)).toMatchObject([{ key: KEY, delayWhenAdded: 12, now: null }]);
    expect(await t.query(api.notes.forFlight, { flight: KEY })).toMatchObject([
      { text: "Tow at half past.", author: "Somebody" },
    ]);

    await deliver("flights", flight(40));
    expect(await t.query(api.flights.get, { flight: KEY })).toMatchObject({
      delay: 40,
      notes: 1,
      watched: true,
    });
    expect(await t.query(api.watchlist.list)).toMatchObject([{ delayWhenAdded: 12, now: { delay: 40 } }]);
  });

  test("is watched once, and no more when removed", async () => {
    await deliver("flights", flight(12));
    for (let i = 0; i < 2; i++) await t.mutation(api.watchlist.add, { flight: KEY, addedBy: "Ruth" });
    expect(await t.query(api.watchlist.list)).toHaveLength(1);
    await t.mutation(api.watchlist.remove, { flight: KEY });
    expect(await t.query(api.watchlist.list)).toEqual([]);
  });

  test("refuses empty notes and flights that the source does not have", async () => {
    await expect(t.mutation(api.notes.add, { flight: KEY, text: "  ", author: "Ruth" })).rejects.toThrow(
      "Write",
    );
    await expect(t.mutation(api.watchlist.add, { flight: KEY, addedBy: "Ruth" })).rejects.toThrow(
      "no longer",
    );
  });
});

describe("the guard page", () => {
  test.each([
    ["direct", () => t.mutation(api.attempts.direct)],
    ["byId", () => t.mutation(api.attempts.byId)],
    ["dynamicName", () => t.mutation(api.attempts.dynamicName, { table: "flights" })],
    ["untyped", () => t.mutation(api.attempts.untyped)],
    ["viaAction", () => t.action(api.attempts.viaAction)],
  ])("has a write that the run time refuses: %s", async (_name, attempt) => {
    await deliver("flights", flight(12));
    await expect(attempt()).rejects.toMatchObject({ data: { code: "MirrorIsReadOnly", table: "flights" } });
    expect(await t.query(api.flights.get, { flight: KEY })).toMatchObject({ delay: 12 });
  });
});

test("the operations page sees every mirror", async () => {
  await deliver("flights", flight(12), flight(12));
  // What a run brings reaches the page within a second.
  await vi.waitFor(
    async () => {
      const { mirrors } = await t.query(api.operations.importStatus);
      expect(mirrors.map(({ name }) => name)).toEqual(["airports", "flights", "measurements"]);
      expect(mirrors[1]).toMatchObject({ rows: 1, total: { received: 2, inserted: 1, unchanged: 1 } });
    },
    { timeout: 10_000 },
  );
});
