import { cleanFieldName } from "../core/rows/names.js";
import { canTransliterate, transliterate } from "../core/rows/transliterate.js";
import { isIdentifier } from "./fields.js";

/**
 * A name for a field, made of the words of a column's: `US Gross` gives `usGross`. It is a suggestion, so that a query,
 * which cannot load other scripts, leaves their letters out.
 */
export function fieldName(column: string): string {
  const words = (canTransliterate(column) ? transliterate(column) : column)
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
  const name = words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join("");
  return isIdentifier(name) ? name : `source${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`;
}

/** The field that a source column feeds; null when the mirror has none. `columns` names the columns of renamed fields. */
export function fedField(
  {
    fields,
    columns,
  }: { fields: Readonly<Record<string, unknown>>; columns: Readonly<Record<string, string>> },
  column: string,
): string | null {
  const clean = (name: string) => (canTransliterate(name) ? cleanFieldName(name) : name);
  const cleaned = clean(column);
  const renamed = Object.entries(columns).find(([, source]) => clean(source) === cleaned)?.[0];
  const name = renamed ?? cleaned;
  return Object.hasOwn(fields, name) ? name : null;
}
