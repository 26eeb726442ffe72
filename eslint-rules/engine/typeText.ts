/** How messages name a type. */
import type ts from "typescript";
import type { GuardContext } from "./context.js";

/** Longer texts of types are cut in messages, in characters. */
const MAX_TYPE_TEXT = 60;

/** A type in a sentence; of a data model written out, only that it is there: `GenericMutationCtx<…>`. */
export function shortType(cx: GuardContext, type: ts.Type): string {
  const text = cx.checker.typeToString(type);
  if (text.length <= MAX_TYPE_TEXT) return text;
  const [before = ""] = text.split("<{", 1);
  const isCut = before.length < MAX_TYPE_TEXT;
  return isCut ? closed(`${before}<…>`) : `${text.slice(0, MAX_TYPE_TEXT - 1)}…`;
}

function closed(text: string): string {
  const open = text.split("<").length - text.split(">").length;
  return `${text}${">".repeat(Math.max(open, 0))}`;
}
