import type { Json, JsonObject } from "../core/rows/change.js";
import { cleanFields } from "../core/rows/identifiers.js";
import { isObject } from "../core/rows/values.js";
import { CONTENT_KEY_FIELD } from "./contract.js";
import { isIdentifier } from "./fieldName.js";
import { propertiesOf, tellsNull, validatorOfJsonSchema } from "./jsonSchema.js";
import { validatorCode } from "./validatorCode.js";

/** Characters of fields that a snippet spells out; it is stored, and sent in error messages. */
const MAX_LENGTH = 50_000;

/** Airbyte's change-data-capture columns, after cleaning: they are no part of a row. */
const CDC_PREFIX = "source_ab_cdc";

/**
 * The `mirrorTable` declaration for a stream, to paste into `defineSchema`, made from its JSON schema (as Airbyte's
 * catalogs have it). What the schema does not tell becomes `v.any()`.
 *
 * @param primaryKey Dotted paths, cleaned, or null.
 */
export function mirrorSnippet(table: string, jsonSchema: Json, primaryKey: string[] | null): string {
  const schema = cleanSchema(jsonSchema);
  const knowsNull = tellsNull(schema);
  const columns = Object.entries(propertiesOf(schema)).filter(([name]) => !name.startsWith(CDC_PREFIX));
  const lines: string[] = [];
  let length = 0;
  for (const [name, part] of columns) {
    const line = fieldLine(name, part, knowsNull, primaryKey ?? []);
    length += line.length;
    if (length > MAX_LENGTH) {
      lines.push(`    // … and ${String(columns.length - lines.length)} more columns`);
      break;
    }
    lines.push(line);
  }
  const body = lines.length === 0 ? "{ /* the stream's columns */ }" : `{\n${lines.join("\n")}\n  }`;
  const options = primaryKey === null ? "" : `,\n  { primaryKey: ${JSON.stringify(primaryKey)} }`;
  return `${table}: mirrorTable(\n  ${body}${options},\n),`;
}

function fieldLine(name: string, schema: Json, knowsNull: boolean, primaryKey: string[]): string {
  if (!isIdentifier(name) || name === CONTENT_KEY_FIELD) {
    return `    // ${JSON.stringify(name)}: a mirror cannot declare this name`;
  }
  const inKey = primaryKey.some((path) => path === name || path.startsWith(`${name}.`));
  return `    ${name}: ${validatorCode(validatorOfJsonSchema(schema, knowsNull, inKey))},`;
}

function cleanSchema(schema: Json): JsonObject {
  return isObject(schema) ? cleanFields(schema) : {};
}
