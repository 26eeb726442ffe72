import { mutation } from "./functions";

export const addFlight = mutation({
  args: {},
  handler: async (ctx) => {
    await ctx.db.insert("flights", {
      date: "2001/04/01 08:00",
      origin: "ORD",
      destination: "LGA",
      delay: 0,
      distance: 733,
    });
  },
});
