import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { exportTable } from "../../../src/schema/index.js";

/** The tables of the app whose export was recorded on Convex's own backend. */
export default defineSchema({
  things: exportTable(
    defineTable({
      n: v.number(),
      i: v.int64(),
      b: v.boolean(),
      s: v.string(),
      y: v.bytes(),
      z: v.null(),
      a: v.array(v.union(v.number(), v.string())),
      o: v.object({ x: v.number(), q: v.optional(v.int64()) }),
      r: v.record(v.string(), v.number()),
      l: v.union(v.literal("red"), v.literal("blue")),
      any: v.any(),
      ref: v.optional(v.id("things")),
    }),
  ),
  empty: exportTable(defineTable({ k: v.string(), m: v.optional(v.number()) })),
});
