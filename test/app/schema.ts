import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "../../src/schema/index.js";

/** The app under test: a mirror of each sort. */
export default defineSchema({
  /** Keyed, fed by public.users of a namespaced source. */
  users: mirrorTable(
    { id: v.number(), name: v.union(v.string(), v.null()), age: v.optional(v.number()) },
    { primaryKey: ["id"], source: "public.users", owner: "Accounts" },
  ),
  /** Without a key. */
  events: mirrorTable({ kind: v.string(), at: v.optional(v.number()) }, { source: "public.events" }),
  /** Precise types, a composite and nested key, a version. */
  ledger: mirrorTable(
    {
      account: v.object({ id: v.int64() }),
      entry: v.string(),
      amount: v.union(v.int64(), v.null()),
      digest: v.optional(v.bytes()),
      version: v.number(),
      tags: v.optional(v.array(v.string())),
      anything: v.optional(v.any()),
    },
    { primaryKey: [["account", "id"], "entry"], version: "version" },
  ),
  /** The app's own. */
  notes: defineTable({ text: v.string() }),
});
