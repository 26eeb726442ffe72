import type { JsonRecord, SourceMessage, SourceStream } from "./connector.js";
import { AIRPORTS, FLIGHTS, MEASUREMENTS, type Airport, type Dataset, type Flight } from "./dataset.js";
import { Random } from "./random.js";

/** A sync as a source delivers it, and what the source holds when it is through. */
export interface SourceSync {
  messages: SourceMessage[];
  /** Records per table of the source, for comparing with what the mirror received. */
  sent: Record<keyof Dataset, number>;
  after: Dataset;
}

/** A source checkpoints a long snapshot this often, and once at the end of each stream. */
const SNAPSHOT_CHECKPOINT = 10_000;

/** A source that reads a log checkpoints far more often. */
const LOG_CHECKPOINT = 25;

/** The streams of the connection. */
export function catalogOf({ measurements }: Dataset): SourceStream[] {
  return measurements.length === 0 ? [AIRPORTS, FLIGHTS] : [AIRPORTS, FLIGHTS, MEASUREMENTS];
}

/** The first sync: every row, stream after stream. */
export function* snapshot(dataset: Dataset): Generator<SourceMessage> {
  const at = "2001-03-31T23:00:00.000Z";
  yield* snapshotOf(AIRPORTS, dataset.airports, (row) => captured(row, at));
  yield* snapshotOf(FLIGHTS, dataset.flights, (row) => captured(row, at));
  if (dataset.measurements.length > 0)
    yield* snapshotOf(MEASUREMENTS, dataset.measurements, (row) => ({ ...row }));
}

function* snapshotOf<Row>(
  stream: SourceStream,
  rows: readonly Row[],
  record: (row: Row) => JsonRecord,
): Generator<SourceMessage> {
  let sinceState = 0;
  for (const row of rows) {
    yield { type: "RECORD", stream, data: record(row) };
    if (++sinceState === SNAPSHOT_CHECKPOINT) {
      yield { type: "STATE" };
      sinceState = 0;
    }
  }
  yield { type: "STATE" };
}

const CHANGED_DELAYS = 220;
const RESENT = 30;
const DELETED = 60;
const NEW_FLIGHTS = 90;
/** Of these, as many leave on the next day; the others are news of days that are known. */
const NEXT_DAY = 18;
const NEW_MEASUREMENTS = 100;

/** Of the changes, as many go to the newest flights: those are the ones a log has most news of. */
const RECENT = 300;

/**
 * A later sync: what happened since, as change data capture tells it. The same round over the same data is the same
 * changes. The first round also brings the airports up to date, by what really became of them since 2001.
 */
export function changes(dataset: Dataset, round: number): SourceSync {
  const random = new Random(round);
  const at = `2001-04-${String(round).padStart(2, "0")}T23:00:00.000Z`;
  const flights = new Map(currentFlights(dataset.flights).map((flight) => [flightKey(flight), flight]));
  const airports = new Map(dataset.airports.map((airport) => [airport.iata, airport]));
  const measurements = [...dataset.measurements];
  const records: SourceMessage[] = [];

  const keys = [...flights.keys()];
  const picked = new Set<string>();
  const pick = (): Flight => {
    for (;;) {
      const key = random.chance(0.5) ? random.of(keys.slice(-RECENT)) : random.of(keys);
      if (picked.has(key)) continue;
      picked.add(key);
      return flights.get(key)!;
    }
  };

  for (let i = 0; i < CHANGED_DELAYS; i++) {
    const old = pick();
    const flight = { ...old, delay: old.delay + random.between(4, 45) * (random.chance(0.7) ? 1 : -1) };
    flights.set(flightKey(flight), flight);
    records.push({ type: "RECORD", stream: FLIGHTS, data: captured(flight, at) });
  }
  for (let i = 0; i < RESENT; i++)
    records.push({ type: "RECORD", stream: FLIGHTS, data: captured(pick(), at) });
  for (let i = 0; i < DELETED; i++) {
    const { date, origin, destination } = pick();
    flights.delete(flightKey({ date, origin, destination }));
    // Postgres tells of a deleted row its key only.
    records.push({
      type: "RECORD",
      stream: FLIGHTS,
      data: {
        ...captured({ date, origin, destination, delay: null, distance: null }, at),
        _ab_cdc_deleted_at: at,
      },
    });
  }
  for (const flight of newFlights(random, dataset.flights, flights, round)) {
    flights.set(flightKey(flight), flight);
    records.push({ type: "RECORD", stream: FLIGHTS, data: captured(flight, at) });
  }
  random.shuffle(records);

  if (round === 1) records.unshift(...airportNews(airports, at));
  if (measurements.length > 0) {
    const last = measurements.at(-1)!.time;
    for (let i = 0; i < NEW_MEASUREMENTS; i++) {
      const measurement = { ...random.of(dataset.measurements), time: last + i };
      measurements.push(measurement);
      records.push({ type: "RECORD", stream: MEASUREMENTS, data: { ...measurement } });
    }
  }

  const sentOf = (stream: SourceStream) =>
    records.filter((message) => message.type === "RECORD" && message.stream === stream).length;
  return {
    messages: records.flatMap((record, i) =>
      (i + 1) % LOG_CHECKPOINT === 0 ? [record, { type: "STATE" } as const] : [record],
    ),
    sent: { airports: sentOf(AIRPORTS), flights: sentOf(FLIGHTS), measurements: sentOf(MEASUREMENTS) },
    after: { airports: [...airports.values()], flights: [...flights.values()], measurements },
  };
}

/** The rows that a mirror of the data has: one per key, or every row where there is no key. */
export function rowsOf(dataset: Dataset): Record<keyof Dataset, number> {
  return {
    airports: new Set(dataset.airports.map(({ iata }) => iata)).size,
    flights: currentFlights(dataset.flights).length,
    measurements: dataset.measurements.length,
  };
}

/** Two flights of a key are two versions of one: the later one counts. */
function currentFlights(flights: readonly Flight[]): Flight[] {
  return [...new Map(flights.map((flight) => [flightKey(flight), flight])).values()];
}

function flightKey({ date, origin, destination }: Pick<Flight, "date" | "origin" | "destination">): string {
  return `${date} ${origin} ${destination}`;
}

/** Flights on routes that are flown: some of the day after the last one of the data, most of recent days. */
function newFlights(
  random: Random,
  known: readonly Flight[],
  current: ReadonlyMap<string, Flight>,
  round: number,
): Flight[] {
  const added = new Map<string, Flight>();
  const recent = known.slice(-RECENT);
  while (added.size < NEW_FLIGHTS) {
    const { origin, destination, distance } = random.of(known);
    const minute = random.between(5 * 60, 23 * 60);
    const day = added.size < NEXT_DAY ? `2001/04/${pad(round)}` : random.of(recent).date.slice(0, 10);
    const flight = {
      date: `${day} ${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`,
      origin,
      destination,
      distance,
      delay: random.of(known).delay,
    };
    if (!current.has(flightKey(flight))) added.set(flightKey(flight), flight);
  }
  return [...added.values()];
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

const RENAMED: readonly [iata: string, name: string][] = [
  ["HNL", "Daniel K Inouye International"],
  ["ICT", "Wichita Dwight D Eisenhower National"],
  ["LAS", "Harry Reid International"],
  ["LIT", "Bill and Hillary Clinton National"],
  ["OAK", "San Francisco Bay Oakland International"],
  ["PVD", "Rhode Island T F Green International"],
  ["SDF", "Louisville Muhammad Ali International"],
];

/** Closed in 2010 and 2019, when the two below opened in their stead. */
const CLOSED = ["PFN", "ISN"];

const OPENED: Airport[] = [
  {
    iata: "ECP",
    name: "Northwest Florida Beaches International",
    city: "Panama City Beach",
    state: "FL",
    country: "USA",
    latitude: 30.3417,
    longitude: -85.7973,
  },
  {
    iata: "XWA",
    name: "Williston Basin International",
    city: "Williston",
    state: "ND",
    country: "USA",
    latitude: 48.2584,
    longitude: -103.7511,
  },
];

function airportNews(airports: Map<string, Airport>, at: string): SourceMessage[] {
  const record = (data: JsonRecord): SourceMessage => ({ type: "RECORD", stream: AIRPORTS, data });
  const news: SourceMessage[] = [];
  for (const [iata, name] of RENAMED) {
    const airport = { ...airports.get(iata)!, name };
    airports.set(iata, airport);
    news.push(record(captured(airport, at)));
  }
  for (const iata of CLOSED) {
    airports.delete(iata);
    const unknown = { name: null, city: null, state: null, country: null, latitude: null, longitude: null };
    news.push(record({ ...captured({ iata, ...unknown }, at), _ab_cdc_deleted_at: at }));
  }
  for (const airport of OPENED) {
    airports.set(airport.iata, airport);
    news.push(record(captured(airport, at)));
  }
  return news;
}

/** A row as Airbyte's Postgres source sends it with change data capture. */
function captured(row: object, at: string): JsonRecord {
  return {
    ...(row as JsonRecord),
    _ab_cdc_lsn: 26_613_168,
    _ab_cdc_updated_at: at,
    _ab_cdc_deleted_at: null,
  };
}
