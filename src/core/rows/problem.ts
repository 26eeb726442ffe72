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

/** What a conversion did to a value beyond carrying it over. A row with notes is still applied. */
export interface Note {
  /**
   * `coerced`: the value was of another kind and was written as the declared one, without loss.
   * `unknownField`: the mirror declares no such field; it was left out, or kept in the overflow field.
   * `missingField`: the field was absent and was stored as null, which its validator admits.
   * `discardedValue`: the value was of another kind and was left out, as the mirror's drift policy says.
   */
  kind: "coerced" | "unknownField" | "missingField" | "discardedValue";
  /** Dotted path of the field from the row; `*` stands for all elements of an array or record. */
  path: string;
  /** The kind of value found, as `canonicalKind` names it. */
  from: string;
  /** The kind of value it became, when it became one; of an unknown field, the field that keeps it. */
  to?: string;
  /** At most 80 characters of the value found; empty for a value that is stored as a hash. */
  sample: string;
}

/** Equal notes of many rows. */
export interface MergedNote {
  kind: Note["kind"];
  /** The note's path. */
  field: string;
  from: string;
  to?: string;
  /** Of the first of the notes. */
  sample: string;
  times: number;
}

/** Notes that one transaction takes: each costs it a read and a write, and a source may invent names without end. */
const MAX_MERGED = 100;

/** The notes of many rows with equal ones counted, in the order of their first appearance; at most the first 100. */
export function mergeNotes(notes: Iterable<Note>): MergedNote[] {
  const merged = new Map<string, MergedNote>();
  for (const { kind, path, from, to, sample } of notes) {
    const identity = [kind, path, from, to].join("\0");
    const known = merged.get(identity);
    if (known !== undefined) known.times++;
    else if (merged.size < MAX_MERGED) {
      merged.set(identity, { kind, field: path, from, ...(to !== undefined && { to }), sample, times: 1 });
    }
  }
  return [...merged.values()];
}
