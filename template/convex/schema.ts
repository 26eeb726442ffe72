import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";

export default defineSchema({
  // A mirror: only the importer writes it.
  customers: mirrorTable(
    {
      id: v.int64(),
      name: v.string(),
      email: v.string(),
      plan: v.union(v.string(), v.null()),
      updated_at: v.number(),
    },
    { primaryKey: ["id"], source: "public.customers", version: "updated_at" },
  ).index("by_name", ["name"]),

  // Yours: it names customers by the source's key.
  notes: defineTable({ customerId: v.int64(), text: v.string() }).index("by_customer", ["customerId"]),
});
