import { ConvexError, v } from "convex/values";
import { query } from "./_generated/server.js";
import { mutation } from "./functions.js";
import { findFlight, findPlace, findWatch, joinFlights, vFlightKey, vFlightView, vPlace } from "./views.js";

const MAX_WATCHED = 50;

/** Watched flights as they are now, newest entry first. `now` is null for a flight that its source has deleted. */
export const list = query({
  args: {},
  returns: v.array(
    v.object({
      id: v.id("watchlist"),
      key: vFlightKey,
      origin: vPlace,
      destination: vPlace,
      addedBy: v.string(),
      addedAt: v.number(),
      delayWhenAdded: v.number(),
      now: v.union(vFlightView, v.null()),
    }),
  ),
  handler: async (ctx) => {
    const entries = await ctx.db
      .query("watchlist")
      .withIndex("by_creation_time")
      .order("desc")
      .take(MAX_WATCHED);
    return await Promise.all(
      entries.map(async ({ _id, _creationTime, flight: key, addedBy, delayWhenAdded }) => {
        const flight = await findFlight(ctx, key);
        const [now = null] = flight === null ? [] : await joinFlights(ctx, [flight]);
        const [origin, destination] =
          now === null
            ? await Promise.all([findPlace(ctx, key.origin), findPlace(ctx, key.destination)])
            : [now.origin, now.destination];
        return { id: _id, key, origin, destination, addedBy, addedAt: _creationTime, delayWhenAdded, now };
      }),
    );
  },
});

/** Starts to watch a flight. Watching one that is watched changes nothing. */
export const add = mutation({
  args: { flight: vFlightKey, addedBy: v.string() },
  returns: v.null(),
  handler: async (ctx, { flight: key, addedBy }) => {
    if ((await findWatch(ctx, key)) !== null) return null;
    const flight = await findFlight(ctx, key);
    if (flight === null) throw new ConvexError("This flight is no longer in the source.");
    if ((await ctx.db.query("watchlist").take(MAX_WATCHED)).length === MAX_WATCHED) {
      throw new ConvexError(`The watchlist holds ${String(MAX_WATCHED)} flights. Remove one first.`);
    }
    await ctx.db.insert("watchlist", {
      flight: key,
      addedBy: addedBy.trim() || "Somebody",
      delayWhenAdded: flight.delay,
    });
    return null;
  },
});

export const remove = mutation({
  args: { flight: vFlightKey },
  returns: v.null(),
  handler: async (ctx, { flight }) => {
    const entry = await findWatch(ctx, flight);
    if (entry !== null) await ctx.db.delete("watchlist", entry._id);
    return null;
  },
});
