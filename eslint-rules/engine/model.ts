/** The names of the rules. */
export type RuleName =
  | "no-mirror-writes"
  | "require-known-table"
  | "explicit-write-table"
  | "no-writer-escape"
  | "no-mirror-factories"
  | "no-raw-builders"
  | "no-raw-syscalls"
  | "mirror-schema"
  | "no-mirror-triggers"
  | "no-unreasoned-disable";

/** A change of the text, as positions in the file. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One report of the engine; the front ends print it as it is. */
export interface Finding {
  readonly rule: RuleName;
  /** A key of `MESSAGES`. */
  readonly messageId: string;
  readonly data: Readonly<Record<string, string>>;
  readonly start: number;
  readonly end: number;
  readonly fix?: readonly TextEdit[];
  readonly suggestion?: { readonly messageId: string; readonly edits: readonly TextEdit[] };
  /** The mirrors that the finding is about: what an exemption must name. */
  readonly tables?: readonly string[];
}

/** A place where the program writes to the database, judged or not. */
export interface WriteSite {
  readonly start: number;
  readonly method: string;
  /** The tables that it can write, or null when the guard cannot know. */
  readonly tables: readonly string[] | null;
  /** True when the table's name stands there as a literal, so that the server checks it against the id. */
  readonly literal: boolean;
}
