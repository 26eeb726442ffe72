/** A mirror's validator and contract, compiled into what `prepareRow` needs for each row. */
import { v, type GenericValidator, type Validator, type Value } from "convex/values";
import { compile } from "./convert.js";
import type { Convert } from "./conversion.js";
import { EVOLVE, type DriftPolicies } from "./drift.js";
import { cleanFieldName } from "./names.js";
import { compileFields, compilePart, type Field } from "./objects.js";
import { splitPath } from "./paths.js";
import { compileHashed, compileRedaction, type Redaction } from "./redact.js";

/** The part of a mirror's contract that rows are prepared by; see `MirrorContract`. */
export interface RowContract {
  readonly primaryKey: readonly string[] | null;
  readonly version?: string | null;
  readonly deletedField?: string | null;
  readonly drift?: DriftPolicies;
  readonly overflow?: string | null;
  /** Paths of objects whose fields an update merges one by one. */
  readonly merged?: readonly string[];
  readonly columns?: Readonly<Record<string, string>>;
  readonly drop?: readonly string[];
  readonly hash?: readonly string[];
  readonly where?: ((row: Record<string, Value>) => boolean) | null;
}

/** What a mirror is compiled with beside its contract. */
export interface CompileOptions {
  /** The secret that fields of `hash` are hashed with, of 16 bytes or more. */
  hashKey?: string | Uint8Array | undefined;
  /** The field that holds the content key of rows without a primary key. Default: the same as `mirrorTable`'s. */
  contentKeyField?: string | undefined;
}

/** A field of a row. */
export interface RowField extends Field {
  /** The name of its value in the JSON. */
  readonly column: string;
  /** Converts what an update brings of an object that is merged; null for all other fields. */
  readonly part: Convert | null;
  /** The field may be left out when its value does not fit: nothing depends on it. */
  readonly discardable: boolean;
}

/** A path of the contract with the converter of the values there. */
export interface Path {
  readonly path: string;
  /** Where its value is in the JSON. */
  readonly columns: readonly string[];
  /** Where it is in the row. */
  readonly names: readonly string[];
  readonly convert: Convert;
}

/** How the JSON of a row is read: the names of its values, and their converters. */
export interface Reading {
  readonly fields: readonly RowField[];
  /** Null for a mirror without a key. */
  readonly key: readonly Path[] | null;
  readonly version: Path | null;
  /** Names of columns that feed a field, or are the importer's business. All others are unknown. */
  readonly known: ReadonlySet<string>;
}

/** A mirror, compiled for `prepareRow`. Opaque: make it once with `compileMirror`. */
export interface CompiledMirror {
  /** Rows of the source, redacted. */
  readonly source: Reading;
  /** Rows that were converted before. */
  readonly stored: Reading;
  readonly redaction: Redaction | null;
  readonly drift: DriftPolicies;
  /** Some kind of drift refuses the delivery. */
  readonly mayFreeze: boolean;
  readonly overflow: { readonly name: string; readonly optional: boolean; readonly convert: Convert } | null;
  /** What rows have in the field that marks deleted ones. */
  readonly unmarked: Readonly<Record<string, Value>>;
  readonly where: ((row: Record<string, Value>) => boolean) | null;
  readonly contentKeyField: string;
}

const CONTENT_KEY_FIELD = "mirrorKey";

/**
 * Compiles a mirror. Do it once per mirror and process, not per request.
 *
 * @param validator The validator of the table's documents, `schema.tables.customers.validator`.
 * @param contract The mirror's contract, `contractOf(schema.tables.customers)`.
 * @throws Error when the contract contradicts itself, and when it hashes fields and there is no `hashKey`.
 */
export function compileMirror(
  validator: GenericValidator,
  contract: RowContract,
  { hashKey, contentKeyField = CONTENT_KEY_FIELD }: CompileOptions = {},
): CompiledMirror {
  const known = validator as Validator<unknown>;
  if (known.kind !== "object")
    throw new Error("A mirror's documents must be described by one object validator.");
  const validators = known.fields as Record<string, GenericValidator>;
  const { deletedField = null, overflow = null, drift = EVOLVE } = contract;
  const own = [deletedField, contract.primaryKey === null ? contentKeyField : null].filter(
    (name) => name !== null,
  );
  const fed = new Set(Object.keys(validators).filter((name) => !own.includes(name) && name !== overflow));
  const columns = new Map([...fed].map((name) => [name, columnOf(contract, name)]));
  checkColumns(columns, contract.drop ?? []);
  const compiler = new RowCompiler(validators, contract);

  const hashed = new Map<string, Convert>();
  for (const name of contract.hash ?? []) {
    const convert = compile(validatorAt(validators, name));
    hashed.set(columns.get(name)!, convert);
    // A column of that name that feeds nothing holds the same secret.
    if (![...columns.values()].includes(name)) hashed.set(name, convert);
  }
  const marker = deletedField === null ? null : validatorAt(validators, deletedField);
  const overflowValidator = overflow === null ? null : validatorAt(validators, overflow);
  return {
    source: compiler.read(columns, new Set(contract.hash), deletedField === null ? [] : [deletedField]),
    stored: compiler.read(
      new Map([...fed, ...(overflow === null ? [] : [overflow])].map((name) => [name, name])),
      new Set(),
      own,
    ),
    redaction: compileRedaction(contract.drop ?? [], hashed, hashKey),
    drift,
    mayFreeze: Object.values(drift).includes("freeze"),
    overflow:
      overflow === null
        ? null
        : {
            name: overflow,
            optional: overflowValidator!.isOptional === "optional",
            convert: compile(v.any()),
          },
    unmarked:
      marker === null || marker.isOptional === "optional" ? {} : { [deletedField!]: unmarkedValue(marker) },
    where: contract.where ?? null,
    contentKeyField,
  };
}

/** Refuses what `mirrorTable` cannot see, for it does not clean names. */
function checkColumns(columns: ReadonlyMap<string, string>, drop: readonly string[]): void {
  const fields = new Map<string, string>();
  for (const [field, column] of columns) {
    const other = fields.get(column);
    if (other !== undefined) {
      throw new Error(`The fields "${other}" and "${field}" are both fed by the source column "${column}".`);
    }
    fields.set(column, field);
  }
  for (const name of drop) {
    const field = fields.get(cleanFieldName(name));
    if (field !== undefined)
      throw new Error(`The column "${name}" is dropped, but feeds the field "${field}".`);
  }
}

/** The source column of a field, as adapters name it. */
function columnOf({ columns }: RowContract, field: string): string {
  return cleanFieldName(columns !== undefined && Object.hasOwn(columns, field) ? columns[field]! : field);
}

/** The path in the mirror of what a source has at a path of columns, cleaned and dotted: that of a connection's key. */
export function fieldPathOf(contract: RowContract, path: string): string {
  const [head, ...rest] = splitPath(path) as [string, ...string[]];
  for (const field of Object.keys(contract.columns ?? {})) {
    const column = columnOf(contract, field);
    if (column === path) return field;
    if (column === head) return [field, ...rest].join(".");
  }
  return path;
}

/** Compiles the two ways in which rows of one mirror are read. */
class RowCompiler {
  constructor(
    private readonly validators: Record<string, GenericValidator>,
    private readonly contract: RowContract,
  ) {}

  read(
    columns: ReadonlyMap<string, string>,
    hashed: ReadonlySet<string>,
    ignored: readonly string[],
  ): Reading {
    const { primaryKey, version = null } = this.contract;
    const paths = [...(primaryKey ?? []), ...(version === null ? [] : [version])];
    const needed = new Set(paths.map((path) => splitPath(path)[0]!));
    const fields = compileFields(this.validators, compile)
      .filter(({ name }) => columns.has(name))
      .map((field) => ({
        ...field,
        convert: hashed.has(field.name) ? compileHashed(field.admitsNull) : field.convert,
        part: this.#part(field.name),
        column: columns.get(field.name)!,
        discardable: (field.optional || field.admitsNull) && !needed.has(field.name),
      }));
    const toPath = (path: string): Path => {
      const validator = validatorAt(this.validators, path);
      const [head, ...rest] = splitPath(path) as [string, ...string[]];
      const own = fields.find(({ name }) => name === head)!;
      return {
        path,
        columns: [own.column, ...rest],
        names: [head, ...rest],
        convert: rest.length === 0 ? own.convert : compile(validator),
      };
    };
    return {
      fields,
      key: primaryKey?.map(toPath) ?? null,
      version: version === null ? null : toPath(version),
      known: new Set([...columns.values(), ...ignored]),
    };
  }

  #part(name: string): Convert | null {
    const { merged = [] } = this.contract;
    const known = this.validators[name] as Validator<unknown>;
    if (!merged.includes(name) || known.kind !== "object") return null;
    return compilePart(known.fields as Record<string, GenericValidator>, compile, name, merged);
  }
}

function validatorAt(fields: Record<string, GenericValidator>, path: string): GenericValidator {
  let validator: GenericValidator | undefined;
  let current: Record<string, GenericValidator> = fields;
  for (const name of splitPath(path)) {
    validator = Object.hasOwn(current, name) ? current[name] : undefined;
    const known = validator as Validator<unknown> | undefined;
    current = known?.kind === "object" ? (known.fields as Record<string, GenericValidator>) : {};
  }
  if (validator === undefined) throw new Error(`The mirror has no field at the path "${path}".`);
  return validator;
}

/** What a field that marks deleted rows holds in others, when it cannot be absent. */
function unmarkedValue(validator: GenericValidator): null | false {
  const known = validator as Validator<unknown>;
  const members = known.kind === "union" ? (known.members as GenericValidator[]) : [validator];
  return members.some(({ kind }) => kind === "null") ? null : false;
}
