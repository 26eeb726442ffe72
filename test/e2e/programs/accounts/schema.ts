import { mirrorTable } from "convex-streaming-import/schema";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  users: mirrorTable(
    { id: v.int64(), name: v.string(), email: v.optional(v.union(v.string(), v.null())) },
    { primaryKey: ["id"], source: "public.users", owner: "Accounts" },
  ).index("by_name", ["name"]),
  logins: mirrorTable({ user: v.int64(), at: v.string() }, { source: "public.logins" }),
  notes: defineTable({ userId: v.int64(), text: v.string() }),
});
