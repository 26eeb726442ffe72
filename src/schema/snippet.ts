import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import { isObject, type Json, type JsonObject } from "../core/rows/values.js";
import { cleanFields } from "../core/rows/identifiers.js";
import { cleanFieldName, cleanPath } from "../core/rows/names.js";
import { CONTENT_KEY_FIELD } from "./contract.js";
import { fieldsOfJsonSchema } from "./jsonSchema.js";
import { fieldCode, validatorCode } from "./validatorCode.js";
import { isIdentifier } from "./fields.js";

/** Characters of fields that a snippet spells out; it is stored, and sent in error messages. */
const MAX_LENGTH = 50_000;

/** Airbyte's change-data-capture columns, after cleaning: they are not part of a row. */
const CDC_PREFIX = "source_ab_cdc";

/**
 * The `mirrorTable` declaration for a stream, to paste into `defineSchema`, made from its JSON schema (as Airbyte's
 * catalogs have it). What the schema does not say becomes `v.any()`.
 *
 * @param primaryKey Dotted paths, cleaned, or null.
 */
export function mirrorSnippet(table: string, jsonSchema: Json, primaryKey: string[] | null): string {
  const schema = cleanSchema(jsonSchema);
  const keys = (primaryKey ?? []).map((path) => path.split("."));
  const columns = fieldsOfJsonSchema(schema, keys).filter(([name]) => !name.startsWith(CDC_PREFIX));
  return declaration(table, columns, primaryKey === null ? null : keyCode(primaryKey));
}

/** A table of Fivetran's, as far as its Convex destination has told it. */
export interface FivetranTable {
  columns: Record<string, ValidatorJSON>;
  softDelete: boolean;
  id: boolean;
  /** Columns that begin with "_", without it. */
  ownColumns: Record<string, ValidatorJSON>;
  /** Dotted paths; null when unknown. */
  primaryKey: readonly string[] | null;
}

/** The `mirrorTable` declaration for a table of Fivetran's, to paste into `defineSchema`. */
export function fivetranSnippet(name: string, table: FivetranTable): string {
  const primaryKey = table.primaryKey?.map((path) => cleanPath(path.split(".")).join(".")) ?? null;
  const columns = Object.entries(table.columns).map(([column, type]): Column => [
    column,
    { fieldType: withNull(type, isInKey(column, primaryKey)), optional: false },
  ]);
  // The key has to be named by a person: a wrong one would make one row of two.
  const key = primaryKey === null ? "primaryKey: [/* its columns */]" : keyCode(primaryKey);
  return declaration(name, columns, `${key}, fivetran: ${fivetranCode({ ...table, primaryKey })}`);
}

/**
 * The option `fivetran` of a table, whose key is in the mirror's names.
 * @param v What `v` of `convex/values` is called where the code goes.
 */
export function fivetranCode(
  { softDelete, id, ownColumns, primaryKey }: Omit<FivetranTable, "columns">,
  v = "v",
): string {
  const columns = Object.entries(ownColumns)
    .filter(([name]) => /^\w+$/.test(name))
    .map(([name, type]) => {
      const inKey = primaryKey?.includes(`fivetran.columns.${cleanFieldName(name)}`) === true;
      return `${name}: ${fieldCode({ fieldType: withNull(type, inKey), optional: !inKey }, { v, width: Infinity })}`;
    });
  const parts = [
    ...(softDelete ? ["softDelete: true"] : []),
    ...(id ? ["id: true"] : []),
    ...(columns.length > 0 ? [`columns: { ${columns.join(", ")} }`] : []),
  ];
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

/** A type as a mirror declares it: with null but in a key, and any JSON as `v.any()`. */
export function withNull(type: ValidatorJSON, inKey: boolean): ValidatorJSON {
  const leaves = type.type === "union" ? type.value.filter((leaf) => leaf.type !== "null") : [type];
  if (leaves.some((leaf) => leaf.type === "any" || leaf.type === "object")) return { type: "any" };
  const value: ValidatorJSON[] = inKey ? leaves : [...leaves, { type: "null" }];
  return value.length === 1 ? value[0]! : { type: "union", value };
}

function isInKey(name: string, primaryKey: readonly string[] | null): boolean {
  return primaryKey?.some((path) => path === name || path.startsWith(`${name}.`)) === true;
}

function keyCode(primaryKey: readonly string[]): string {
  return `primaryKey: ${JSON.stringify(primaryKey)}`;
}

type Column = readonly [name: string, type: ObjectFieldType];

function declaration(table: string, columns: readonly Column[], options: string | null): string {
  const lines: string[] = [];
  let length = 0;
  for (const [name, type] of columns) {
    const line = fieldLine(name, type);
    length += line.length;
    if (length > MAX_LENGTH) {
      lines.push(`    // … and ${String(columns.length - lines.length)} more columns`);
      break;
    }
    lines.push(line);
  }
  const body = lines.length === 0 ? "{ /* the stream's columns */ }" : `{\n${lines.join("\n")}\n  }`;
  return `${table}: mirrorTable(\n  ${body}${options === null ? "" : `,\n  { ${options} }`},\n),`;
}

function fieldLine(name: string, { fieldType, optional }: ObjectFieldType): string {
  if (!isIdentifier(name) || name === CONTENT_KEY_FIELD) {
    return `    // ${JSON.stringify(name)}: a mirror cannot declare this name`;
  }
  const code = validatorCode(fieldType);
  return `    ${name}: ${optional ? `v.optional(${code})` : code},`;
}

function cleanSchema(schema: Json): JsonObject {
  return isObject(schema) ? cleanFields(schema) : {};
}
