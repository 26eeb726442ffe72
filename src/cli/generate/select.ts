import { CliError } from "../terminal/exit.js";
import { tableLabel, type SourceTable } from "./model.js";

/** Which tables of a source are wanted. */
export interface Selection {
  /** Names, `namespace.name`, or patterns with `*`. Empty: all. */
  tables: readonly string[];
  exclude: readonly string[];
}

/**
 * The tables that a selection takes.
 *
 * @param isMirrored Whether the schema has a mirror of a table. Views are left out unless it has, or they are asked for.
 * @throws CliError for a name that no table has, and when nothing is left
 */
export function selectTables(
  all: readonly SourceTable[],
  { tables, exclude }: Selection,
  isMirrored: (table: SourceTable) => boolean,
): SourceTable[] {
  for (const pattern of [...tables, ...exclude]) {
    if (all.some((table) => matches(pattern, table))) continue;
    const names = all.map(tableLabel);
    const shown = names.length > 20 ? `${names.slice(0, 20).join(", ")}, …` : names.join(", ");
    throw new CliError("UnknownTable", `The source has no table "${pattern}". It has ${shown || "none"}.`);
  }
  const selected = all.filter(
    (table) =>
      (tables.length === 0
        ? table.isView !== true || isMirrored(table)
        : tables.some((pattern) => matches(pattern, table))) &&
      !exclude.some((pattern) => matches(pattern, table)),
  );
  if (selected.length > 0) return selected;
  const views = all.filter(({ isView }) => isView === true).length;
  throw new CliError(
    "NoTables",
    views > 0
      ? "The source has only views. Name the views to mirror with --tables."
      : "There are no tables. Check the source, and whether this user may see its tables.",
  );
}

/** Names are compared as they are written; `*` stands for any characters. */
function matches(pattern: string, table: SourceTable): boolean {
  const regex = new RegExp(`^${pattern.split("*").map(escaped).join(".*")}$`, "su");
  return regex.test(table.name) || regex.test(tableLabel(table));
}

function escaped(text: string): string {
  return text.replace(/[\\^$.|?+()[\]{}/-]/g, "\\$&");
}
