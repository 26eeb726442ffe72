import { droppedColumns, FIVETRAN_FIELD, FIVETRAN_TYPES } from "../../schema/fivetran.js";
import { fivetranCode, withNull } from "../../schema/snippet.js";
import { fieldCode, validatorCode } from "../../schema/validatorCode.js";
import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import { cleanFieldName } from "../../core/rows/names.js";
import { columnOf, type Declaration, type FivetranDeclaration } from "./declaration.js";
import { mirrorOf } from "./mirror.js";
import {
  isRenamed,
  type Mirror,
  type MirrorField,
  ordersChanges,
  type SourceColumn,
  type SourceSchema,
  type SourceTable,
  tableLabel,
} from "./model.js";
import { nameTable, streamKey } from "./names.js";
import type { Entry, SchemaFile } from "./schemaFile.js";
import { admitsNull, nullable, takes } from "./validators.js";

export type DifferenceKind =
  "missingTable" | "missingColumn" | "extraTable" | "extraColumn" | "type" | "nullability" | "key";

/** Where a schema and its source disagree. */
interface Difference {
  kind: DifferenceKind;
  /** The table in schema.ts. */
  table: string;
  /** The field, or a column that has none yet. */
  field: string | null;
  /** For people. */
  message: string;
  /** The line of schema.ts that settles it; null where there is none of one line. */
  paste: string | null;
}

/** What `generate` can fix. The rest is left to people, because a fix might undo their edits. */
export const ADDED: ReadonlySet<DifferenceKind> = new Set(["missingTable", "missingColumn"]);

/** What there is to do to a schema. */
export interface Plan {
  newMirrors: readonly Mirror[];
  /** The tables that these mirror. */
  newTables: readonly SourceTable[];
  newFields: readonly { entry: Entry; fields: readonly MirrorField[] }[];
  /** Columns for the option `fivetran`, without the `_` that they begin with. */
  newOwnColumns: readonly { entry: Entry; columns: Readonly<Record<string, ValidatorJSON>> }[];
  differences: readonly Difference[];
  notes: readonly string[];
}

/**
 * Compares a schema with the tables of a source.
 *
 * @param all All tables of the source, also those that are not asked for: their mirrors have not lost their source.
 * @param schema Null when there is no schema yet.
 * @throws CliError for tables that no mirror can hold
 */
export function plan(
  tables: readonly SourceTable[],
  { tables: all, namespaces }: SourceSchema,
  schema: SchemaFile | null,
): Plan {
  const planner = new Planner(schema);
  for (const table of tables) planner.add(table);
  const known = new Set(all.map((table) => streamKey(tableLabel(table))));
  planner.addExtraTables(known, namespaces);
  return planner;
}

class Planner implements Plan {
  readonly newMirrors: Mirror[] = [];
  readonly newTables: SourceTable[] = [];
  readonly newFields: { entry: Entry; fields: readonly MirrorField[] }[] = [];
  readonly newOwnColumns: { entry: Entry; columns: Readonly<Record<string, ValidatorJSON>> }[] = [];
  readonly differences: Difference[] = [];
  readonly notes: string[] = [];
  readonly #entries: readonly Entry[];
  readonly #taken: Set<string>;
  /** The table of each stream: the importer knows no two by one name. */
  readonly #streams = new Map<string, string>();
  /** The table of each mirror that is there. */
  readonly #mirrored = new Map<string, string>();

  constructor(schema: SchemaFile | null) {
    this.#entries = schema?.entries ?? [];
    this.#taken = new Set(this.#entries.map(({ name }) => name));
    if (schema?.hasForeignEntries === true)
      this.notes.push("Tables that schema.ts takes from other files are not compared.");
  }

  add(table: SourceTable): void {
    const label = tableLabel(table);
    const stream = streamKey(label) ?? label;
    const other = this.#streams.get(stream);
    if (other !== undefined) {
      this.notes.push(`${label}: arrives as the same stream as ${other}, and is left out.`);
      return;
    }
    this.#streams.set(stream, label);
    const entry = this.#find(table);
    const first = entry === null ? undefined : this.#mirrored.get(entry.name);
    if (first !== undefined) {
      this.notes.push(`${label}: "${entry!.name}" mirrors ${first}; name its source in schema.ts.`);
      return;
    }
    if (entry !== null) this.#mirrored.set(entry.name, label);
    if (entry === null) {
      this.#addMirror(table);
    } else if (entry.mirror === null) {
      this.notes.push(`${entry.name}: declared in another file and not compared.`);
    } else {
      const { mirror, notes } = mirrorOf(table, entry.name);
      this.notes.push(...notes);
      this.#compare(entry, entry.mirror, mirror);
    }
  }

  /** Mirrors of a namespace that was read have a table there. */
  addExtraTables(known: ReadonlySet<string | null>, namespaces: readonly string[]): void {
    for (const { name, mirror } of this.#entries) {
      const label = mirror?.source ?? null;
      if (label === null || !label.includes(".")) continue;
      if (!namespaces.includes(label.slice(0, label.indexOf("."))) || known.has(streamKey(label))) continue;
      this.#differ("extraTable", name, null, `${name}: the source has no table ${label}`);
    }
  }

  /** The entry that mirrors a table: by its source, as the importer finds it; else by its name, if it tells no source. */
  #find(table: SourceTable): Entry | null {
    const label = tableLabel(table);
    const key = streamKey(label);
    const bySource = this.#entries.find(
      ({ name, mirror }) => mirror !== null && key !== null && streamKey(mirror.source ?? name) === key,
    );
    if (bySource !== undefined) return bySource;
    const bareKey = streamKey(table.name);
    return (
      this.#entries.find(
        ({ name, mirror, isForeign }) => name === bareKey && (isForeign || mirror?.source === null),
      ) ?? null
    );
  }

  #addMirror(table: SourceTable): void {
    const { mirror, notes } = mirrorOf(table, nameTable(table, this.#taken));
    const label = tableLabel(table);
    if (mirror.fields.length === 0) {
      this.notes.push(`${label}: has no known columns and is left out.`);
      return;
    }
    this.#taken.add(mirror.name);
    this.newMirrors.push(mirror);
    this.newTables.push(table);
    this.notes.push(...notes);
    if (mirror.primaryKey === null && table.primaryKey === null)
      this.notes.push(
        `${mirror.name}: has no primary key. Its rows can be appended, or all replaced by a refresh; a single row cannot be updated or deleted. If columns identify a row, name them as primaryKey (for a sample, with --key).`,
      );
    this.#differ("missingTable", mirror.name, null, `${mirror.name}: the table ${label} has no mirror`);
  }

  #compare(entry: Entry, declared: Declaration, mirror: Mirror): void {
    const { name } = entry;
    const fieldsByColumn = new Map(
      [...declared.fields.keys()].map((field) => [columnOf(declared, field), field]),
    );
    const dropped = new Set(declared.drop);
    const own = mirror.fivetran === null ? null : FIVETRAN_FIELD;
    if (own !== null && declared.fivetran === null && !fieldsByColumn.has(own)) {
      const option = fivetranCode({ ...mirror.fivetran!, primaryKey: mirror.primaryKey });
      this.notes.push(`${name}: for Fivetran's destination, add fivetran: ${option} to its options.`);
    }
    const missing = mirror.fields.filter(
      ({ arrivesAs, column }) =>
        column !== own && !fieldsByColumn.has(arrivesAs) && !dropped.has(column) && !dropped.has(arrivesAs),
    );
    if (!declared.isComplete)
      this.notes.push(`${name}: some of its fields are declared in another file and not compared.`);
    else if (missing.length > 0) this.#addFields(entry, declared, missing);
    for (const field of mirror.fields) {
      const feeds = fieldsByColumn.get(field.arrivesAs);
      if (feeds !== undefined) this.#compareField(name, feeds, declared, field);
    }
    if (declared.fivetran !== null && mirror.fivetran !== null)
      this.#compareOwnColumns(entry, declared, declared.fivetran, mirror);
    this.#compareNames(name, declared, mirror);
    this.#compareKeys(name, declared, mirror, fieldsByColumn);
  }

  #addFields(entry: Entry, declared: Declaration, missing: readonly MirrorField[]): void {
    for (const { column, type } of missing) {
      const message = `${entry.name}: the column "${column}" (${validatorCode(type.fieldType)}) is not declared`;
      this.#differ("missingColumn", entry.name, column, message);
    }
    const fields = missing
      .map((field) => added(field, declared))
      .filter((field) => {
        if (declared.isOpen || !isRenamed(field)) return true;
        this.notes.push(
          `${entry.name}: the column "${field.column}" needs a field of another name; declare one, and name the column in "columns".`,
        );
        return false;
      });
    if (fields.length > 0) this.newFields.push({ entry, fields });
  }

  #compareField(table: string, name: string, declared: Declaration, field: MirrorField): void {
    const type = declared.fields.get(name) ?? null;
    this.#compareType(table, name, type, field, declared.fivetran?.types[field.column]);
  }

  /** @param sent Fivetran's type of the column, where the mirror stores another. */
  #compareType(
    table: string,
    name: string,
    type: ObjectFieldType | null,
    field: Pick<MirrorField, "type" | "alternatives">,
    sent: string | undefined,
  ): void {
    const label = `${table}.${name}`;
    if (type === null) {
      this.notes.push(`${label}: its validator is not written with v.…() and is not compared.`);
      return;
    }
    const { fieldType, optional } = type;
    const shown = validatorCode(fieldType);
    const source = validatorCode(field.type.fieldType);
    const arriving =
      sent !== undefined && Object.hasOwn(FIVETRAN_TYPES, sent)
        ? FIVETRAN_TYPES[sent as keyof typeof FIVETRAN_TYPES]
        : fieldType;
    if (!takes(arriving, field.type.fieldType, field.alternatives)) {
      const declared = arriving === fieldType ? shown : `${sent!} in "types"`;
      const message = `${label}: declared ${declared}, the source has ${source}`;
      const isOptional = optional || field.type.optional;
      // What Fivetran's destination sends is declared in its option, of which no line is a field's.
      const isOwn = arriving === fieldType;
      this.#differ("type", table, name, message, isOwn ? { ...field.type, optional: isOptional } : null);
      return;
    }
    if (optional || admitsNull(fieldType)) return;
    if (field.type.fieldType.type !== "any" && admitsNull(field.type.fieldType))
      this.#differ("nullability", table, name, `${label}: declared ${shown}, but may be null at the source`, {
        fieldType: nullable(fieldType),
        optional,
      });
    else if (field.type.optional)
      this.#differ(
        "nullability",
        table,
        name,
        `${label}: declared ${shown}, but may be absent at the source`,
        { fieldType, optional: true },
      );
  }

  /** The columns that begin with `_`, which the option declares. */
  #compareOwnColumns(entry: Entry, { drop }: Declaration, option: FivetranDeclaration, mirror: Mirror): void {
    const { name } = entry;
    if (!option.isComplete) {
      this.notes.push(
        `${name}: a part of its option "fivetran" is declared in another file, and not compared.`,
      );
      return;
    }
    const { ownColumns, id } = mirror.fivetran!;
    const dropped = droppedColumns(drop);
    const missing: Record<string, ValidatorJSON> = {};
    for (const [column, validator] of Object.entries(ownColumns)) {
      const declared = option.columns.get(column);
      const type = withNull(validator, mirror.primaryKey?.includes(ownPath(column)) === true);
      if (declared !== undefined) {
        const field = { type: { fieldType: type, optional: false }, alternatives: [] };
        this.#compareType(name, ownPath(column), declared, field, option.types[`_${column}`]);
      } else if (!dropped.includes(`_${column}`)) {
        missing[column] = type;
        const message = `${name}: the column "_${column}" (${validatorCode(type)}) is not declared`;
        this.#differ("missingColumn", name, `_${column}`, message);
      }
    }
    if (Object.keys(missing).length > 0) this.newOwnColumns.push({ entry, columns: missing });
    for (const column of option.columns.keys()) {
      if (Object.hasOwn(ownColumns, column) || option.retired.includes(`_${column}`)) continue;
      this.#extraColumn(name, ownPath(column), `_${column}`);
    }
    if (id !== option.id)
      this.#differ(
        "key",
        name,
        null,
        id
          ? `${name}: the table has the column "_fivetran_id"; add id: true to its option fivetran`
          : `${name}: the source has no column "_fivetran_id"; remove id from its option fivetran`,
      );
  }

  /** @param retired The column that the option `fivetran` may say is gone; null for mirrors without it. */
  #extraColumn(table: string, field: string, retired: string | null): void {
    const advice = retired === null ? "" : `; add it to fivetran: { retired: ["${retired}"] }`;
    this.#differ("extraColumn", table, field, `${table}.${field}: the source has no such column${advice}`);
  }

  #compareNames(table: string, declared: Declaration, mirror: Mirror): void {
    const columns = new Set(mirror.fields.map(({ arrivesAs }) => arrivesAs));
    for (const field of declared.fields.keys()) {
      const column = columnOf(declared, field);
      const isRetired = declared.fivetran?.retired.includes(column) === true;
      if (columns.has(column) || declared.ownFields.includes(field) || isRetired) continue;
      this.#extraColumn(table, field, declared.fivetran === null ? null : column);
    }
  }

  /** A key that somebody has named where the source has none is theirs to name. */
  #compareKeys(
    table: string,
    { primaryKey }: Declaration,
    mirror: Mirror,
    fieldsByColumn: ReadonlyMap<string, string>,
  ): void {
    if (mirror.primaryKey === null || primaryKey === undefined) return;
    const wanted = mirror.primaryKey.map((path) => {
      const [head, ...rest] = path.split(".");
      const field = mirror.fields.find(({ name }) => name === head)!;
      return [fieldsByColumn.get(field.arrivesAs) ?? head, ...rest].join(".");
    });
    if (primaryKey?.length === wanted.length && wanted.every((path) => primaryKey.includes(path))) return;
    const shown = primaryKey === null ? "none" : JSON.stringify(primaryKey);
    this.#differ(
      "key",
      table,
      null,
      `${table}: its primary key is ${shown}, that of the source ${JSON.stringify(wanted)}`,
    );
  }

  /** @param wanted What the field would have to be; null where no field is declared otherwise. */
  #differ(
    kind: DifferenceKind,
    table: string,
    field: string | null,
    message: string,
    wanted: ObjectFieldType | null = null,
  ): void {
    const isField = wanted !== null && field !== null && !field.includes(".");
    const paste = isField ? `${field}: ${fieldCode(wanted)},` : null;
    this.differences.push({ kind, table, field, message, paste });
  }
}

/** Where the mirror has a column that begins with `_`. */
function ownPath(column: string): string {
  return `${FIVETRAN_FIELD}.columns.${cleanFieldName(column)}`;
}

/** A field that is added to a mirror which has rows: they lack it, so that it is optional, and its name must be free. */
function added(field: MirrorField, { fields }: Declaration): MirrorField {
  let { name } = field;
  for (let number = 2; fields.has(name); number++) name = `${field.name}${String(number)}`;
  return { ...field, name, type: { ...field.type, optional: true } };
}

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
    if (found === undefined) return table;
    if (isSortable(found)) return { ...table, version: [column] };
    const why = ordersChanges(found)
      ? "may be null"
      : "is of a type whose values have no order that changes have";
    return { ...table, notes: [...table.notes, `its column ${column} ${why}, and is not made its version`] };
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
    return `If every change of a row raises its ${name} (${names}${more}), --version-column ${name} prevents late changes from replacing newer ones.`;
  }
  return null;
}

function isSortable(column: SourceColumn): boolean {
  return !column.nullable && ordersChanges(column);
}
