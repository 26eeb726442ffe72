/**
 * How the app's functions know that the component calls them: it holds a secret that no function returns, and passes
 * it along. A module of its own, because each call evaluates its module. Writes nothing.
 */
import { v } from "convex/values";
import { query } from "./_generated/server.js";

/** Whether a caller that knows this secret is the component. Reads one document, which only a deploy changes. */
export const check = query({
  args: { secret: v.string() },
  returns: v.boolean(),
  handler: async ({ db }, { secret }) => (await db.query("app").first())?.secret === secret,
});
