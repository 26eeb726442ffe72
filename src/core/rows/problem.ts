import { shorten } from "./text.js";

/** Why a row cannot become a document. The set is closed: a quarantine shows and counts rows by it. */
export type ProblemCode =
  | "MissingPrimaryKeyValue"
  | "MissingField"
  | "UnknownField"
  | "TypeMismatch"
  | "NumberNotExact"
  | "NumberOutOfRange"
  | "InvalidBytes"
  | "InvalidString"
  | "InvalidFieldName"
  | "ValueTooLarge"
  | "ArrayTooLong"
  | "TooManyFields"
  | "TooNested"
  | "FilterFailed";

/** Why one row cannot be applied. A plain value: it is stored with the quarantined row and shown to people. */
export interface Problem {
  code: ProblemCode;
  /** Dotted path of the value from the row, array positions as numbers: `address.lines.0`. Empty: the row itself. */
  path: string;
  /** What was found, where, and what to do about it. Never longer than a few hundred characters. */
  message: string;
}

/** Joins two parts of a dotted path, either of which may be empty. */
export function joinPath(parent: string, child: string): string {
  return parent === "" ? child : child === "" ? parent : `${parent}.${child}`;
}

/** The problem with its place at the head of the message, so that the message can stand alone. */
export function located(problem: Problem): Problem {
  const place = problem.path === "" ? "The row" : `The field "${shorten(problem.path, 200)}"`;
  return { code: problem.code, path: problem.path, message: `${place}: ${problem.message}` };
}
