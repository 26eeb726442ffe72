import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const list = query({
  args: {},
  handler: async (ctx) => await ctx.db.query("users").withIndex("by_name").collect(),
});

export const logins = query({ args: {}, handler: async (ctx) => await ctx.db.query("logins").collect() });

export const addNote = mutation({
  args: { userId: v.int64(), text: v.string() },
  handler: async (ctx, note) => await ctx.db.insert("notes", note),
});

export const notes = query({ args: {}, handler: async (ctx) => await ctx.db.query("notes").collect() });
