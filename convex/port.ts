import type { FunctionHandle } from "convex/server";
import { v, type Infer } from "convex/values";
import { vCounts, vRowChange } from "./validators.js";

/**
 * The port: the four functions that the component needs of the app to keep a mirror. A component cannot touch the
 * app's tables, so `StreamingImport.internalFunctions()` implements these in the app, and the component calls them
 * by function handle, inside its own transaction.
 */

/** Applies changes of one chunk, in order. Unchanged rows are not written. */
export const vApplyArgs = {
  table: v.string(),
  rows: v.array(vRowChange),
  /** Rows have no key of their own: every upsert is a new row, and nothing is looked up. */
  append: v.boolean(),
};
export const vApplied = v.object({
  counts: vCounts,
  /** How many rows the mirror has more (or fewer) than before. */
  rowsDelta: v.number(),
});

/** Reads keys in the order of the mirror's key index, from the start or after a cursor. */
export const vPageArgs = {
  table: v.string(),
  cursor: v.union(v.string(), v.null()),
  limit: v.number(),
};
export const vPage = v.object({
  /** Document ids, in order. */
  ids: v.array(v.string()),
  /** 8 bytes of SHA-256 of each row's key, in the same order. */
  keyHashes: v.bytes(),
  /** Where the next page starts, or null at the end. */
  cursor: v.union(v.string(), v.null()),
});

/** Deletes rows by id; rows already gone are no error. Returns how many went. */
export const vRemoveArgs = { table: v.string(), ids: v.array(v.string()) };

/** Deletes the first rows of a mirror. Returns how many went; 0 when the mirror is empty. */
export const vClearArgs = { table: v.string(), limit: v.number() };

type ArgsOf<Validators extends Record<string, { type: unknown }>> = {
  [Name in keyof Validators]: Validators[Name]["type"];
};

export type ApplyHandle = FunctionHandle<"mutation", ArgsOf<typeof vApplyArgs>, Infer<typeof vApplied>>;
export type PageHandle = FunctionHandle<"query", ArgsOf<typeof vPageArgs>, Infer<typeof vPage>>;
export type RemoveHandle = FunctionHandle<"mutation", ArgsOf<typeof vRemoveArgs>, number>;
export type ClearHandle = FunctionHandle<"mutation", ArgsOf<typeof vClearArgs>, number>;
