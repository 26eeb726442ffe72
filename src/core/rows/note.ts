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
