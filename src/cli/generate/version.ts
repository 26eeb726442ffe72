import { tableLabel, type SourceColumn, type SourceTable } from "./model.js";

/** Names that columns have which tell when their row was changed. */
const USUAL_NAMES = [
  "updated_at",
  "updatedAt",
  "modified_at",
  "modifiedAt",
  "last_modified",
  "lsn",
  "row_version",
];

/**
 * The tables with a column as their version, where they have it. It is not taken by its name alone: a row that changes
 * while its version does not would be taken for the same news.
 */
export function withVersion(tables: readonly SourceTable[], column: string): SourceTable[] {
  return tables.map((table) => {
    const found = table.columns.find(({ name }) => name === column);
    return found === undefined || !isSortable(found) ? table : { ...table, version: [column] };
  });
}

/** What to say of columns that look like versions; null when there are none. */
export function versionHint(tables: readonly SourceTable[]): string | null {
  for (const name of USUAL_NAMES) {
    const found = tables.filter(
      ({ version, columns }) =>
        version === null && columns.some((column) => column.name === name && isSortable(column)),
    );
    if (found.length === 0) continue;
    const names = found.slice(0, 3).map(tableLabel).join(", ");
    const more = found.length > 3 ? ` and ${String(found.length - 3)} more` : "";
    return `If every change of a row raises its ${name} (${names}${more}), --version-column ${name} keeps late changes from undoing newer ones.`;
  }
  return null;
}

function isSortable({ validator, nullable }: SourceColumn): boolean {
  return !nullable && ["string", "number", "bigint"].includes(validator.type);
}
