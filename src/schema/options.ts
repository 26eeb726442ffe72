import type { Value } from "convex/values";
import type { DriftOption } from "./driftOptions.js";
import type { ExportOptions } from "./exportTable.js";
import { refuse, shown } from "./fields.js";
import type { FivetranOption } from "./fivetran.js";

/** Options of `mirrorTable`. The page "Configuration" has a table of them. */
export interface MirrorOptions<
  Path extends string = string,
  PrimaryKey = readonly KeyPart<Path>[],
  Field extends string = string,
  Row = Record<string, Value>,
> {
  /**
   * The fields that identify a row, most significant first: `["id"]`, `["airport", "flight"]` for a composite key,
   * `[["address", "id"]]` or `["address.id"]` for a nested one. Leave it out for sources without a key: their
   * rows are appended, and identified by their content.
   */
  primaryKey?: PrimaryKey;
  /** The source table, as `namespace.stream` or `stream`. Default: the name of the Convex table. */
  source?: string;
  /**
   * The field that orders the changes of one row: a change with a lower version than the stored row is stale and not
   * applied. NULL and an absent field are the lowest. Without this option, the order of arrival decides.
   *
   * Declare it as a number or an int64. Text is compared as a time if it is a date-time, as a number if it is one, and
   * otherwise by its characters, so that "v10" comes before "v9". For such text, name another column, let the source
   * send a number, or leave the option out.
   */
  version?: Path;
  /** Who is responsible for the source (a team, a person). Named where a write is refused, and in the dashboard. */
  owner?: string;
  /**
   * What happens to a row that the source deletes: `"hard"` (the default) deletes it; `"soft"` keeps it and marks it in
   * `deletedField`. A row that the source sends again is unmarked. Soft deletes need a `primaryKey`.
   */
  onDelete?: "hard" | "soft";
  /**
   * The field that marks deleted rows: `v.optional(v.boolean())` is set to true, `v.optional(v.number())` to the time in
   * milliseconds, `v.optional(v.string())` to an ISO 8601 date-time. Only the importer writes it: a source column of that
   * name is ignored.
   */
  deletedField?: Field;
  /**
   * What happens to rows that do not fit the validators: one policy, or one each for `unknownFields`,
   * `types` and `missingFields`. Default: `"evolve"`, which stores what can be stored without loss. See `DriftPolicy`.
   */
  drift?: DriftOption;
  /** A field `v.optional(v.record(v.string(), v.any()))` in which unknown fields are kept. */
  overflow?: Field;
  /**
   * How often to expect contact with the connector: `"15 minutes"`, or milliseconds; at least a second. After that time
   * without contact the mirror is late, after three times that time stale. Default: never.
   */
  expectEvery?: Duration | number;
  /**
   * The largest share of a mirror's rows, from 0 to less than 1, that a full refresh may delete without confirmation.
   * Default: 0.5. Beyond it the sweep is held, in mirrors of 100 rows or more. `false`: no limit.
   */
  shrinkLimit?: number | false;
  /** Source columns by the field that they feed, where the names differ: `{ grossUs: "US Gross" }`. */
  columns?: { readonly [Name in Field]?: string };
  /**
   * Source columns (or dotted paths into them) that are never stored, logged or quarantined: `["ssn"]`. They are no
   * drift.
   */
  drop?: readonly string[];
  /**
   * Text fields that are stored as HMAC-SHA-256 in place of the text, as 64 hexadecimal digits; null stays null. Equal
   * texts have equal hashes, in all mirrors of an app. `StreamingImport` needs the option `hashKey` then.
   */
  hash?: readonly Field[];
  /**
   * The mirror is filled by Fivetran's Convex destination: `{}`, or which of Fivetran's columns the table has. Adds the
   * field `fivetran` with them, which a primary key or a version may name: `version: "fivetran.synced"`.
   */
  fivetran?: FivetranOption;
  /**
   * Which rows belong to the mirror. A row that does not pass is deleted from a mirror with a primary key, and not
   * stored in one without. It gets the converted row, and must depend on nothing else.
   */
  where?: (row: Row) => boolean;
  /**
   * Whether readers with an export token may replicate the mirror: `true`, or `{ exclude: ["ssn"] }` with the fields that
   * never leave the deployment. Default: it is not exported.
   */
  export?: boolean | ExportOptions<Field>;
}

/** One part of a primary key: a field, a dotted path, or a path as an array of field names. */
export type KeyPart<Path extends string> = Path | readonly [string, ...string[]];

const UNITS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

type Unit = keyof typeof UNITS;

/** A time such as `"15 minutes"` or `"1 hour"`. */
export type Duration = `${number} ${Unit | `${Unit}s`}`;

/** The milliseconds of `expectEvery`, or null when nothing is expected. */
export function checkExpectEvery(option: unknown): number | null {
  if (option === undefined) return null;
  const ms = typeof option === "number" ? option : parseDuration(option);
  if (!Number.isFinite(ms) || ms <= 0) {
    refuse(
      `"expectEvery" is ${shown(option)}; write it as "15 minutes", "1 hour" or "2 days", or in milliseconds.`,
    );
  }
  if (ms < UNITS.second) {
    refuse(
      `"expectEvery" is ${String(ms)} milliseconds, less than a second; write the unit: "${String(ms)} minutes".`,
    );
  }
  return ms;
}

/** The share of the rows that a refresh may delete unasked, where nothing is declared. */
const DEFAULT_SHRINK_LIMIT = 0.5;

/** The share of `shrinkLimit`, or null when there is no limit. */
export function checkShrinkLimit(option: unknown): number | null {
  if (option === undefined) return DEFAULT_SHRINK_LIMIT;
  if (option === false) return null;
  if (typeof option !== "number" || !(option >= 0 && option < 1)) {
    refuse(
      `"shrinkLimit" is ${shown(option)}; write the share of the rows that a refresh may delete, from 0 to less than 1: shrinkLimit: 0.5. Or false, for no limit.`,
    );
  }
  return option;
}

function parseDuration(option: unknown): number {
  const match =
    typeof option === "string" ? /^(\d+(?:\.\d+)?) (second|minute|hour|day)s?$/.exec(option) : null;
  return match === null ? NaN : Number(match[1]) * UNITS[match[2] as Unit];
}
