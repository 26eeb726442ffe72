import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";

/** Two mirrors and three tables of the app's own. */
export default defineSchema({
  customers: mirrorTable(
    { id: v.int64(), email: v.string(), name: v.optional(v.string()) },
    { primaryKey: ["id"], source: "public.customers", owner: "billing team" },
  ).index("by_email", ["email"]),
  orders: mirrorTable(
    { number: v.string(), customer: v.id("customers"), total: v.number() },
    { primaryKey: ["number"] },
  ),
  notes: defineTable({ customer: v.id("customers"), text: v.string() }).index("by_customer", ["customer"]),
  tags: defineTable({ label: v.string() }),
  carts: defineTable({ items: v.array(v.id("orders")), note: v.optional(v.id("notes")) }),
});
