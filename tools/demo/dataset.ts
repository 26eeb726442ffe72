import { readFile } from "node:fs/promises";
import { csvParse } from "d3-dsv";
import type { SourceStream } from "./connector.js";

/** Which flights of vega-datasets are streamed. */
export type DatasetSize = "5k" | "20k" | "200k";
export const DATASET_SIZES: readonly DatasetSize[] = ["5k", "20k", "200k"];

/** An airport as the source's table `public.airports` has it. */
export interface Airport {
  iata: string;
  name: string;
  city: string | null;
  state: string | null;
  country: string;
  latitude: number;
  longitude: number;
}

export interface Flight {
  date: string;
  origin: string;
  destination: string;
  delay: number;
  distance: number;
}

export interface Measurement {
  delay: number;
  distance: number;
  time: number;
}

/** What the source holds. `measurements` is empty except for 200k, whose rows have no key. */
export interface Dataset {
  airports: Airport[];
  flights: Flight[];
  measurements: Measurement[];
}

/** Reads the real data that vega-datasets ships, in the order in which it is there. */
export async function readDataset(size: DatasetSize): Promise<Dataset> {
  const airports = csvParse(await readData("airports.csv"), (row) => ({
    iata: row.iata!,
    name: row.name!,
    city: orNull(row.city!),
    state: orNull(row.state!),
    country: row.country!,
    latitude: Number(row.latitude),
    longitude: Number(row.longitude),
  }));
  // The 200k file has neither dates nor airports; the board still shows the flights of the small one.
  const flights = JSON.parse(await readData(`flights-${size === "200k" ? "5k" : size}.json`)) as Flight[];
  const measurements =
    size === "200k" ? (JSON.parse(await readData("flights-200k.json")) as Measurement[]) : [];
  return { airports, flights, measurements };
}

/** The file writes a missing city as "NA". */
function orNull(text: string): string | null {
  return text === "NA" ? null : text;
}

async function readData(name: string): Promise<string> {
  // The package exports its entry only; the data lies next to the folder of that.
  return await readFile(new URL(`../data/${name}`, import.meta.resolve("vega-datasets")), "utf8");
}

const string = { type: "string" };
const text = { type: ["null", "string"] };
const number = { type: ["null", "number"] };

function schemaOf(properties: Record<string, object>): object {
  return { $schema: "http://json-schema.org/draft-07/schema#", type: "object", properties };
}

/** The streams of the connection, described as the Postgres source of Airbyte describes such tables. */
export const AIRPORTS: SourceStream = {
  namespace: "public",
  name: "airports",
  syncMode: "append_dedup",
  primaryKey: [["iata"]],
  jsonSchema: schemaOf({
    iata: string,
    name: text,
    city: text,
    state: text,
    country: text,
    latitude: number,
    longitude: number,
  }),
};

export const FLIGHTS: SourceStream = {
  namespace: "public",
  name: "flights",
  syncMode: "append_dedup",
  primaryKey: [["date"], ["origin"], ["destination"]],
  jsonSchema: schemaOf({
    date: string,
    origin: string,
    destination: string,
    delay: number,
    distance: number,
  }),
};

export const MEASUREMENTS: SourceStream = {
  namespace: "telemetry",
  name: "measurements",
  syncMode: "append",
  primaryKey: null,
  jsonSchema: schemaOf({ delay: number, distance: number, time: number }),
};
