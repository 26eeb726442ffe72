import { v } from "convex/values";
import { mirrorTable } from "../src/schema/index.js";

/** The scenarios replace many rows by few, and mean it. */
const shrinkLimit = false;

/**
 * The mirrors that the scenarios in this folder write to. Deploy them to the deployment that you run the scenarios
 * against, which should be one for tests: the scenarios empty these mirrors.
 *
 * ```ts
 * // convex/schema.ts; in an app of your own, import mirrorTable from "convex-streaming-import/schema"
 * export default defineSchema({ ...conformanceMirrors });
 * ```
 */
export const conformanceMirrors = {
  /** Keyed; the changes of a row apply in the order in which they arrive. */
  conformance_plain: mirrorTable(
    { id: v.string(), text: v.optional(v.string()), n: v.optional(v.number()) },
    { primaryKey: ["id"], shrinkLimit },
  ),
  /** Keyed; an older change never overwrites a newer one. */
  conformance_versioned: mirrorTable(
    { id: v.string(), text: v.optional(v.string()), version: v.number() },
    { primaryKey: ["id"], version: "version", shrinkLimit },
  ),
  /** Without a key: a row is its content. */
  conformance_keyless: mirrorTable({ text: v.string(), n: v.optional(v.number()) }, { shrinkLimit }),
  /** Keyed by a part of an object, as int64, and by a text that may be null. */
  conformance_composite: mirrorTable(
    { account: v.object({ id: v.int64() }), region: v.union(v.string(), v.null()), text: v.string() },
    { primaryKey: [["account", "id"], "region"] },
  ),
  /** A field of each type. */
  conformance_types: mirrorTable(
    {
      id: v.string(),
      int: v.optional(v.int64()),
      double: v.optional(v.number()),
      text: v.optional(v.string()),
      flag: v.optional(v.boolean()),
      bytes: v.optional(v.bytes()),
      list: v.optional(v.array(v.number())),
      nothing: v.optional(v.union(v.string(), v.null())),
      json: v.optional(v.any()),
    },
    { primaryKey: ["id"], shrinkLimit },
  ),
  /** Columns whose names Convex cannot store as they are. */
  conformance_names: mirrorTable(
    {
      id: v.string(),
      source_id: v.optional(v.string()),
      source_uber: v.optional(v.string()),
      source_proto: v.optional(v.string()),
      grossUs: v.optional(v.number()),
      json: v.optional(v.any()),
    },
    { primaryKey: ["id"], columns: { grossUs: "US Gross ($)" } },
  ),
  /** One for each policy on rows that are not as expected. */
  conformance_evolve: drifting("evolve"),
  conformance_freeze: drifting("freeze"),
  conformance_discard_row: drifting("discard_row"),
  conformance_discard_value: drifting("discard_value"),
  /** Deleted rows stay, and are marked. */
  conformance_soft: mirrorTable(
    { id: v.string(), text: v.optional(v.string()), gone: v.optional(v.boolean()) },
    { primaryKey: ["id"], onDelete: "soft", deletedField: "gone" },
  ),
  /** The only one that the second token opens. */
  conformance_scoped: mirrorTable(
    { id: v.string(), text: v.optional(v.string()) },
    { primaryKey: ["id"], shrinkLimit },
  ),
};

function drifting(drift: "evolve" | "freeze" | "discard_row" | "discard_value") {
  return mirrorTable(
    { id: v.string(), required: v.string(), optional: v.optional(v.number()) },
    { primaryKey: ["id"], drift },
  );
}
