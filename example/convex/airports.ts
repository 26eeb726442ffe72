import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { query } from "./_generated/server.js";
import { findAirport, toPlace, vPlace, type Place } from "./views.js";

const MAX_HITS = 8;

/** What is read from each index to choose the best from. */
const MAX_CANDIDATES = 64;

/** Codes in the mirror have three or four characters; a longer word is a name. */
const MAX_CODE_LENGTH = 4;

/** Airports whose code or city begins with the text, or whose name has its words: the best answer first. */
export const search = query({
  args: { text: v.string() },
  returns: v.array(vPlace),
  handler: async (ctx, args) => {
    const text = args.text.trim();
    if (text === "") return [];
    const code = text.toUpperCase();
    const city = capitalized(text);
    const airports = () => ctx.db.query("airports");
    const [byCode, byCity, byName] = await Promise.all([
      code.length > MAX_CODE_LENGTH
        ? []
        : airports()
            .withIndex("by_primary_key", (q) => q.gte("iata", code).lt("iata", `${code}\uffff`))
            .take(MAX_CANDIDATES),
      airports()
        .withIndex("by_city", (q) => q.gte("city", city).lt("city", `${city}\uffff`))
        .take(MAX_CANDIDATES),
      airports()
        .withSearchIndex("search_name", (q) => q.search("name", text))
        .take(MAX_CANDIDATES),
    ]);
    const found = new Map([...byCode, ...byCity, ...byName].map((airport) => [airport.iata, airport]));
    return [...found.values()]
      .map((airport) => ({ airport, score: scoreOf(airport, text.toLowerCase()) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, MAX_HITS)
      .map(({ airport }) => toPlace(airport));
  },
});

/** As the source writes cities: "Fort Worth". */
function capitalized(text: string): string {
  return text.toLowerCase().replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase());
}

/** How well an airport answers: its code, then words that its name and city begin with. */
function scoreOf({ iata, name, city }: Doc<"airports">, text: string): number {
  const code = iata.toLowerCase();
  const words = `${name} ${city ?? ""}`.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const matched = text.split(/\s+/).filter((part) => words.some((word) => word.startsWith(part))).length;
  return (
    (code === text ? 10 : code.startsWith(text) ? 2 : 0) +
    matched * 2 +
    (city?.toLowerCase().startsWith(text) === true ? 2 : 0) +
    // Fields with digits in their codes are small; people look for the others.
    (/^[a-z]+$/.test(code) ? 1 : 0)
  );
}

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
