import { mirrorTable } from "convex-streaming-import/schema";
import { defineSchema } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  users: mirrorTable(
    {
      id: v.int64(),
      name: v.union(v.string(), v.null()),
      balance: v.optional(v.number()),
      active: v.optional(v.boolean()),
    },
    { primaryKey: ["id"], source: "public.users" },
  ),
  events: mirrorTable({ kind: v.string(), at: v.number() }, { source: "public.events" }),
});
