import type { Module } from "../project/project.js";
import { append, importInsertion, insert, type Insertion } from "../project/edit.js";
import {
  columnsOf,
  DEFAULT_STYLE,
  fieldLines,
  mirrorCode,
  objectCode,
  schemaCode,
  type Style,
} from "./code.js";
import type { MirrorField } from "./model.js";
import type { Plan } from "./plan.js";
import { fieldCode } from "../../schema/validatorCode.js";
import type { Entry, SchemaFile } from "./schemaFile.js";

/**
 * The schema with what a plan adds: whole mirrors, and fields of mirrors that are there. Nothing that is there is
 * changed or removed.
 *
 * @param schema Null when there is no schema yet.
 */
export function merge({ newMirrors, newFields, newOwnColumns }: Plan, schema: SchemaFile | null): string {
  if (schema === null) return schemaCode(newMirrors);
  const { text } = schema;
  const style: Style = {
    ...DEFAULT_STYLE,
    v: schema.v ?? DEFAULT_STYLE.v,
    mirrorTable: schema.mirrorTable ?? DEFAULT_STYLE.mirrorTable,
  };
  const insertions: Insertion[] = [];
  if (newMirrors.length > 0) {
    const code = newMirrors.map((mirror) => unindented(mirrorCode(mirror, style), 2)).join("\n");
    insertions.push(...append(schema, schema.tables, code));
  }
  for (const { entry, fields } of newFields) insertions.push(...addFields(schema, entry, fields, style));
  for (const { entry, columns } of newOwnColumns) {
    const { object, columnsObject } = entry.mirror!.fivetran!;
    const lines = Object.entries(columns).map(
      ([name, fieldType]) => `${name}: ${fieldCode({ fieldType, optional: true }, style)},`,
    );
    insertions.push(
      ...(columnsObject === null
        ? append(schema, object!, `columns: { ${lines.join(" ").replace(/,$/, "")} },`)
        : append(schema, columnsObject, lines.join("\n"))),
    );
  }
  if (insertions.length === 0) return text;
  const imports = [
    ...(schema.v === null ? ['import { v } from "convex/values";'] : []),
    ...(newMirrors.length > 0 && schema.mirrorTable === null
      ? ['import { mirrorTable } from "convex-streaming-import/schema";']
      : []),
  ];
  return insert(text, [...importInsertion(schema, imports), ...insertions]);
}

function addFields(
  schema: Pick<Module, "text" | "source">,
  { mirror }: Entry,
  fields: readonly MirrorField[],
  style: Style,
): Insertion[] {
  const { call, fieldsObject, optionsObject, columnsObject } = mirror!;
  const insertions = append(schema, fieldsObject!, unindented(fieldLines(fields, 6, style), 6));
  const renamed = Object.entries(columnsOf(fields));
  if (renamed.length === 0) return insertions;
  if (columnsObject !== null) {
    const lines = renamed.map((entry) => `${objectCode([entry], 0, 0, style).slice(2, -2)},`);
    return [...insertions, ...append(schema, columnsObject, lines.join("\n"))];
  }
  const columns = `columns: ${objectCode(renamed, 0, 0, style)}`;
  return [
    ...insertions,
    ...(optionsObject === null
      ? append(schema, call, `{ ${columns} },`)
      : append(schema, optionsObject, `${columns},`)),
  ];
}

function unindented(code: string, indent: number): string {
  return code
    .split("\n")
    .map((line) => line.slice(Math.min(indent, /^ */.exec(line)![0].length)))
    .join("\n");
}
