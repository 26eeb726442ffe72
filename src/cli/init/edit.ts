import { insert, type Insertion } from "../project/edit.js";
import type { SourceSchema } from "../generate/model.js";
import type { Module, Project } from "../project/project.js";
import { parses } from "../project/syntax.js";

/** The step that makes the insertions; one for a person where they would break the file. */
export function edit(
  { file, text }: Module,
  insertions: readonly Insertion[],
  otherwise: { why: string; paste: string },
): Step {
  const after = insert(text, insertions);
  if (!parses(file, text) || !parses(file, after)) return byHand(file, text, otherwise.why, otherwise.paste);
  return { file, before: text, after, manual: null };
}

/** What becomes of a file of the set-up. */
export interface Step {
  /** From the root of the project. */
  file: string;
  /** Null when the file is not there. */
  before: string | null;
  /** The same as `before` when nothing is to do, or nothing can be done safely. */
  after: string | null;
  /** What a person has to do, where the file is too unusual to be edited. */
  manual: string | null;
}

export type Action = "create" | "edit" | "keep" | "by hand";

export function actionOf({ before, after, manual }: Step): Action {
  if (manual !== null) return "by hand";
  if (before === after) return "keep";
  return before === null ? "create" : "edit";
}

export interface InitOptions {
  /** Where the routes are served: "/airbyte". */
  pathPrefix: string;
  /** The source of the first mirror, where the schema has none: "public.customers". */
  source: string;
  /** The tables to declare as mirrors, where somebody has named where they are. */
  tables?: SourceSchema;
}

export interface Planning {
  project: Project;
  options: InitOptions;
}

export function keep(file: string, text: string): Step {
  return { file, before: text, after: text, manual: null };
}

export function create(file: string, text: string): Step {
  return { file, before: null, after: text, manual: null };
}

/** The file stays as it is, and the user reads what to add. */
export function byHand(file: string, before: string | null, why: string, paste: string): Step {
  return { file, before, after: before, manual: `${why}\n${indented(paste)}` };
}

function indented(code: string): string {
  return code
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${line}`))
    .join("\n");
}
