import { fedField } from "../../schema/fieldName.js";
import { CliError } from "../terminal/exit.js";
import type { MirrorInfo, ValidatorJson } from "../../core/wire/v1.js";
import type { Mapping } from "./mapping.js";

/** How a column of text becomes a field of JSON. */
export interface ColumnWriter {
  /** The field's name as JSON text; null for a column that is left out. */
  key: string | null;
  /** A text of the column as JSON. */
  write: (text: string) => string;
}

type Write = ColumnWriter["write"];

/** The writers of a file's columns. @throws CliError when two columns have one name. */
export function columnWriters(
  header: readonly string[],
  mirror: MirrorInfo,
  mapping: Mapping,
): ColumnWriter[] {
  const seen = new Set<string>();
  return header.map((column) => {
    const name = mapping.nameOf(column);
    if (name === null) return { key: null, write: asText };
    if (seen.has(name)) throw new CliError("DuplicateColumn", twoColumns(name));
    seen.add(name);
    return { key: JSON.stringify(name), write: writerOf(fieldOf(mirror, name)) };
  });
}

export function twoColumns(name: string): string {
  return `Two columns are called "${name}". Rename one of them in the file.`;
}

/** The field that a source column feeds; null when the mirror has none. */
export function fieldNameOf({ fields = {}, columns = {} }: MirrorInfo, column: string): string | null {
  return fedField({ fields, columns }, column);
}

function fieldOf(mirror: MirrorInfo, column: string): ValidatorJson | null {
  const name = fieldNameOf(mirror, column);
  return name === null ? null : mirror.fields![name]!.fieldType;
}

/** What a text becomes is decided by the mirror's type, not by what the text looks like: "007" stays a text. */
function writerOf(validator: ValidatorJson | null): Write {
  const kinds = new Set(kindsOf(validator));
  kinds.delete("null");
  // Where a text is welcome, a text it is.
  if (kinds.size !== 1) return asText;
  switch ([...kinds][0]) {
    case "number":
    case "bigint":
      return asNumber;
    case "boolean":
      return asBoolean;
    case "bytes":
      return asBytes;
    case "json":
      return asJsonOf(validator);
    case "any":
      return asAny;
    default:
      return asText;
  }
}

function kindsOf(validator: ValidatorJson | null): string[] {
  if (validator === null) return ["string"];
  switch (validator.type) {
    case "union":
      return (validator.value as ValidatorJson[]).flatMap(kindsOf);
    case "literal":
      return [typeof validator.value === "object" ? "bigint" : typeof validator.value];
    case "array":
    case "object":
    case "record":
      return ["json"];
    default:
      return [validator.type];
  }
}

const asText: Write = (text) => JSON.stringify(text);

/** A number of JSON as it stands, to the last digit; what is none is left to the importer, which reads dates and more. */
const asNumber: Write = (text) => {
  const trimmed = text.trim();
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(trimmed) ? trimmed : JSON.stringify(trimmed);
};

const asBoolean: Write = (text) => {
  const word = text.trim().toLowerCase();
  if (["true", "t", "yes", "y", "on", "1"].includes(word)) return "true";
  if (["false", "f", "no", "n", "off", "0"].includes(word)) return "false";
  return JSON.stringify(text);
};

/** Postgres writes bytes in hexadecimal; everybody else in base64, which the importer reads. */
const asBytes: Write = (text) => {
  const hex = /^\\x((?:[0-9a-f]{2})*)$/i.exec(text)?.[1];
  return JSON.stringify(hex === undefined ? text : Buffer.from(hex, "hex").toString("base64"));
};

/** Arrays and objects of JSON; and arrays as Postgres writes them, `{a,NULL,"b c"}`, where the field is an array. */
function asJsonOf(validator: ValidatorJson | null): Write {
  const writers: Write[] = [];
  for (let element = elementOf(validator); element !== null; element = elementOf(element))
    writers.push(writerOf(element));
  return (text) => {
    const json = asJson(text);
    // `[2:3]={a,b}` has its elements counted from 2, which no array of Convex is.
    const literal = text.replace(/^\s*(?:\[[+-]?\d+:[+-]?\d+\])+=/, "");
    const isArray = writers.length > 0 && /^\s*\{/.test(literal);
    return (isArray ? postgresArray(literal, writers) : null) ?? json ?? JSON.stringify(text);
  };
}

/** What is JSON is read as JSON, as json and jsonb columns are exported. Everything else is text. */
const asAny: Write = (text) => asJson(text) ?? JSON.stringify(text);

function asJson(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  return text.replace(/[\r\n]/g, " ");
}

/** The validator of the elements where all that the field takes is one kind of array. */
function elementOf(validator: ValidatorJson | null): ValidatorJson | null {
  if (validator?.type === "array") return validator.value as ValidatorJson;
  if (validator?.type !== "union") return null;
  const [only, ...more] = (validator.value as ValidatorJson[]).filter(({ type }) => type !== "null");
  return more.length === 0 ? elementOf(only ?? null) : null;
}

/**
 * An array literal of Postgres as JSON; null for what is none. Nested ones are arrays of arrays.
 *
 * @param writers How elements are written, by their depth.
 */
function postgresArray(text: string, writers: readonly Write[]): string | null {
  const token = /\s*(?:([{},])|"((?:[^"\\]|\\[^])*)"|([^{},"]+))/y;
  let out = "";
  let depth = 0;
  while (token.lastIndex < text.length || out === "") {
    const match = token.exec(text);
    if (match === null) return null;
    const [, mark, quoted, plain] = match;
    const write = writers[depth - 1] ?? writers.at(-1)!;
    if (mark === "{") depth++;
    if (mark === "}") depth--;
    if (mark !== undefined) out += mark === "{" ? "[" : mark === "}" ? "]" : ",";
    else if (quoted !== undefined) out += write(quoted.replace(/\\([^])/g, "$1"));
    else out += plain!.trim() === "NULL" ? "null" : write(plain!.trim());
    if (depth === 0) break;
  }
  return depth === 0 && text.slice(token.lastIndex).trim() === "" ? asJson(out) : null;
}
