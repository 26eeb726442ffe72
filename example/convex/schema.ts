import { exportTable, mirrorTable } from "convex-streaming-import/schema";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  /** Airports of the United States, from the operations database. */
  airports: mirrorTable(
    {
      iata: v.string(),
      name: v.string(),
      city: v.union(v.string(), v.null()),
      state: v.union(v.string(), v.null()),
      country: v.string(),
      latitude: v.number(),
      longitude: v.number(),
    },
    { primaryKey: ["iata"], source: "public.airports", owner: "Ground Operations", export: true },
  )
    .index("by_city", ["city"])
    .searchIndex("search_name", { searchField: "name" }),

  /** Flights with their delays in minutes. One row per departure. */
  flights: mirrorTable(
    {
      date: v.string(),
      origin: v.string(),
      destination: v.string(),
      delay: v.number(),
      distance: v.number(),
    },
    { primaryKey: ["date", "origin", "destination"], source: "public.flights", owner: "Flight Data" },
  )
    .index("by_delay", ["delay"])
    .index("by_origin_delay", ["origin", "delay"])
    .index("by_origin_date", ["origin", "date"])
    .index("by_destination_delay", ["destination", "delay"])
    .index("by_destination_date", ["destination", "date"]),

  /** Measurements that have no key at all, and real duplicates: rows are only ever appended. */
  measurements: mirrorTable(
    { delay: v.number(), distance: v.number(), time: v.number() },
    { source: "telemetry.measurements" },
  ),

  /**
   * Ours: what people write about a flight. It names the flight by the source's key, so it survives every refresh. Readers
   * of the export get it, without the name of its author.
   */
  notes: exportTable(
    defineTable({
      flight: v.object({ date: v.string(), origin: v.string(), destination: v.string() }),
      text: v.string(),
      author: v.string(),
    }).index("by_flight", ["flight.date", "flight.origin", "flight.destination"]),
    { exclude: ["author"] },
  ),

  /** Ours: flights that somebody keeps an eye on. An entry outlives its flight, which is when it matters most. */
  watchlist: defineTable({
    flight: v.object({ date: v.string(), origin: v.string(), destination: v.string() }),
    addedBy: v.string(),
    /** What the delay was then, in minutes; the board shows what it has become. */
    delayWhenAdded: v.number(),
  }).index("by_flight", ["flight.date", "flight.origin", "flight.destination"]),
});
