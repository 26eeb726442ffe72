import type { MirrorInfo } from "../../core/wire/v1.js";
import { fieldNameOf } from "../files/columns.js";
import type { Mapping } from "../files/mapping.js";
import { nearest } from "../../core/suggest.js";

/** What a file will do to a mirror's fields, known from its columns alone. */
export interface Preview {
  /** Which column feeds which field. */
  feeds: { column: string; field: string }[];
  /** Columns that feed no field, each with the field that it may be meant for. */
  unused: { column: string; meant: string | null }[];
  /** Fields of the key that no column feeds. */
  missingKey: string[];
  /** Other fields that no column feeds: a row that arrives has them no more. */
  empty: string[];
}

/** @param columns Names as the file has them. */
export function previewOf(columns: readonly string[], mirror: MirrorInfo, mapping: Mapping): Preview {
  const fields = Object.keys(mirror.fields ?? {});
  const feeds: Preview["feeds"] = [];
  const rest: string[] = [];
  for (const column of columns) {
    const name = mapping.nameOf(column);
    if (name === null) continue;
    const field = fieldNameOf(mirror, name);
    if (field !== null) feeds.push({ column, field });
    else if (!(mirror.drop ?? []).includes(name)) rest.push(column);
  }
  const fed = new Set(feeds.map(({ field }) => field));
  const key = (mirror.primaryKey ?? []).map((path) => path.split(".")[0]!);
  const own = new Set([mirror.deletedField, mirror.overflow]);
  const unfed = fields.filter((field) => !fed.has(field) && !own.has(field));
  return {
    feeds,
    unused: rest.map((column) => ({ column, meant: nearest(column, unfed) })),
    missingKey: key.filter((field) => !fed.has(field)),
    empty: unfed.filter((field) => !key.includes(field)),
  };
}

/**
 * The preview for people.
 * @param separated How the columns are separated: `, separated by ";"`; empty where nothing separates them.
 */
export function describePreview(
  { feeds, unused, empty }: Preview,
  mirror: MirrorInfo,
  separated: string,
): string[] {
  const overflow = mirror.overflow ?? null;
  const key = new Set((mirror.primaryKey ?? []).map((path) => path.split(".")[0]!));
  const fed = feeds.map(
    ({ column, field }) =>
      `${column === field ? field : `"${column}" as ${field}`}${key.has(field) ? " (key)" : ""}`,
  );
  return [
    `Columns${separated}: ${fed.join(", ")}.`,
    ...(unused.length > 0
      ? [
          `${overflow === null ? "Columns that feed no field" : `Columns kept in ${overflow}`}: ${unused
            .map(({ column, meant }) => `"${column}"${meant === null ? "" : ` (did you mean ${meant}?)`}`)
            .join(", ")}.`,
        ]
      : []),
    ...(empty.length > 0 ? [`Fields without a column: ${empty.join(", ")}.`] : []),
  ];
}
