/**
 * Names of tables and fields, cleaned exactly as Convex's own streaming import cleans them, so that a mirror filled by
 * it before keeps its columns. A name that Convex accepts stays as it is; any other becomes `source_` and a slug.
 *
 * Two places where this differs, both only where the backend would lose data or refuse:
 * - Scripts are written in ASCII by other tables, which differ for rare characters. See `transliterate`.
 * - Different names of one object that become the same name are told apart by a number (`source_a`, `source_a_2`);
 *   the backend keeps the last one only.
 */
import { shorten } from "./text.js";
import { transliterate } from "./transliterate.js";

/** Characters that a table name may have. Source: Convex, "valid identifier". */
const MAX_TABLE_NAME_LENGTH = 64;

/** Bytes that a field name may have. Source: Convex limits. */
export const MAX_FIELD_NAME_BYTES = 1024;

/** What cleaned names start with. */
export const PREFIX = "source_";

/** A name that no cleaning makes fit. */
export class NameError extends Error {
  readonly code = "InvalidTableName";
  constructor(message: string) {
    super(message);
    this.name = "NameError";
  }
}

/**
 * The Convex table that a source table of this name becomes: `*name!of.table` gives `source_name_of_table`.
 *
 * @throws NameError when the name is longer than 64 characters even so.
 */
export function cleanTableName(name: string): string {
  if (/^[A-Za-z][A-Za-z0-9_]*$/.test(name) && name.length <= MAX_TABLE_NAME_LENGTH) return name;
  const cleaned = PREFIX + slug(name);
  if (cleaned.length > MAX_TABLE_NAME_LENGTH) {
    throw new NameError(
      `The source table "${shorten(name)}" becomes "${cleaned.slice(0, 80)}", which has ${String(cleaned.length)} ` +
        `characters; a Convex table name has at most ${String(MAX_TABLE_NAME_LENGTH)}. Rename it or give it an alias at the source.`,
    );
  }
  return cleaned;
}

/** True for a name that a document of Convex may have as it is: printable ASCII, not starting with `$` or `_`. */
export function isFieldName(name: string): boolean {
  return name.length <= MAX_FIELD_NAME_BYTES && /^(?![$_])[ -~]*$/.test(name);
}

/**
 * The field that a source column of this name becomes: `_id` gives `source_id`; `good field` and the empty name stay.
 * A name that is too long even so stays too long: it then fails the check of its own row only (`checkDocument`).
 */
export function cleanFieldName(name: string): string {
  return isFieldName(name) ? name : PREFIX + slug(name);
}

/** A key path with every part cleaned: `["_id"]` gives `["source_id"]`. */
export function cleanPath(path: readonly string[]): string[] {
  return path.map(cleanFieldName);
}

function slug(name: string): string {
  return transliterate(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
}
