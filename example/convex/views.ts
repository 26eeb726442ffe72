import { v, type Infer } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import type { QueryCtx } from "./_generated/server.js";

/**
 * How the app names a flight: by the source's key, never by `_id`. A mirror's row can be deleted and come back with
 * another `_id`; notes and watchlist entries that name the source's key find it again.
 */
export const vFlightKey = v.object({ date: v.string(), origin: v.string(), destination: v.string() });
export type FlightKey = Infer<typeof vFlightKey>;

/** An airport as a flight shows it. Only `iata` is certain: the airport may not have arrived in its mirror yet. */
export const vPlace = v.object({
  iata: v.string(),
  name: v.union(v.string(), v.null()),
  city: v.union(v.string(), v.null()),
  state: v.union(v.string(), v.null()),
  position: v.union(v.object({ latitude: v.number(), longitude: v.number() }), v.null()),
});
export type Place = Infer<typeof vPlace>;

/** A mirrored flight joined with its mirrored airports and with what the app knows about it. */
export const vFlightView = v.object({
  key: vFlightKey,
  delay: v.number(),
  distance: v.number(),
  origin: vPlace,
  destination: vPlace,
  /** At most {@link MAX_NOTES_COUNTED}; the board shows no exact number beyond. */
  notes: v.number(),
  watched: v.boolean(),
});
export type FlightView = Infer<typeof vFlightView>;

/** Enough to tell a busy flight from a quiet one without reading every note for every row of a list. */
export const MAX_NOTES_COUNTED = 10;

/** Joins a page of flights; an airport that many of them share is read once. */
export async function joinFlights(ctx: QueryCtx, flights: readonly Doc<"flights">[]): Promise<FlightView[]> {
  const places = new Map<string, Promise<Place>>();
  const place = (iata: string): Promise<Place> => {
    const known = places.get(iata) ?? findPlace(ctx, iata);
    places.set(iata, known);
    return known;
  };
  return await Promise.all(
    flights.map(async ({ date, origin, destination, delay, distance }) => {
      const key = { date, origin, destination };
      const [from, to, notes, watched] = await Promise.all([
        place(origin),
        place(destination),
        countNotes(ctx, key),
        isWatched(ctx, key),
      ]);
      return { key, delay, distance, origin: from, destination: to, notes, watched };
    }),
  );
}

/** The flight of that key, or null when the source has none (any more). */
export async function findFlight(ctx: QueryCtx, key: FlightKey): Promise<Doc<"flights"> | null> {
  return await ctx.db
    .query("flights")
    .withIndex("by_primary_key", (q) =>
      q.eq("date", key.date).eq("origin", key.origin).eq("destination", key.destination),
    )
    .unique();
}

export async function findAirport(ctx: QueryCtx, iata: string): Promise<Doc<"airports"> | null> {
  return await ctx.db
    .query("airports")
    .withIndex("by_primary_key", (q) => q.eq("iata", iata))
    .unique();
}

export async function findPlace(ctx: QueryCtx, iata: string): Promise<Place> {
  const airport = await findAirport(ctx, iata);
  return airport === null ? { iata, name: null, city: null, state: null, position: null } : toPlace(airport);
}

export function toPlace({ iata, name, city, state, latitude, longitude }: Doc<"airports">): Place {
  return { iata, name, city, state, position: { latitude, longitude } };
}

async function countNotes(ctx: QueryCtx, key: FlightKey): Promise<number> {
  const notes = await ctx.db
    .query("notes")
    .withIndex("by_flight", (q) =>
      q.eq("flight.date", key.date).eq("flight.origin", key.origin).eq("flight.destination", key.destination),
    )
    .take(MAX_NOTES_COUNTED);
  return notes.length;
}

async function isWatched(ctx: QueryCtx, key: FlightKey): Promise<boolean> {
  return (await findWatch(ctx, key)) !== null;
}

export async function findWatch(ctx: QueryCtx, key: FlightKey): Promise<Doc<"watchlist"> | null> {
  return await ctx.db
    .query("watchlist")
    .withIndex("by_flight", (q) =>
      q.eq("flight.date", key.date).eq("flight.origin", key.origin).eq("flight.destination", key.destination),
    )
    .first();
}
