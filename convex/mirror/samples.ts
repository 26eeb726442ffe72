/** How mirrors grew, for plots. Writes nothing: see `takeSample.ts`. */
import { v } from "convex/values";
import { query } from "../_generated/server.js";
import { findSamples } from "./takeSample.js";
import { vSample } from "../../src/core/wire/validators.js";

/** How a mirror grew, oldest first. */
export const list = query({
  args: { mirror: v.string() },
  returns: v.array(vSample),
  handler: async (ctx, { mirror }) => (await findSamples(ctx, mirror))?.points ?? [],
});
