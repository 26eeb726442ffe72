import { defineTable, type IndexTiebreakerField } from "convex/server";
import { v, type ObjectType, type Value, type VObject, type VString } from "convex/values";
import {
  CONTENT_INDEX,
  CONTENT_KEY_FIELD,
  MIRROR_BRAND,
  PRIMARY_KEY_INDEX,
  type MirrorContract,
} from "./contract.js";
import type { MirrorTableDefinition } from "./definition.js";
import { checkFields, checkOptions } from "./check.js";
import type { DriftOption } from "./driftOptions.js";
import type { Expand } from "./expand.js";
import type { Duration } from "./expectEvery.js";
import type { Fields } from "./fields.js";

/** What a mirror says about itself beside its fields. */
export interface MirrorOptions<
  Path extends string = string,
  PrimaryKey = readonly KeyPart<Path>[],
  Field extends string = string,
  Row = Record<string, Value>,
> {
  /**
   * The fields that name a row, most significant first: `["id"]`, `["airport", "flight"]` for a composite key,
   * `[["address", "id"]]` or `["address.id"]` for a nested one. Leave it out for sources whose rows have no name:
   * their rows are appended, and told apart by their content.
   */
  primaryKey?: PrimaryKey;
  /** The source table, as `namespace.stream` or `stream`. Default: the name of the Convex table. */
  source?: string;
  /**
   * The field that orders the changes of one row (a number, an int64 or a string that sorts): a change with a lower
   * version than the stored row is stale and not applied. Without it, arrival order decides.
   */
  version?: Path;
  /** Who answers for the source (a team, a person): named where a write is refused, and in the dashboard. */
  owner?: string;
  /**
   * What happens to a row that the source deletes: `"hard"` (the default) deletes it; `"soft"` keeps it and marks it in
   * `deletedField`. A row that the source sends again afterwards is back, unmarked.
   */
  onDelete?: "hard" | "soft";
  /**
   * The field that marks deleted rows: `v.optional(v.boolean())` is set to true, `v.optional(v.number())` to the time in
   * milliseconds, `v.optional(v.string())` to an ISO 8601 date-time. It is the importer's: a source column of that name is
   * ignored.
   */
  deletedField?: Field;
  /**
   * What happens to rows that are not as the validators expect them: one policy, or one each for `unknownFields`,
   * `types` and `missingFields`. Default: `"evolve"`, which stores what can be stored without loss. See `DriftPolicy`.
   */
  drift?: DriftOption;
  /** A field `v.optional(v.record(v.string(), v.any()))` in which unknown fields are kept. */
  overflow?: Field;
  /** How often the source is to be heard of: `"15 minutes"`, or milliseconds. A mirror that is not is late, then stale. */
  expectEvery?: Duration | number;
  /** Source columns by the field that they feed, where the names differ: `{ grossUs: "US Gross" }`. */
  columns?: { readonly [Name in Field]?: string };
  /**
   * Source columns (or dotted paths into them) that are never stored, logged or quarantined: `["ssn"]`. Rows with them
   * are as expected.
   */
  drop?: readonly string[];
  /**
   * Text fields that are stored as HMAC-SHA-256 in place of the text, as 64 hexadecimal digits; null stays null. Equal
   * texts have equal hashes, in all mirrors of an app. The importer needs its `hashKey` then.
   */
  hash?: readonly Field[];
  /**
   * Which rows belong to the mirror. A row that does not pass is deleted from a mirror with a primary key, and not
   * stored in one without. It sees the row converted and shaped, and must depend on nothing else.
   */
  where?: (row: Row) => boolean;
}

/** One part of a primary key: a field, a dotted path, or a path as an array of field names. */
export type KeyPart<Path extends string> = Path | readonly [string, ...string[]];

type Dotted<Part> = Part extends string
  ? Part
  : Part extends readonly [infer Only extends string]
    ? Only
    : Part extends readonly [infer First extends string, ...infer Rest]
      ? `${First}.${Dotted<Rest> & string}`
      : never;

type DottedKey<PrimaryKey extends readonly unknown[]> = {
  -readonly [Position in keyof PrimaryKey]: Dotted<PrimaryKey[Position]>;
};

type Document<F extends Fields> = VObject<ObjectType<F>, F>;
type Paths<F extends Fields> = Document<F>["fieldPaths"];
type OptionsOf<F extends Fields, PrimaryKey = readonly KeyPart<Paths<F>>[]> = MirrorOptions<
  Paths<F>,
  PrimaryKey,
  keyof F & string,
  Expand<ObjectType<F>>
>;

/** The fields of a mirror without a primary key: its own, and the hash that tells its rows apart. */
export type KeylessFields<F extends Fields> = Expand<F & { [CONTENT_KEY_FIELD]: VString }>;

/**
 * Declares a table that mirrors a table of another database. Use it in `defineSchema` in the place of `defineTable`:
 *
 * ```ts
 * customers: mirrorTable(
 *   { id: v.int64(), email: v.string(), updated_at: v.number() },
 *   { primaryKey: ["id"], source: "public.customers", version: "updated_at" },
 * ).index("by_email", ["email"]),
 * ```
 *
 * A mirror with a primary key gets the index `by_primary_key` over it. A mirror without one gets the field
 * `mirrorKey` (a hash of the row) and the index `by_content`.
 *
 * @param fields The validators of the source's columns, under the names they have after identifier cleaning.
 * @throws Error at definition time (so `npx convex dev` refuses the push) when the declaration makes no sense; the
 * message says what to write instead.
 */
export function mirrorTable<
  F extends Fields,
  const PrimaryKey extends readonly [KeyPart<Paths<F>>, ...KeyPart<Paths<F>>[]],
>(
  fields: F,
  options: OptionsOf<F, PrimaryKey> & { primaryKey: PrimaryKey },
): MirrorTableDefinition<
  Document<F>,
  Record<typeof PRIMARY_KEY_INDEX, [...DottedKey<PrimaryKey>, IndexTiebreakerField]>
>;
export function mirrorTable<F extends Fields>(
  fields: F,
  options?: Omit<OptionsOf<F>, "primaryKey" | "onDelete" | "deletedField"> & { primaryKey?: undefined },
): MirrorTableDefinition<
  Document<KeylessFields<F>>,
  Record<typeof CONTENT_INDEX, [typeof CONTENT_KEY_FIELD, IndexTiebreakerField]>
>;
export function mirrorTable(fields: Fields, options: MirrorOptions = {}): MirrorTableDefinition {
  checkFields(fields);
  const contract: MirrorContract = { brand: MIRROR_BRAND, ...checkOptions(fields, options) };
  const table =
    contract.primaryKey === null
      ? defineTable({ ...fields, [CONTENT_KEY_FIELD]: v.string() }).index(CONTENT_INDEX, [CONTENT_KEY_FIELD])
      : defineTable(fields).index(PRIMARY_KEY_INDEX, contract.primaryKey as [string, ...string[]]);
  return Object.assign(table, { mirror: Object.freeze(contract) }) as unknown as MirrorTableDefinition;
}
