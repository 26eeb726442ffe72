import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { conformanceMirrors } from "../../scenarios/schema.js";
import { exportTable, mirrorTable } from "../../src/schema/index.js";
import { fivetranMirrors } from "../fivetran/mirrors.js";

/** The app under test: a mirror of each sort. */
export default defineSchema({
  /** Keyed, fed by public.users of a namespaced source. */
  users: mirrorTable(
    { id: v.number(), name: v.union(v.string(), v.null()), age: v.optional(v.number()) },
    { primaryKey: ["id"], source: "public.users", owner: "Accounts" },
  ),
  /** Without a key. */
  events: mirrorTable(
    { kind: v.string(), at: v.optional(v.number()) },
    { source: "public.events", export: true },
  ),
  /** Named unlike its source. */
  audit_trail: mirrorTable({ what: v.string() }, { source: "security.trail" }),
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
  /** Keyed by a column that may be null. */
  regions: mirrorTable(
    { k: v.union(v.string(), v.null()), v: v.number() },
    { primaryKey: ["k"], export: true },
  ),
  /** Keyed by a part of an object. */
  nested: mirrorTable({ a: v.object({ b: v.number() }), v: v.number() }, { primaryKey: [["a", "b"]] }),
  /** Columns whose names Convex cannot store as they are, and one that takes anything. */
  things: mirrorTable(
    {
      id: v.number(),
      source_bad_field_name: v.optional(v.any()),
      source_id: v.optional(v.number()),
      source_source_id: v.optional(v.number()),
      source_x: v.optional(v.string()),
      source_naive: v.optional(v.string()),
      source_proto: v.optional(v.any()),
      payload: v.optional(v.any()),
    },
    { primaryKey: ["id"] },
  ),
  /** Tables whose names the import API changes. */
  source_name_of_table: mirrorTable({ id: v.number() }, { primaryKey: ["id"] }),
  source_system_table: mirrorTable({ id: v.number() }, { primaryKey: ["id"] }),
  ok_table: mirrorTable({ id: v.number() }, { primaryKey: ["id"] }),
  /** Those of the scenarios for authors of senders. */
  ...conformanceMirrors,
  /** Filled by Fivetran's destination. */
  ...fivetranMirrors,
  /** The app's own, exported but for one field. */
  notes: exportTable(defineTable({ text: v.string(), secret: v.optional(v.string()) }), {
    exclude: ["secret"],
  }),
});
