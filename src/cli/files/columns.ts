import { cleanFieldName } from "../../core/rows/identifiers.js";
import { usageError } from "../terminal/exit.js";
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
    if (seen.has(name))
      throw usageError(
        `Two columns are called "${name}". Rename one with --map, or leave it out with --drop.`,
      );
    seen.add(name);
    return { key: JSON.stringify(name), write: writerOf(fieldOf(mirror, name)) };
  });
}

/** The field that a source column feeds; null when the mirror has none. */
export function fieldNameOf({ fields = {}, columns = {} }: MirrorInfo, column: string): string | null {
  const cleaned = cleanFieldName(column);
  const renamed = Object.entries(columns).find(([, source]) => cleanFieldName(source) === cleaned)?.[0];
  const name = renamed ?? cleaned;
  return Object.hasOwn(fields, name) ? name : null;
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
      return asJson;
    default:
      return asText;
  }
}

function kindsOf(validator: ValidatorJson | null): string[] {
  if (validator === null) return ["any"];
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

const asJson: Write = (text) => {
  try {
    JSON.parse(text);
  } catch {
    return JSON.stringify(text);
  }
  return text.replace(/[\r\n]/g, " ");
};
