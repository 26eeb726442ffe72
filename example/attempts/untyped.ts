import { mutation } from "./functions";

export const arriveOnTime = mutation({
  args: {},
  handler: async (ctx) => {
    const db = ctx.db as any;
    const flight = await db.query("flights").first();
    await db.patch(flight._id, { delay: 0 });
  },
});
