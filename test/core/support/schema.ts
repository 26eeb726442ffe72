import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "../../../src/schema/index.js";

/** The app under test: one mirror for each way in which the rows of a mirror can be kept. */
export const schema = defineSchema({
  /** Keyed, ordered by arrival. */
  plain: mirrorTable(
    { id: v.number(), text: v.string(), note: v.optional(v.string()) },
    { primaryKey: ["id"] },
  ),
  /** Keyed, ordered by a version, deleted for good. */
  versioned: mirrorTable(
    { id: v.number(), text: v.string(), note: v.optional(v.string()), version: v.optional(v.number()) },
    { primaryKey: ["id"], version: "version" },
  ),
  /** Keyed, ordered by a version, deleted rows stay and are marked. */
  soft: mirrorTable(
    {
      id: v.number(),
      text: v.string(),
      note: v.optional(v.string()),
      version: v.optional(v.number()),
      deletedAt: v.optional(v.number()),
    },
    { primaryKey: ["id"], version: "version", onDelete: "soft", deletedField: "deletedAt" },
  ),
  /** Without a key. */
  facts: mirrorTable({ text: v.string(), n: v.optional(v.number()) }),
  /** Heard of every minute. */
  punctual: mirrorTable(
    { id: v.number(), text: v.string() },
    { primaryKey: ["id"], expectEvery: "1 minute" },
  ),
  /** The app's own. */
  notes: defineTable({ text: v.string() }),
});

export type TableName = keyof typeof schema.tables;
export type MirrorName = Exclude<TableName, "notes">;
