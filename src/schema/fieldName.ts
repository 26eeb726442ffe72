import { transliterate } from "../core/rows/transliterate.js";
import { isIdentifier } from "./fields.js";

/** A name for a field, made of the words of a column's: `US Gross` gives `usGross`. */
export function fieldName(column: string): string {
  const words = transliterate(column)
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
  const name = words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join("");
  return isIdentifier(name) ? name : `source${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`;
}
