import { v } from "convex/values";
import { mirrorTable } from "../../src/schema/index.js";

const maybe = {
  boolean: v.union(v.boolean(), v.null()),
  bytes: v.union(v.bytes(), v.null()),
  int64: v.union(v.int64(), v.null()),
  number: v.union(v.number(), v.null()),
  string: v.union(v.null(), v.string()),
};

/** Mirrors that Fivetran's destination fills. */
export const fivetranMirrors = {
  /** The table of the recordings: a column of each type that is written there. */
  books: mirrorTable(
    {
      id: maybe.int64,
      bi: v.optional(maybe.bytes),
      bo: v.optional(maybe.boolean),
      dec: v.optional(maybe.string),
      dou: v.optional(maybe.number),
      fl: v.optional(maybe.number),
      i: v.optional(maybe.number),
      js: v.optional(v.any()),
      lo: v.optional(maybe.int64),
      n: v.optional(maybe.string),
      nd: v.optional(maybe.string),
      ndt: v.optional(maybe.string),
      nt: v.optional(maybe.string),
      sh: v.optional(maybe.number),
      st: v.optional(maybe.string),
      utc: v.optional(maybe.number),
      xm: v.optional(maybe.string),
    },
    {
      primaryKey: ["id"],
      source: "s.books",
      fivetran: { softDelete: true, columns: { file: v.optional(v.union(v.string(), v.null())) } },
    },
  ),
  /** Keyed by a column; hard deletes. */
  plain: mirrorTable(
    { id: v.int64(), name: v.optional(v.string()), more: v.optional(v.number()) },
    { primaryKey: ["id"], source: "s.plain", fivetran: {} },
  ),
  /** Keyed by the id that Fivetran makes; soft deletes. */
  unkeyed: mirrorTable(
    {
      name: v.optional(v.string()),
      otherField: v.optional(v.string()),
      objectField: v.optional(v.any()),
    },
    {
      primaryKey: ["fivetran.id"],
      source: "s.unkeyed",
      fivetran: {
        id: true,
        softDelete: true,
        columns: {
          file: v.optional(v.string()),
          line: v.optional(v.union(v.int64(), v.null())),
          _x: v.optional(v.string()),
        },
      },
    },
  ),
  /** Keyed by the time of syncing too. */
  each_sync: mirrorTable(
    { id: v.number() },
    {
      primaryKey: ["fivetran.synced", "id"],
      source: "s.each_sync",
      fivetran: { softDelete: true, columns: { line: v.int64() } },
    },
  ),
  /** Ordered by the time of syncing. */
  ordered: mirrorTable(
    { id: v.number(), text: v.optional(v.string()) },
    { primaryKey: ["id"], source: "s.ordered", version: "fivetran.synced", fivetran: { softDelete: true } },
  ),
} as const;
