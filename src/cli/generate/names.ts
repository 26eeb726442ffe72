import { CliError } from "../terminal/exit.js";
import { cleanFields } from "../../core/rows/identifiers.js";
import { cleanTableName, NameError } from "../../core/rows/names.js";
import { CONTENT_KEY_FIELD } from "../../schema/contract.js";
import { fieldName } from "../../schema/fieldName.js";
import { isIdentifier } from "../../schema/fields.js";
import { tableLabel, type SourceTable } from "./model.js";

/** A column's names. */
export interface ColumnName {
  column: string;
  /** As rows have it, once the importer has cleaned their names. */
  arrivesAs: string;
  /** The field of the mirror. */
  field: string;
}

/**
 * The names of a table's columns. A column arrives under its cleaned name; one that a schema cannot declare under that
 * name (`Unit Price`) gets a field of another name, which the mirror's `columns` maps.
 */
export function nameColumns(columns: readonly string[]): ColumnName[] {
  const taken = new Set<string>();
  const names = arrivalNames(columns).map(([column, arrivesAs]) => {
    const declarable = isIdentifier(arrivesAs) && !isTaken(arrivesAs);
    if (declarable) taken.add(arrivesAs);
    return { column, arrivesAs, field: declarable ? arrivesAs : null };
  });
  return names.map(({ field, ...name }) => ({
    ...name,
    field: field ?? freeName(renamed(name.arrivesAs), taken),
  }));
}

/** Cleaning goes by all names of a row together, so that no two of them become one. */
function arrivalNames(columns: readonly string[]): [column: string, arrivesAs: string][] {
  const row = Object.fromEntries(columns.map((column, i) => [column, i]));
  return Object.entries(cleanFields(row))
    .sort(([, a], [, b]) => (a as number) - (b as number))
    .map(([arrivesAs, i]) => [columns[i as number]!, arrivesAs]);
}

/** Names that mean something else: to the importer, or to every object of JavaScript (`constructor`). */
function isTaken(name: string): boolean {
  return name === CONTENT_KEY_FIELD || name in Object.prototype;
}

function renamed(column: string): string {
  return isTaken(column) ? `source_${column}` : fieldName(column);
}

/** The name, or the name with the first number that makes it a new one; it is taken then. */
function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}${String(number)}`;
  taken.add(name);
  return name;
}

/**
 * The name of a mirror for a table: the table's own, cleaned; with its namespace where another table has that name.
 *
 * @param taken The names of all tables that are there.
 * @throws CliError when no name is short enough.
 */
export function nameTable(table: SourceTable, taken: ReadonlySet<string>): string {
  const { namespace, name } = table;
  const candidates = [name, ...(namespace === null ? [] : [`${namespace}_${name}`])].map((each) =>
    cleaned(each, table),
  );
  const free = candidates.find((each) => !taken.has(each));
  if (free !== undefined) return free;
  for (let number = 2; ; number++) {
    const numbered = cleaned(`${candidates.at(-1)!}_${String(number)}`, table);
    if (!taken.has(numbered)) return numbered;
  }
}

function cleaned(name: string, table: SourceTable): string {
  try {
    return cleanTableName(name);
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    throw new CliError(
      "InvalidTableName",
      `${error.message} Or leave it out: --exclude ${tableLabel(table)}`,
    );
  }
}

/** What an importer looks a stream up by, `public_customers`; null for a name that it refuses. */
export function streamKey(label: string): string | null {
  try {
    return cleanTableName(label.replace(".", "_"));
  } catch {
    return null;
  }
}
