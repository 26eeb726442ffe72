import type { FunctionHandle } from "convex/server";
import { v, type Infer, type ObjectType } from "convex/values";
import { type Applied, vApplied, vDigestDelta, vMatch, vSums, vTombstone } from "./applied.js";
import { vChanged } from "./exports.js";
import { vPackedRows } from "./packedRows.js";

/**
 * The port: the functions that the component needs of the app to keep a mirror. A component cannot touch the app's
 * tables, so `StreamingImport.internalFunctions()` implements these in the app, and the component calls them by
 * function handle, inside its own transaction.
 */

/** Applies changes of one chunk, in order. Unchanged rows are not written. */
const vApply = v.object({
  rows: vPackedRows,
  match: vMatch,
  /** Versions of deleted rows among the keys; an upsert that is not newer is stale. */
  tombstones: v.array(vTombstone),
  /** When this happens, in milliseconds: what a soft delete writes into its marker. */
  at: v.number(),
});
/** Rows that have a lower number at a path. */
export const vBelow = v.object({ path: v.string(), value: v.number() });

/** Reads keys in order of creation (or of content, for mirrors without a key), from the start or after a cursor. */
export const vReadArgs = {
  table: v.string(),
  cursor: v.union(v.string(), v.null()),
  limit: v.number(),
  /** Whether the hashes of the rows are wanted too. */
  hashed: v.boolean(),
  /** Whether the keys themselves are wanted, of all rows or of some. */
  keys: v.optional(v.object({ below: v.optional(vBelow) })),
};
export const vPage = v.object({
  /** Document ids, in order; without those of rows that are marked as deleted, unless hashes are wanted. */
  ids: v.array(v.string()),
  /** Rows on the page, those included that are marked as deleted. */
  rows: v.number(),
  /** 8 bytes, little-endian, of SHA-256 of each row's key, in the same order. */
  keyHashes: v.bytes(),
  /** Digest and sketch of the page's rows, when wanted. */
  delta: v.union(vSums, v.null()),
  /** The values of the keys' fields of those rows whose keys are wanted. */
  keys: v.optional(v.array(v.array(v.any()))),
  /** Where the next page starts, or null at the end. */
  cursor: v.union(v.string(), v.null()),
});

/** Takes rows away by id, as the mirror's deletions do: they go, or are marked. Those that are so already stay so. */
const vRemove = v.object({
  ids: v.array(v.string()),
  /** Now, in milliseconds: what a marker says. */
  at: v.number(),
});
const vRemoved = v.object({
  /** How many of the ids, from the first on, are dealt with: as many as one transaction may read and delete. */
  read: v.number(),
  gone: v.number(),
  marked: v.number(),
  delta: vDigestDelta,
  changed: v.optional(vChanged),
});

/** Deletes the first rows of a mirror; deletes none when it is empty. */
const vClear = v.object({ limit: v.number() });
const vCleared = v.object({ gone: v.number(), delta: vDigestDelta, changed: v.optional(vChanged) });

/** Inserts further copies of rows, for mirrors without a key. */
const vCopy = v.object({ copies: v.array(v.object({ id: v.string(), times: v.number() })) });
const vCopied = v.object({
  /** How many of the copies, from the first on, are dealt with: as many as one transaction may write. */
  made: v.number(),
  added: v.number(),
  delta: vDigestDelta,
  changed: v.optional(vChanged),
});

/**
 * A write to a mirror: exactly one of the four. One function for all, since an app has to export what the component
 * calls; an object of options, since Convex takes no union for arguments.
 */
export const vWriteArgs = {
  /** Shows that the component calls. Optional, so that a call without it gets a code and a sentence. */
  secret: v.optional(v.string()),
  table: v.string(),
  apply: v.optional(vApply),
  remove: v.optional(vRemove),
  clear: v.optional(vClear),
  copy: v.optional(vCopy),
};
export const vWritten = v.union(vApplied, vRemoved, vCleared, vCopied);

type Write<Kind extends string, Args, Result> = FunctionHandle<
  "mutation",
  { secret: string; table: string } & Record<Kind, Args>,
  Result
>;
export type ReadHandle = FunctionHandle<"query", ObjectType<typeof vReadArgs>, Infer<typeof vPage>>;
export type ApplyHandle = Write<"apply", Infer<typeof vApply>, Applied>;
export type RemoveHandle = Write<"remove", Infer<typeof vRemove>, Infer<typeof vRemoved>>;
export type ClearHandle = Write<"clear", Infer<typeof vClear>, Infer<typeof vCleared>>;
export type CopyHandle = Write<"copy", Infer<typeof vCopy>, Infer<typeof vCopied>>;
