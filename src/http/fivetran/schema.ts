import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import {
  droppedColumns,
  FIVETRAN_FIELD,
  FIVETRAN_TYPES,
  type FivetranContract,
} from "../../schema/fivetran.js";
import type { Mirror } from "../importer.js";

/** The index that Fivetran's destination finds rows by; it looks for one of this name. */
export const KEY_INDEX = "_fivetran_by_primary_key";

/** The index that it truncates by; it takes any name. */
const SYNCED_INDEX = "_fivetran_by_synced";

export const DELETED = `${FIVETRAN_FIELD}.deleted`;
export const SYNCED = `${FIVETRAN_FIELD}.synced`;

/** A table as Convex describes it to its own connectors; the part that Fivetran's destination looks at. */
export interface TableDefinition {
  tableName: string;
  indexes: { indexDescriptor: string; fields: string[] }[];
  documentType: ValidatorJSON;
}

/** A mirror that is declared for Fivetran. */
export type FivetranMirror = Mirror & { contract: { fivetran: FivetranContract } };

/**
 * The table that Fivetran's destination is to believe a mirror to be. It compares it with the table of the connection:
 * the same columns and no other, each of the type that it sends, the same primary key, and an index by the time of
 * syncing. So this is not the schema of the mirror, which may have more fields, and of other types.
 *
 * A table without a name that Convex takes, or an index without fields, and the connector refuses all tables:
 * `mirrorTable` refuses mirrors of which such a table would have to be made.
 */
export function tableOf(mirror: FivetranMirror): TableDefinition {
  const deleted = mirror.contract.fivetran.softDelete ? [DELETED] : [];
  return {
    tableName: mirror.stream,
    indexes: [
      { indexDescriptor: KEY_INDEX, fields: [...deleted, ...keyColumns(mirror)] },
      { indexDescriptor: SYNCED_INDEX, fields: [...deleted, SYNCED, "_creationTime"] },
    ],
    documentType: {
      type: "object",
      value: { ...columnsOf(mirror), [FIVETRAN_FIELD]: ownColumn(mirror) },
    },
  };
}

/** The columns of a mirror's key, as the connector names them. */
export function keyColumns({ contract: { primaryKey, columns, fivetran } }: FivetranMirror): string[] {
  const inner = `${FIVETRAN_FIELD}.columns.`;
  return (primaryKey ?? []).map((path) => {
    if (path.startsWith(inner)) return inner + nameIn(fivetran.renamed, path.slice(inner.length));
    const [head = "", ...rest] = path.split(".");
    return [nameIn(columns, head), ...rest].join(".");
  });
}

/** What the source calls a field. */
function nameIn(names: Readonly<Record<string, string>>, field: string): string {
  return Object.hasOwn(names, field) ? names[field]! : field;
}

/** The columns of the connection but Fivetran's own: those that feed fields, and those that are dropped on arrival. */
function columnsOf(mirror: FivetranMirror): Record<string, ObjectFieldType> {
  const { deletedField, overflow, drop, columns, fivetran } = mirror.contract;
  const fed = Object.entries(mirror.fields)
    .filter(([name]) => name !== FIVETRAN_FIELD && name !== deletedField && name !== overflow)
    .map(([name, { fieldType }]) => [nameIn(columns, name), fieldType] as const);
  const dropped = droppedColumns(drop)
    .filter((column) => !column.startsWith("_"))
    .map((column) => [column, FIVETRAN_TYPES.UNSPECIFIED] as const);
  return fieldsOf(fivetran, [...fed, ...dropped], (column) => column);
}

/** The field `fivetran`. What is in it must not be optional, whatever it is in the mirror. */
function ownColumn({ fields, contract: { fivetran, drop } }: FivetranMirror): ObjectFieldType {
  const own = fields[FIVETRAN_FIELD]?.fieldType;
  const inner = own?.type === "object" ? own.value.columns?.fieldType : undefined;
  const fed = Object.entries(inner?.type === "object" ? inner.value : {}).map(
    ([name, { fieldType }]) => [`_${nameIn(fivetran.renamed, name)}`, fieldType] as const,
  );
  const dropped = droppedColumns(drop)
    .filter((column) => column.startsWith("_"))
    .map((column) => [column, FIVETRAN_TYPES.UNSPECIFIED] as const);
  const columns = fieldsOf(fivetran, [...fed, ...dropped], (column) => column.slice(1));
  return required({
    type: "object",
    value: {
      synced: required({ type: "number" }),
      ...(fivetran.id && { id: required({ type: "string" }) }),
      ...(fivetran.softDelete && { deleted: required({ type: "boolean" }) }),
      ...(Object.keys(columns).length > 0 && { columns: required({ type: "object", value: columns }) }),
    },
  });
}

/** Columns with the types that arrive for their validators, but those that the source no longer has. */
function fieldsOf(
  { types, retired }: FivetranContract,
  columns: readonly (readonly [column: string, validator: ValidatorJSON])[],
  fieldOf: (column: string) => string,
): Record<string, ObjectFieldType> {
  return Object.fromEntries(
    columns
      .filter(([column]) => !retired.includes(column))
      .map(([column, validator]) => [
        fieldOf(column),
        required(Object.hasOwn(types, column) ? FIVETRAN_TYPES[types[column]!] : typeSent(validator)),
      ]),
  );
}

function required(fieldType: ValidatorJSON): ObjectFieldType {
  return { fieldType, optional: false };
}

/** The type of the values that arrive for a validator: what it narrows is as wide there as Fivetran knows it. */
function typeSent(validator: ValidatorJSON): ValidatorJSON {
  const kinds = new Set(leavesOf(validator).map(kindOf));
  kinds.delete("null");
  const [only] = kinds;
  if (only === undefined || kinds.size > 1) return FIVETRAN_TYPES.UNSPECIFIED;
  return only === "object" ? FIVETRAN_TYPES.JSON : ({ type: only } as ValidatorJSON);
}

function leavesOf(validator: ValidatorJSON): ValidatorJSON[] {
  return validator.type === "union" ? validator.value.flatMap(leavesOf) : [validator];
}

function kindOf(leaf: ValidatorJSON): ValidatorJSON["type"] {
  switch (leaf.type) {
    case "literal":
      // Convex writes the int64 of a literal as an object.
      return typeof leaf.value === "object"
        ? "bigint"
        : (typeof leaf.value as "string" | "number" | "boolean");
    case "id":
      return "string";
    case "any":
    case "array":
    case "record":
      return "object";
    default:
      return leaf.type;
  }
}
