import type { ValidatorJSON } from "convex/values";
import { ANY, BOOLEAN, BYTES, INT64, nullable, NUMBER, oneOf, STRING } from "../validators.js";

/** A type of Postgres, as far as its catalog has to be asked. */
export interface PostgresType {
  /** `typname` of `pg_type`. */
  name: string;
  /** `typtype`: b(ase), c(omposite), d(omain), e(num), p(seudo), r(ange), m(ultirange). */
  kind: string;
  /** What a domain is made of, or the elements of an array; null for others. */
  inner: PostgresType | null;
  isArray: boolean;
  /** Labels of an enum, in their order. */
  labels: readonly string[];
  /** A domain may forbid null. */
  notNull: boolean;
}

/** What a column holds, and what else would hold it without loss. */
export interface ColumnType {
  validator: ValidatorJSON;
  alternatives: readonly ValidatorJSON["type"][];
}

/**
 * Postgres' types that are not text here. All others are what Postgres itself prints: text, of any length, to the last
 * digit: numeric (a double would round it), dates and times without a zone (which are no moments), uuid, inet, interval,
 * ranges, geometry, composite types, types of extensions.
 */
const TYPES: Record<string, ColumnType> = {
  bool: { validator: BOOLEAN, alternatives: [] },
  int2: { validator: NUMBER, alternatives: ["bigint"] },
  int4: { validator: NUMBER, alternatives: ["bigint"] },
  oid: { validator: NUMBER, alternatives: ["bigint"] },
  // A double holds integers up to 2^53.
  int8: { validator: INT64, alternatives: ["number", "string"] },
  float4: { validator: NUMBER, alternatives: [] },
  float8: { validator: NUMBER, alternatives: [] },
  // A moment: milliseconds since 1970 as everywhere in Convex, microseconds as their fraction.
  timestamptz: { validator: NUMBER, alternatives: ["string"] },
  json: { validator: ANY, alternatives: [] },
  jsonb: { validator: ANY, alternatives: [] },
  bytea: { validator: BYTES, alternatives: [] },
};

/** Types of text that somebody may prefer as numbers: decimals that are short enough, moments of which the zone is known. */
const OTHERWISE: Record<string, readonly ValidatorJSON["type"][]> = {
  numeric: ["number", "bigint"],
  date: ["number"],
  timestamp: ["number"],
  money: ["number"],
};

/** Labels beyond which an enum is a table in disguise, and text for the app. */
const MAX_LABELS = 100;

/** What a column of a type holds. */
export function columnTypeOf(type: PostgresType, dimensions: number): ColumnType {
  if (type.kind === "d" && type.inner !== null) return columnTypeOf(type.inner, dimensions);
  if (type.isArray && type.inner !== null) {
    const element = columnTypeOf(type.inner, 0).validator;
    // Postgres cannot keep null out of an array, unless the elements' domain does.
    let validator = forbidsNull(type.inner) ? element : nullable(element);
    for (let level = Math.max(1, dimensions); level > 0; level--)
      validator = { type: "array", value: validator };
    return { validator, alternatives: [] };
  }
  if (type.kind === "e" && type.labels.length > 0 && type.labels.length <= MAX_LABELS)
    return { validator: oneOf(type.labels), alternatives: [] };
  if (Object.hasOwn(TYPES, type.name)) return TYPES[type.name]!;
  return {
    validator: STRING,
    alternatives: Object.hasOwn(OTHERWISE, type.name) ? OTHERWISE[type.name]! : [],
  };
}

/** Whether a domain, or one that it is made of, forbids null. */
export function forbidsNull(type: PostgresType): boolean {
  return type.kind === "d" && (type.notNull || (type.inner !== null && forbidsNull(type.inner)));
}
