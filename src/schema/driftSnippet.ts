import type { ObjectFieldType, ValidatorJSON } from "convex/values";
import type { QuarantineReason } from "../core/wire/views.js";
import { fedField, fieldName } from "./fieldName.js";
import { isIdentifier } from "./fields.js";
import { fieldCode } from "./validatorCode.js";

/** What the source of a mirror sent that its schema does not expect, as the importer has it on record. */
export interface DriftEntry {
  /** See `Note`. */
  kind: string;
  /** Dotted path of the field; a source column where the kind is `unknownField`. */
  field: string;
  /** The kind of the values found. */
  from: string;
  /** What they became, or the field that keeps them. */
  to?: string | null;
  /** The beginning of one of the values. */
  sample: string;
  times: number;
  /** ISO 8601. */
  firstSeenAt: string;
}

/**
 * The lines to paste into the fields of a mirror in `schema.ts`, so that what the source sends has a place:
 *
 * ```ts
 *   nickname: v.optional(v.string()), // seen 120 times, first 2026-11-20
 * ```
 *
 * New fields are optional, because the stored rows have none. What cannot be pasted is a comment that says what to
 * change. Empty when there is nothing to do.
 */
export function driftSnippet(entries: readonly DriftEntry[]): string {
  return [...entries].sort(byField).map(lineOf).join("\n");
}

/** The entries that a schema has not settled since: without columns that are declared now. */
export function unsettled<Entry extends DriftEntry>(
  entries: readonly Entry[],
  mirror: Parameters<typeof fedField>[0],
): Entry[] {
  return entries.filter(({ kind, field }) => kind !== "unknownField" || fedField(mirror, field) === null);
}

/**
 * The line of `schema.ts` with which a field takes the quarantined changes that it refuses now:
 *
 * ```ts
 *   tags: v.union(v.array(v.string()), v.null()),
 * ```
 *
 * @returns null where no line of one field helps: the key, a value inside an object, a value out of range
 */
export function admittingSnippet(
  { code, field, found }: Pick<QuarantineReason, "code" | "field" | "found">,
  { fields, keyFields }: { fields: Readonly<Record<string, ObjectFieldType>>; keyFields: readonly string[] },
): string | null {
  if (field === null || !Object.hasOwn(fields, field) || keyFields.includes(field)) return null;
  const declared = fields[field]!;
  const admit = (admitted: ObjectFieldType) => `${field}: ${fieldCode(admitted)},`;
  if (code === "MissingField") return admit({ ...declared, optional: true });
  const type = code === "TypeMismatch" && found !== null ? TYPES[found] : undefined;
  if (type === undefined) return null;
  const { fieldType } = declared;
  const members = fieldType.type === "union" ? fieldType.value : [fieldType];
  if (members.some((member) => member.type === type.type)) return null;
  return admit({ ...declared, fieldType: { type: "union", value: [...members, type] } });
}

/** The type that takes every value of a kind. */
const TYPES: Readonly<Record<string, ValidatorJSON>> = {
  null: { type: "null" },
  boolean: { type: "boolean" },
  string: { type: "string" },
  number: { type: "number" },
  integer: { type: "number" },
  int64: { type: "bigint" },
  bytes: { type: "bytes" },
  array: { type: "array", value: { type: "any" } },
  object: { type: "any" },
};

function byField(a: DriftEntry, b: DriftEntry): number {
  const [left, right] = [`${rank(a)}\0${a.field}`, `${rank(b)}\0${b.field}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Lines that declare fields come first. */
function rank({ kind }: DriftEntry): string {
  return kind === "unknownField" ? "0" : "1";
}

function lineOf(entry: DriftEntry): string {
  const { kind, field, from } = entry;
  const seen = `${times(entry.times)}, first ${entry.firstSeenAt.slice(0, 10)}`;
  const name = JSON.stringify(field);
  switch (kind) {
    case "unknownField":
      return newField(entry, seen);
    case "coerced":
      return `  // ${name}: ${kindWord(from)} stored as ${kindWord(entry.to ?? "")} ${seen}; v.union(…, ${validatorOf(entry)}) would keep what it is`;
    case "discardedValue":
      return `  // ${name}: ${kindWord(from)} left out ${seen}; v.union(…, ${validatorOf(entry)}) would keep it`;
    case "missingField":
      return `  // ${name}: absent ${seen}, and stored as null; v.optional(…) would leave it absent`;
    default:
      return `  // ${name}: ${kind} ${seen}`;
  }
}

function newField(entry: DriftEntry, seen: string): string {
  const { field } = entry;
  const validator = `v.optional(${validatorOf(entry)})`;
  seen += readingOf(entry);
  if (isIdentifier(field)) return `  ${field}: ${validator}, // seen ${seen}`;
  const parts = field.split(".");
  if (parts.length > 1 && parts.every((part) => part === "*" || isIdentifier(part))) {
    return `  // inside of ${parts.slice(0, -1).join(".")}: ${parts.at(-1)!}: ${validator}, seen ${seen}`;
  }
  const renamed = fieldName(field);
  return `  ${renamed}: ${validator}, // seen ${seen}; needs columns: { ${renamed}: ${JSON.stringify(field)} }`;
}

function validatorOf({ from, sample }: DriftEntry): string {
  switch (from) {
    case "string":
      return "v.string()";
    case "integer":
      // A double would round it.
      return Number.isSafeInteger(Number(sample)) ? "v.number()" : "v.int64()";
    case "number":
      return "v.number()";
    case "boolean":
      return "v.boolean()";
    case "int64":
      return "v.int64()";
    case "bytes":
      return "v.bytes()";
    case "array":
      return "v.array(v.any())";
    default:
      return "v.any()";
  }
}

/** Every value of a CSV file is a text; the field's type decides how it is read. */
function readingOf({ from, sample }: DriftEntry): string {
  if (from !== "string") return "";
  const text = sample.trim();
  const type = /^(?:true|false|t|f|yes|no)$/i.test(text)
    ? "v.boolean()"
    : /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text)
      ? Number.isSafeInteger(Number(text)) || text.includes(".")
        ? "v.number()"
        : "v.int64()"
      : null;
  return type === null ? "" : `; from a CSV file, ${type} fits too`;
}

function kindWord(kind: string): string {
  return kind === "null" ? "null" : `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${String(count)} times`;
}
