import { insert, type Insertion } from "../project/edit.js";
import type { Module } from "../project/project.js";
import { parses } from "../project/syntax.js";
import { byHand, type Step } from "./step.js";

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
