import { v } from "convex/values";
import { query } from "./_generated/server.js";
import { findFlight, joinFlights, vFlightKey, vFlightView, type FlightView } from "./views.js";

const vSort = v.union(v.literal("latest"), v.literal("late"), v.literal("early"));

/** A board is for looking at; who wants more asks for one airport. It also bounds what a change makes run again. */
const MAX_LISTED = 200;

function bounded(limit: number): number {
  return Math.min(Math.max(1, Math.floor(limit)), MAX_LISTED);
}

/**
 * The board. Every order is an index of the mirror, so it costs the same however large the mirror is. Not paginated:
 * a page keeps its ends, and would grow with every flight that a sync brings in between.
 */
export const board = query({
  args: { sort: vSort, limit: v.number() },
  returns: v.array(vFlightView),
  handler: async (ctx, { sort, limit }): Promise<FlightView[]> => {
    const flights = ctx.db.query("flights");
    const ordered =
      sort === "latest"
        ? flights.withIndex("by_primary_key").order("desc")
        : flights.withIndex("by_delay").order(sort === "late" ? "desc" : "asc");
    return await joinFlights(ctx, await ordered.take(bounded(limit)));
  },
});

/** Flights from or to one airport. */
export const atAirport = query({
  args: {
    iata: v.string(),
    direction: v.union(v.literal("departures"), v.literal("arrivals")),
    sort: vSort,
    limit: v.number(),
  },
  returns: v.array(vFlightView),
  handler: async (ctx, { iata, direction, sort, limit }): Promise<FlightView[]> => {
    const flights = ctx.db.query("flights");
    const byDate = sort === "latest";
    const there =
      direction === "departures"
        ? byDate
          ? flights.withIndex("by_origin_date", (q) => q.eq("origin", iata))
          : flights.withIndex("by_origin_delay", (q) => q.eq("origin", iata))
        : byDate
          ? flights.withIndex("by_destination_date", (q) => q.eq("destination", iata))
          : flights.withIndex("by_destination_delay", (q) => q.eq("destination", iata));
    return await joinFlights(ctx, await there.order(sort === "early" ? "asc" : "desc").take(bounded(limit)));
  },
});

/** One flight; null when the source has none of that key (any more). */
export const get = query({
  args: { flight: vFlightKey },
  returns: v.union(vFlightView, v.null()),
  handler: async (ctx, { flight: key }): Promise<FlightView | null> => {
    const flight = await findFlight(ctx, key);
    return flight === null ? null : (await joinFlights(ctx, [flight]))[0]!;
  },
});

/** The ends of each order: three index reads and their joins, however many flights there are. */
export const extremes = query({
  args: {},
  returns: v.object({
    latest: v.union(vFlightView, v.null()),
    mostDelayed: v.union(vFlightView, v.null()),
    furthestAhead: v.union(vFlightView, v.null()),
  }),
  handler: async (ctx) => {
    const flights = () => ctx.db.query("flights");
    const [latest, late, early] = await Promise.all([
      flights().withIndex("by_primary_key").order("desc").first(),
      flights().withIndex("by_delay").order("desc").first(),
      flights().withIndex("by_delay").order("asc").first(),
    ]);
    const view = async (flight: typeof latest): Promise<FlightView | null> =>
      flight === null ? null : (await joinFlights(ctx, [flight]))[0]!;
    return { latest: await view(latest), mostDelayed: await view(late), furthestAhead: await view(early) };
  },
});
