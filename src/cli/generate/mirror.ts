import { CliError } from "../terminal/exit.js";
import type { ValidatorJSON } from "convex/values";
import { cleanPath } from "../../core/rows/names.js";
import { tableLabel, type Mirror, type SourceColumn, type SourceTable } from "./model.js";
import { nameColumns, type ColumnName } from "./names.js";
import { leavesOf, nullable } from "./validators.js";

/** Fields that a document may have beside the two that Convex adds. Source: Convex limits. */
const MAX_COLUMNS = 1022;

/** Fields that an index may have. */
const MAX_KEY_COLUMNS = 16;

/** Types that a key cannot have: Convex could not find a row by them. */
const UNFIT_FOR_KEYS = new Set<ValidatorJSON["type"]>(["any", "array", "object", "record"]);

/**
 * The mirror of a table, and what there is to say about it.
 *
 * @throws CliError for a table that no mirror can hold.
 */
export function mirrorOf(table: SourceTable, name: string): { mirror: Mirror; notes: string[] } {
  const { columns } = table;
  const label = tableLabel(table);
  if (columns.length > MAX_COLUMNS) {
    throw new CliError(
      "TooManyColumns",
      `The table ${label} has ${String(columns.length)} columns; a Convex document has at most ${String(MAX_COLUMNS)}. Leave it out (--exclude ${label}), or mirror a view of it.`,
    );
  }
  const names = nameColumns(columns.map((column) => column.name));
  const byColumn = new Map(names.map((each) => [each.column, each]));
  const notes = table.notes.map((note) => `${label}: ${note}`);
  const unfit = keyProblem(table);
  if (unfit !== null) notes.push(`${label}: ${unfit}`);
  const primaryKey = unfit === null ? table.primaryKey : null;
  const inKey = new Set(primaryKey?.map(([head]) => head));
  return {
    mirror: {
      name,
      source: label === name ? null : label,
      comment: table.comment,
      fields: columns.map((column, i) => fieldOf(column, names[i]!, inKey.has(column.name))),
      primaryKey: primaryKey?.map((path) => dotted(path, byColumn)) ?? null,
      version: table.version === null ? null : dotted(table.version, byColumn),
      // Without a key there is nothing that Fivetran's destination could find rows by.
      fivetran: primaryKey === null ? null : (table.fivetran ?? null),
    },
    notes,
  };
}

function fieldOf(
  column: SourceColumn,
  { field, arrivesAs }: ColumnName,
  inKey: boolean,
): Mirror["fields"][number] {
  return {
    name: field,
    column: column.name,
    arrivesAs,
    type: {
      fieldType: column.nullable && !inKey ? nullable(column.validator) : column.validator,
      optional: column.optional === true && !inKey,
    },
    comment: column.comment ?? null,
    alternatives: column.alternatives ?? [],
  };
}

function dotted([head, ...rest]: readonly string[], names: ReadonlyMap<string, ColumnName>): string {
  return [names.get(head!)!.field, ...cleanPath(rest)].join(".");
}

/** Why rows cannot be found by the table's key, or null. */
function keyProblem({ primaryKey, columns }: SourceTable): string | null {
  if (primaryKey === null) return null;
  if (primaryKey.length > MAX_KEY_COLUMNS)
    return `its key has ${String(primaryKey.length)} columns, an index at most ${String(MAX_KEY_COLUMNS)}; rows are identified by their content`;
  for (const [head, ...rest] of primaryKey) {
    const column = columns.find(({ name }) => name === head);
    if (column === undefined)
      return `its key names the column "${head!}", which it does not have; name a key by hand`;
    const validator = validatorAt(column.validator, rest);
    if (validator === null || leavesOf(validator).some(({ type }) => UNFIT_FOR_KEYS.has(type)))
      return `its key ${[head, ...rest].join(".")} is of a type that rows cannot be found by; narrow the type and name the key by hand`;
  }
  return null;
}

function validatorAt(validator: ValidatorJSON, [name, ...rest]: readonly string[]): ValidatorJSON | null {
  if (name === undefined) return validator;
  if (validator.type !== "object") return null;
  const [cleaned] = cleanPath([name]) as [string];
  const field = Object.hasOwn(validator.value, cleaned) ? validator.value[cleaned] : undefined;
  return field === undefined || field.optional ? null : validatorAt(field.fieldType, rest);
}
