import { v } from "convex/values";
import { query } from "./_generated/server";
import { mutation } from "./functions";

/** The first customers by name, each with the notes that people wrote about them. */
export const list = query({
  args: {},
  handler: async (ctx) => {
    const customers = await ctx.db.query("customers").withIndex("by_name").take(100);
    return await Promise.all(
      customers.map(async ({ id, name, email, plan }) => {
        const notes = await ctx.db
          .query("notes")
          .withIndex("by_customer", (q) => q.eq("customerId", id))
          .take(20);
        return { id, name, email, plan, notes: notes.map(({ text }) => text) };
      }),
    );
  },
});

export const addNote = mutation({
  args: { customerId: v.int64(), text: v.string() },
  handler: async (ctx, note) => {
    // ctx.db.insert("customers", …) would not compile here.
    await ctx.db.insert("notes", note);
  },
});
