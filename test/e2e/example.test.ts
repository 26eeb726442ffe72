// @vitest-environment node
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { api } from "../../example/convex/_generated/api.js";
import { Project } from "./project.js";

/**
 * The example, pushed by the Convex CLI, behind the three generations of Airbyte's `destination-convex`: each request
 * as the connector of that generation sends it, in its order.
 */

const IMPORT = "/api/streaming_import";
const FLIGHT_KEY = [["date"], ["origin"], ["destination"]];
const OK = { status: 200, text: "" };

const airports = [
  airport("ABQ", "Albuquerque International", "Albuquerque"),
  airport("ELP", "El Paso International", "El Paso"),
];
const flight = { date: "2001/01/10 18:20", origin: "ABQ", destination: "ELP", delay: -5, distance: 223 };
const key = { date: flight.date, origin: flight.origin, destination: flight.destination };

let project: Project;
let client: ConvexHttpClient;
let token: string;
/** The mirrors that the registry knows before anybody declares them. */
let undeclared: string[];

beforeAll(async () => {
  project = await Project.start("example/convex");
  await project.push();
  client = new ConvexHttpClient(project.server.url);
  undeclared = await mirrorNames();
  token = await project.createToken("connector", ["airports", "flights", "measurements"]);
});

afterAll(async () => {
  await project.close();
});

function airport(iata: string, name: string, city: string) {
  return { iata, name, city, state: "NM", country: "USA", latitude: 35, longitude: -106 };
}

async function mirrorNames(): Promise<string[]> {
  return (await client.query(api.operations.importStatus, {})).mirrors.map(({ name }) => name);
}

test("declare shows the mirrors before the first row", async () => {
  expect(undeclared).toEqual([]);
  await project.run("declare");

  expect(await mirrorNames()).toEqual(["airports", "flights", "measurements"]);
});

test("0.1.0 overwrites through a temporary table; replace_tables sweeps the rows that it did not bring", async () => {
  const temporary = (run: number) => `temp_${String(1_700_000_000 + run)}_public_airports`;
  const overwrite = async (run: number, rows: Record<string, unknown>[]) => {
    expect(await project.importRecords(token, temporary(run), null, rows)).toEqual(OK);
    const tableNames = { [temporary(run)]: "public_airports" };
    expect(await project.send(token, "POST", `${IMPORT}/replace_tables`, { tableNames })).toEqual(OK);
  };
  await overwrite(1, [...airports, airport("OLD", "Closed Field", "Nowhere")]);
  expect(await client.query(api.airports.get, { iata: "OLD" })).toMatchObject({ name: "Closed Field" });

  await overwrite(2, airports);
  await expect.poll(() => client.query(api.airports.get, { iata: "OLD" })).toBeNull();
  expect(await client.query(api.airports.get, { iata: "ABQ" })).toMatchObject({ city: "Albuquerque" });
});

test("0.2.x sets up with bare names, asks whether indexes are ready, and deduplicates by the composite key", async () => {
  expect(await project.send(token, "GET", "/version")).toMatchObject({ status: 200 });
  const indexes = { flights: FLIGHT_KEY };
  expect(await project.send(token, "PUT", `${IMPORT}/add_primary_key_indexes`, { indexes })).toEqual(OK);
  const ready = await project.send(token, "GET", `${IMPORT}/primary_key_indexes_ready`);
  expect([ready.status, JSON.parse(ready.text)]).toEqual([200, { indexesReady: true }]);

  expect(
    await project.importRecords(token, "public_flights", FLIGHT_KEY, [flight, { ...flight, delay: 30 }]),
  ).toEqual(OK);
  expect(await project.importRecords(token, "public_flights", FLIGHT_KEY, [])).toEqual(OK);

  expect(await client.query(api.flights.get, { flight: key })).toMatchObject({
    delay: 30,
    origin: { city: "Albuquerque" },
    destination: { city: "El Paso" },
  });
});

test("later revisions use the full names everywhere", async () => {
  const indexes = { public_flights: FLIGHT_KEY };
  expect(await project.send(token, "PUT", `${IMPORT}/add_primary_key_indexes`, { indexes })).toEqual(OK);
  const tableNames = ["public_flights"];
  expect(await project.send(token, "PUT", `${IMPORT}/clear_tables`, { tableNames })).toEqual(OK);

  // A full refresh: what was there stays readable.
  expect(await client.query(api.flights.get, { flight: key })).toMatchObject({ delay: 30 });
  expect(await project.importRecords(token, "public_flights", null, [{ ...flight, delay: 31 }])).toEqual(OK);
  expect(await client.query(api.flights.get, { flight: key })).toMatchObject({ delay: 31 });
});

test("a connection with another key than the mirror's is told so before it sends rows", async () => {
  const indexes = { flights: [["date"]] };
  const answer = await project.send(token, "PUT", `${IMPORT}/add_primary_key_indexes`, { indexes });

  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text)).toMatchObject({ code: "PrimaryKeyMismatch" });
});

test("what the app writes about a mirrored row stays with it through the next import", async () => {
  await client.mutation(api.notes.add, { flight: key, text: "Gate changed", author: "Ops" });
  expect(
    await project.importRecords(token, "public_flights", FLIGHT_KEY, [{ ...flight, delay: 45 }]),
  ).toEqual(OK);

  expect(await client.query(api.flights.get, { flight: key })).toMatchObject({ delay: 45, notes: 1 });
});

test("append mode keeps real duplicates", async () => {
  const row = { delay: 14, distance: 405, time: 8.4 };
  expect(await project.importRecords(token, "telemetry_measurements", null, [row, row])).toEqual(OK);

  // Counts reach the registry within a second or two.
  const measurements = async () => {
    const { mirrors } = await client.query(api.operations.importStatus, {});
    return mirrors.find(({ name }) => name === "measurements");
  };
  await expect.poll(measurements).toMatchObject({ rows: 2, syncMode: "append" });
});
