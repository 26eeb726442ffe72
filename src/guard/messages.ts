import { ConvexError } from "convex/values";
import type { MirrorContract } from "../schema/index.js";

/** The code of every refusal that the guard throws, for code that catches it. */
export const MIRROR_IS_READ_ONLY = "MirrorIsReadOnly";

/** The write that was refused; `modify` where row-level security does not distinguish the other three. */
export type WriteOperation = "insert" | "patch" | "replace" | "delete" | "modify";

/**
 * What a refused write carries in `error.data`, so that a client or a test can recognise it:
 *
 * ```ts
 * if (error instanceof ConvexError && error.data.code === "MirrorIsReadOnly") show(error.data.message);
 * ```
 */
export type MirrorIsReadOnlyData = {
  /** Always the same, for code that catches the error. */
  code: typeof MIRROR_IS_READ_ONLY;
  /** The mirror that was to be written. */
  table: string;
  /** What the code tried. */
  operation: WriteOperation;
  /** The complete message: what was refused, why, and what to do. */
  message: string;
  /** The part of the sentence that says what to do. */
  remedy: string;
};

/** The error for a write to `table`. It is made for throwing; nothing here throws it. */
export function mirrorIsReadOnly(
  table: string,
  contract: MirrorContract,
  operation: WriteOperation,
): ConvexError<MirrorIsReadOnlyData> {
  const write = operation === "modify" ? "A change" : `ctx.db.${operation}`;
  const source = contract.source === null ? "" : ` of "${contract.source}"`;
  const owner = contract.owner === null ? "" : ` (owner: ${contract.owner})`;
  const remedy =
    `Write a table of your own that holds the key of the row in "${table}", ` +
    `or change the row at its source${contract.source === null ? "" : `, "${contract.source}"`}.`;
  const message =
    `${write} was refused: the table "${table}" is a read-only mirror${source}${owner}. ` +
    `The import owns its rows: a change made here is lost at the next sync or conflicts with it. ${remedy}`;
  return new ConvexError({ code: MIRROR_IS_READ_ONLY, table, operation, message, remedy });
}

/** The code of the refusal of a write to an exported table that nothing would record. */
export const EXPORT_NOT_RECORDED = "ExportNotRecorded";

/** The error for a write to the exported `table` that readers would never see. `late`: the handler has returned. */
export function exportNotRecorded(table: string, operation: WriteOperation, late: boolean) {
  const remedy = late
    ? "Wait for every write before the handler returns: write await in front of it."
    : "Build the function on a builder that guard made: customMutation(forLibrary(mutation), …) instead of customMutation(rawMutation, …).";
  const reason = late
    ? "the handler has returned"
    : "its ctx comes from Convex's own builder, which records nothing";
  const message = `ctx.db.${operation} was refused: the table "${table}" is exported, and this write would not be recorded, for ${reason}. ${remedy}`;
  return new ConvexError({ code: EXPORT_NOT_RECORDED, table, operation, message, remedy });
}

/** Why `guard` does not start, thrown while the module loads: `npx convex dev` then refuses the push. */
export function guardCannotStart(reason: string): Error {
  return new Error(`guard: ${reason}`);
}

declare const sentence: unique symbol;

/**
 * What the type checker prints where code writes a mirror. No value has this type; its argument is the message:
 *
 * ```text
 * Argument of type '"customers"' is not assignable to parameter of type
 * 'MirrorIsReadOnly<"Table 'customers' is a mirror: the import owns its rows. Write …">'.
 * ```
 */
export interface MirrorIsReadOnly<Sentence extends string> {
  readonly [sentence]: Sentence;
}

/** What the type checker prints where a write does not say which table it writes. No value has this type. */
export interface NameTheTable<Sentence extends string> {
  readonly [sentence]: Sentence;
}

/** What the type checker prints where a write could reach any table, or names none. No value has this type. */
export interface NameATableOfYourOwn<Sentence extends string> {
  readonly [sentence]: Sentence;
}

/** What the type checker prints where the guard cannot be built. No value has this type. */
export interface GuardCannotStart<Sentence extends string> {
  readonly [sentence]: Sentence;
}

/** The sentence of {@link MirrorIsReadOnly} for a table. It is short because compilers cut long types. */
export type ReadOnlySentence<Table extends string> =
  `Table '${Table}' is a mirror: the import owns its rows. Write a table of your own that holds its key, or change the row at its source.`;
