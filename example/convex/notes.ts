import { ConvexError, v } from "convex/values";
import { query } from "./_generated/server.js";
import { mutation } from "./functions.js";
import { vFlightKey } from "./views.js";

const MAX_SHOWN = 50;
const MAX_RECENT = 20;
const MAX_TEXT = 500;
const MAX_AUTHOR = 40;

const vNote = v.object({
  id: v.id("notes"),
  flight: vFlightKey,
  text: v.string(),
  author: v.string(),
  writtenAt: v.number(),
});

/** What people wrote about one flight, newest first. */
export const forFlight = query({
  args: { flight: vFlightKey },
  returns: v.array(vNote),
  handler: async (ctx, { flight }) => {
    const notes = await ctx.db
      .query("notes")
      .withIndex("by_flight", (q) =>
        q
          .eq("flight.date", flight.date)
          .eq("flight.origin", flight.origin)
          .eq("flight.destination", flight.destination),
      )
      .order("desc")
      .take(MAX_SHOWN);
    return notes.map(({ _id, _creationTime, ...note }) => ({ ...note, id: _id, writtenAt: _creationTime }));
  },
});

/** The newest notes of all flights. */
export const recent = query({
  args: {},
  returns: v.array(vNote),
  handler: async (ctx) => {
    const notes = await ctx.db.query("notes").withIndex("by_creation_time").order("desc").take(MAX_RECENT);
    return notes.map(({ _id, _creationTime, ...note }) => ({ ...note, id: _id, writtenAt: _creationTime }));
  },
});

export const add = mutation({
  args: { flight: vFlightKey, text: v.string(), author: v.string() },
  returns: v.null(),
  handler: async (ctx, { flight, text, author }) => {
    const note = { flight, text: text.trim(), author: author.trim() || "Somebody" };
    if (note.text === "") throw new ConvexError("Write something first.");
    if (note.text.length > MAX_TEXT)
      throw new ConvexError(`A note has at most ${String(MAX_TEXT)} characters.`);
    if (note.author.length > MAX_AUTHOR)
      throw new ConvexError(`A name has at most ${String(MAX_AUTHOR)} characters.`);
    await ctx.db.insert("notes", note);
    return null;
  },
});

export const remove = mutation({
  args: { id: v.id("notes") },
  returns: v.null(),
  handler: async (ctx, { id }) => {
    if ((await ctx.db.get("notes", id)) !== null) await ctx.db.delete("notes", id);
    return null;
  },
});
