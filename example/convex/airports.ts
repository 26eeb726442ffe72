import { v } from "convex/values";
import { query } from "./_generated/server.js";
import { findAirport, toPlace, vPlace, type Place } from "./views.js";

const MAX_HITS = 8;

/** Codes in the mirror have three or four characters; a longer word is a name. */
const MAX_CODE_LENGTH = 4;

/** Airports by code or by words of their name: codes that start with the text first. */
export const search = query({
  args: { text: v.string() },
  returns: v.array(vPlace),
  handler: async (ctx, { text }) => {
    const word = text.trim();
    if (word === "") return [];
    const code = word.toUpperCase();
    const byCode =
      code.length > MAX_CODE_LENGTH
        ? []
        : await ctx.db
            .query("airports")
            .withIndex("by_primary_key", (q) => q.gte("iata", code).lt("iata", `${code}\uffff`))
            .take(MAX_HITS);
    const byName = await ctx.db
      .query("airports")
      .withSearchIndex("search_name", (q) => q.search("name", word))
      .take(MAX_HITS);
    const hits = new Map([...byCode, ...byName].map((airport) => [airport.iata, toPlace(airport)]));
    return [...hits.values()].slice(0, MAX_HITS);
  },
});

/** One airport; null when its mirror has none of that code. */
export const get = query({
  args: { iata: v.string() },
  returns: v.union(vPlace, v.null()),
  handler: async (ctx, { iata }): Promise<Place | null> => {
    const airport = await findAirport(ctx, iata);
    return airport === null ? null : toPlace(airport);
  },
});

const MAX_DOTS = 1000;

/**
 * Where airports are, for the map: those whose codes lie between two texts. The map asks for several ranges, so that
 * a changed airport makes one of them run again, not all.
 */
export const dots = query({
  args: { from: v.string(), before: v.string() },
  returns: v.array(
    v.object({ latitude: v.number(), longitude: v.number(), state: v.union(v.string(), v.null()) }),
  ),
  handler: async (ctx, { from, before }) => {
    const airports = await ctx.db
      .query("airports")
      .withIndex("by_primary_key", (q) => q.gte("iata", from).lt("iata", before))
      .take(MAX_DOTS);
    return airports.map(({ latitude, longitude, state }) => ({ latitude, longitude, state }));
  },
});
