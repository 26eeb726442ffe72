import { ConvexError, v } from "convex/values";
import { api } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { action, type QueryCtx } from "./_generated/server.js";
import { mutation } from "./functions.js";

/*
 * What the guard page runs. Each function is the program of the same name in `example/attempts`, got past the compiler
 * with a cast and past `streaming-import guard` with an exemption. What is left is the run time, and it refuses.
 */

/** Wider than it has to be: the compiler does not know any more that it is a mirror. */
const FLIGHTS: string = "flights";

const FLIGHT = { date: "2001/04/01 08:00", origin: "ORD", destination: "LGA", delay: 0, distance: 733 };

export const direct = mutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    // streaming-import-allow flights until 2099-12-31: the run time refuses it, which the guard page shows
    await ctx.db.insert(FLIGHTS as "notes", FLIGHT as never);
    return null;
  },
});

export const byId = mutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const id: string = await anyFlight(ctx);
    // Clean to the gate: Convex compares the id with the name of the table. The guard does so before it.
    await ctx.db.patch("notes", id as Id<"notes">, { delay: 0 } as never);
    return null;
  },
});

export const dynamicName = mutation({
  args: { table: v.string() },
  returns: v.null(),
  handler: async (ctx, { table }) => {
    // streaming-import-allow flights until 2099-12-31: the run time refuses it, which the guard page shows
    await ctx.db.insert(table as "notes", FLIGHT as never);
    return null;
  },
});

/** A writer of which the compiler knows nothing but that it writes. */
interface UntypedWriter {
  patch: (id: string, fields: object) => Promise<void>;
}

export const untyped = mutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const id = await anyFlight(ctx);
    // streaming-import-allow flights until 2099-12-31: the run time refuses it, which the guard page shows
    await (ctx.db as unknown as UntypedWriter).patch(id, { delay: 0 });
    return null;
  },
});

export const viaAction = action({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => await ctx.runMutation(api.attempts.untyped, {}),
});

async function anyFlight(ctx: QueryCtx): Promise<Id<"flights">> {
  const flight = await ctx.db.query("flights").withIndex("by_delay").order("desc").first();
  if (flight === null) throw new ConvexError("No flight has arrived yet. Run a sync first.");
  return flight._id;
}
