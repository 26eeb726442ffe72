/** What a conversion did to a value beyond carrying it over. A row with notes is applied all the same. */
export interface Note {
  /**
   * `coerced`: the value was of another kind and was written as the declared one, without loss.
   * `unknownField`: the mirror declares no such field; it was left out.
   * `missingField`: the field was absent and was stored as null, which its validator admits.
   */
  kind: "coerced" | "unknownField" | "missingField";
  /** Dotted path of the field from the row; `*` stands for all elements of an array or record. */
  path: string;
  /** The kind of value found, as `canonicalKind` names it. */
  from: string;
  /** The kind of value it became, when it became one. */
  to?: string;
  /** At most 80 characters of the value found. */
  sample: string;
}
