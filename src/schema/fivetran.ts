import {
  v,
  type GenericValidator,
  type ObjectType,
  type PropertyValidators,
  type ValidatorJSON,
  type VBoolean,
  type VFloat64,
  type VNull,
  type VObject,
  type VOptional,
  type VString,
  type VUnion,
} from "convex/values";
import { type Fields, isIdentifier, leafKinds, refuse, shown } from "./fields.js";

/** The field that holds Fivetran's own columns of a row. Fivetran's Convex destination names it so. */
export const FIVETRAN_FIELD = "fivetran";

/** What an update merges one by one: Fivetran leaves out what it did not modify. */
export const FIVETRAN_MERGED = [FIVETRAN_FIELD, `${FIVETRAN_FIELD}.columns`];

/** The values that Fivetran's Convex destination sends for each of Fivetran's types, as it wants the schema to say it. */
export const FIVETRAN_TYPES = {
  BOOLEAN: { type: "boolean" },
  SHORT: { type: "number" },
  INT: { type: "number" },
  LONG: { type: "bigint" },
  FLOAT: { type: "number" },
  DOUBLE: { type: "number" },
  DECIMAL: { type: "string" },
  NAIVE_DATE: { type: "string" },
  NAIVE_TIME: { type: "string" },
  NAIVE_DATETIME: { type: "string" },
  UTC_DATETIME: { type: "number" },
  BINARY: { type: "bytes" },
  XML: { type: "string" },
  STRING: { type: "string" },
  JSON: { type: "object", value: {} },
  UNSPECIFIED: { type: "any" },
} as const satisfies Record<string, ValidatorJSON>;

/** A type of Fivetran's columns. */
export type FivetranType = keyof typeof FIVETRAN_TYPES;

/** How Fivetran's Convex destination knows the table of a mirror. */
export interface FivetranOption {
  /** The connection keeps deleted rows: the table has the column `_fivetran_deleted`. */
  softDelete?: boolean;
  /** The table has the column `_fivetran_id`, which Fivetran makes for tables without a primary key. */
  id?: boolean;
  /**
   * The source's columns that begin with `_`, by their names without it: `{ line: v.int64() }` for `_line`. Of `__line`,
   * which is `_line` then, the field is `source_line`: Convex stores no name that begins with `_`.
   */
  columns?: PropertyValidators;
  /**
   * Fivetran's types of columns, where they do not follow from the validators: of a field that is stored as another
   * type (`{ price: "DECIMAL" }` for `price: v.number()`), and of columns in `drop`.
   */
  types?: { readonly [column: string]: FivetranType };
  /** Columns that the source no longer has. Their fields stay in the mirror. */
  retired?: readonly string[];
}

/** The option as the contract keeps it. */
export interface FivetranContract {
  /** Whether deleted rows are kept. */
  readonly softDelete: boolean;
  /** Whether the table has the column `_fivetran_id`. */
  readonly id: boolean;
  /** Fivetran's types of columns that do not follow from the validators. */
  readonly types: Readonly<Record<string, FivetranType>>;
  /** Columns that the source no longer has. */
  readonly retired: readonly string[];
  /** What the option calls columns, by the fields that have another name. */
  readonly renamed: Readonly<Record<string, string>>;
}

/** `fieldOf` as a type. */
type FieldOf<Column> = Column extends `_${infer Rest}`
  ? `source_${Trimmed<Collapsed<Lowercase<Rest>>>}`
  : Column;
type Collapsed<Text extends string> = Text extends `${infer Head}__${infer Tail}`
  ? Collapsed<`${Head}_${Tail}`>
  : Text;
type Trimmed<Text extends string> = Text extends `_${infer Rest}`
  ? Trimmed<Rest>
  : Text extends `${infer Rest}_`
    ? Rest
    : Text;
type Renamed<Columns extends PropertyValidators> = {
  [Column in keyof Columns as FieldOf<Column>]: Columns[Column];
};

type IsOptional<F extends PropertyValidators> = { [Name in keyof F]: F[Name]["isOptional"] }[keyof F];
type Objects<F extends PropertyValidators> = VObject<ObjectType<F>, F>;

type OwnFields<O extends FivetranOption> = {
  synced: VOptional<VFloat64>;
  deleted: VOptional<VUnion<boolean | null, [VBoolean, VNull]>>;
  id: O extends { id: true } ? VString : VOptional<VString>;
} & (O extends { columns: infer Columns extends PropertyValidators }
  ? {
      columns: "required" extends IsOptional<Columns>
        ? Objects<Renamed<Columns>>
        : VOptional<Objects<Renamed<Columns>>>;
    }
  : {});

/** The field that the option adds: required where something in it is, as a part of a primary key has to be. */
type FivetranValidator<O extends FivetranOption> =
  "required" extends IsOptional<OwnFields<O>> ? Objects<OwnFields<O>> : VOptional<Objects<OwnFields<O>>>;

/** The fields of a mirror with those that its option `fivetran` adds. */
export type WithFivetran<F extends Fields, O> = O extends FivetranOption
  ? F & { [FIVETRAN_FIELD]: FivetranValidator<O> }
  : F;

/** The fields of a mirror with those that its option adds. Refuses an option that makes no sense alone. */
export function withFivetran(
  fields: Fields,
  option: FivetranOption,
  primaryKey: readonly (string | readonly string[])[] = [],
): Fields {
  checkOption(fields, option);
  const { id, columns } = option;
  const isInKey = primaryKey.some((part) => [part].flat().join(".") === `${FIVETRAN_FIELD}.synced`);
  const own: Fields = {
    // No connection has it in a key; Convex's own tests do.
    synced: isInKey ? v.number() : v.optional(v.number()),
    deleted: v.optional(v.union(v.boolean(), v.null())),
    id: id === true ? v.string() : v.optional(v.string()),
  };
  if (columns !== undefined) {
    own.columns = asOptionalAsItsFields(
      Object.fromEntries(Object.entries(columns).map(([column, validator]) => [fieldOf(column), validator])),
    );
  }
  return { ...fields, [FIVETRAN_FIELD]: asOptionalAsItsFields(own) };
}

function asOptionalAsItsFields(fields: Record<string, GenericValidator>): GenericValidator {
  const object = v.object(fields as PropertyValidators);
  return Object.values(fields).some(({ isOptional }) => isOptional === "required")
    ? object
    : v.optional(object);
}

const OPTION_NAMES = Object.keys({
  softDelete: 0,
  id: 0,
  columns: 0,
  types: 0,
  retired: 0,
} satisfies Record<keyof FivetranOption, 0>);

function checkOption(fields: Fields, option: unknown): void {
  if (typeof option !== "object" || option === null || Array.isArray(option)) {
    refuse(
      `"fivetran" is ${shown(option)}; write an object: fivetran: {}, or fivetran: { softDelete: true } for a table with the column "_fivetran_deleted".`,
    );
  }
  const unknown = Object.keys(option).find((name) => !OPTION_NAMES.includes(name));
  if (unknown !== undefined) {
    refuse(`"fivetran" has no "${unknown}"; it has ${OPTION_NAMES.join(", ")}.`);
  }
  const { softDelete, id, columns } = option as FivetranOption;
  for (const [name, flag] of Object.entries({ softDelete, id })) {
    if (flag !== undefined && typeof flag !== "boolean") {
      refuse(`"fivetran.${name}" is ${shown(flag)}; write true, or leave it out.`);
    }
  }
  if (Object.hasOwn(fields, FIVETRAN_FIELD)) {
    refuse(`the option "fivetran" adds the field "${FIVETRAN_FIELD}"; remove it from the fields.`);
  }
  checkColumns(columns);
}

function checkColumns(columns: unknown): void {
  if (columns === undefined) return;
  if (typeof columns !== "object" || columns === null) {
    refuse(`"fivetran.columns" is ${shown(columns)}; write an object of validators: { line: v.int64() }.`);
  }
  for (const [name, validator] of Object.entries(columns)) {
    if ((validator as GenericValidator | undefined)?.isConvexValidator !== true) {
      refuse(`the column "fivetran.columns.${name}" needs a validator such as v.optional(v.string()).`);
    }
    if (!isIdentifier(name.replace(/^_+(?=.)/, "a"))) {
      refuse(
        `"fivetran.columns" has "${name}"; write the column's name without the "_" that it begins with: { line: v.int64() } for "_line".`,
      );
    }
    const field = fieldOf(name);
    const other = Object.keys(columns).find((each) => each !== name && fieldOf(each) === field);
    if (other !== undefined) {
      refuse(
        `"fivetran.columns" has "${name}" and "${other}", which would both be the field "${field}"; rename one in the connection.`,
      );
    }
  }
}

/** `cleanFieldName` of an identifier: schema.ts loads no tables of scripts, which other names need. */
function fieldOf(column: string): string {
  if (!column.startsWith("_")) return column;
  return `source_${column.toLowerCase().replace(/_+/g, "_").replace(/^_|_$/g, "")}`;
}

/** What the option calls columns, by the fields that have another name. */
function renamedColumns(columns: PropertyValidators = {}): Record<string, string> {
  return Object.fromEntries(
    Object.keys(columns).flatMap((column) => {
      const field = fieldOf(column);
      return field === column ? [] : [[field, column]];
    }),
  );
}

/** The columns of a mirror's option `drop`, as Fivetran names them. Parts of a JSON column are none. */
export function droppedColumns(drop: readonly string[]): string[] {
  const inner = `${FIVETRAN_FIELD}.columns.`;
  return drop
    .map((path) => (path.startsWith(inner) ? `_${path.slice(inner.length)}` : path))
    .filter((path) => !path.includes("."));
}

/** What the check of the complete mirror needs. */
interface Declared {
  readonly primaryKey: readonly string[] | null;
  readonly columns: Readonly<Record<string, string>>;
  readonly drop: readonly string[];
  /** Fields that the importer fills in itself. */
  readonly own: readonly string[];
}

/** Refuses a mirror of which Fivetran's destination could not be told. @param fields Those of the option too. */
export function checkFivetran(fields: Fields, option: FivetranOption, declared: Declared): FivetranContract {
  if (declared.primaryKey === null) {
    refuse(
      'a mirror for Fivetran needs a primaryKey. Fivetran names the rows of a table without one by "_fivetran_id": write primaryKey: ["fivetran.id"] and fivetran: { id: true }.',
    );
  }
  const columns = columnsOf(fields, option, declared);
  const { types = {}, retired = [], softDelete = false, id = false } = option;
  checkTypes(types, columns, droppedColumns(declared.drop));
  checkRetired(retired, columns, declared.primaryKey);
  const both = droppedColumns(declared.drop).find((column) => columns.has(column));
  if (both !== undefined) refuse(`the column "${both}" is dropped, but declared too; remove one of the two.`);
  const renamed = renamedColumns(option.columns);
  return Object.freeze({ softDelete, id, types, retired, renamed });
}

/** The validators of a mirror by the columns of the source that feed them. */
function columnsOf(
  fields: Fields,
  option: FivetranOption,
  { columns, own }: Declared,
): Map<string, GenericValidator> {
  const top = Object.entries(fields)
    .filter(([name]) => name !== FIVETRAN_FIELD && !own.includes(name))
    .map(([name, validator]) => [Object.hasOwn(columns, name) ? columns[name]! : name, validator] as const);
  for (const [column] of top) {
    if (/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(column)) continue;
    refuse(
      column.startsWith("_")
        ? `the column "${column}" of Fivetran arrives in the field "fivetran"; declare it in fivetran: { columns: { … } }, without the "_".`
        : `the column "${column}" cannot come from Fivetran, whose Convex destination takes names of at most 64 letters, digits and "_" alone. Rename it in the connection.`,
    );
  }
  const inner = Object.entries(option.columns ?? {}).map(
    ([name, validator]) => [`_${name}`, validator] as const,
  );
  return new Map([...top, ...inner]);
}

function checkTypes(
  types: unknown,
  columns: ReadonlyMap<string, GenericValidator>,
  drop: readonly string[],
): void {
  if (typeof types !== "object" || types === null || Array.isArray(types)) {
    refuse(
      `"fivetran.types" is ${shown(types)}; write an object from columns to types: { price: "DECIMAL" }.`,
    );
  }
  for (const [column, type] of Object.entries(types)) {
    if (!columns.has(column) && !drop.includes(column)) {
      refuse(
        `"fivetran.types" names "${column}", but no field has such a column, and "drop" does not name it.`,
      );
    }
    if (typeof type !== "string" || !Object.hasOwn(FIVETRAN_TYPES, type)) {
      refuse(
        `"fivetran.types" gives "${column}" the type ${shown(type)}; Fivetran's types are ${Object.keys(FIVETRAN_TYPES).join(", ")}.`,
      );
    }
  }
  const untyped = drop.find((column) => !Object.hasOwn(types, column));
  if (untyped !== undefined) {
    refuse(
      `the column "${untyped}" is dropped, but Fivetran's destination wants to know its type; write it in fivetran: { types: { ${untyped}: "STRING" } }.`,
    );
  }
}

function checkRetired(
  retired: unknown,
  columns: ReadonlyMap<string, GenericValidator>,
  primaryKey: readonly string[],
): void {
  if (!Array.isArray(retired) || !retired.every((name) => typeof name === "string")) {
    refuse(`"fivetran.retired" is ${shown(retired)}; write a list of columns: retired: ["fax"].`);
  }
  for (const column of retired) {
    const validator = columns.get(column);
    if (validator === undefined)
      refuse(`"fivetran.retired" names "${column}", but no field has such a column.`);
    const mayBeMissing = validator.isOptional === "optional" || leafKinds(validator).includes("null");
    if (!mayBeMissing || primaryKey.includes(column)) {
      refuse(
        `the column "${column}" is retired, but rows without it could not be stored; wrap its validator in v.optional(…).`,
      );
    }
  }
}
