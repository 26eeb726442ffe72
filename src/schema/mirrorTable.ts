import { MIRROR_BRAND } from "../core/brand.js";
import { defineTable, type IndexTiebreakerField } from "convex/server";
import { v, type ObjectType, type VObject, type VString } from "convex/values";
import { CONTENT_INDEX, CONTENT_KEY_FIELD, PRIMARY_KEY_INDEX, type MirrorContract } from "./contract.js";
import type { MirrorTableDefinition, Expand } from "./definition.js";
import { checkFields, checkOptions } from "./check.js";
import { checkExport } from "./exportTable.js";
import type { KeyPart, MirrorOptions } from "./options.js";
import { refuse, type Fields } from "./fields.js";
import { withFivetran, type FivetranOption, type WithFivetran } from "./fivetran.js";

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

/** The fields of a mirror without a primary key: its own, and the hash that identifies its rows. */
export type KeylessFields<F extends Fields> = Expand<F & { [CONTENT_KEY_FIELD]: VString }>;

/**
 * Declares a table that mirrors a table of another database. Use it in `defineSchema` instead of `defineTable`:
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
  const PrimaryKey extends readonly [
    KeyPart<Paths<WithFivetran<F, Fivetran>>>,
    ...KeyPart<Paths<WithFivetran<F, Fivetran>>>[],
  ],
  const Fivetran extends FivetranOption | undefined = undefined,
>(
  fields: F,
  options: OptionsOf<WithFivetran<F, Fivetran>, PrimaryKey> & {
    primaryKey: PrimaryKey;
    fivetran?: Fivetran;
  },
): MirrorTableDefinition<
  Document<WithFivetran<F, Fivetran>>,
  Record<typeof PRIMARY_KEY_INDEX, [...DottedKey<PrimaryKey>, IndexTiebreakerField]>
>;
export function mirrorTable<F extends Fields>(
  fields: F,
  options?: Omit<OptionsOf<F>, "primaryKey" | "onDelete" | "deletedField" | "fivetran"> & {
    primaryKey?: undefined;
  },
): MirrorTableDefinition<
  Document<KeylessFields<F>>,
  Record<typeof CONTENT_INDEX, [typeof CONTENT_KEY_FIELD, IndexTiebreakerField]>
>;
export function mirrorTable(own: Fields, options: MirrorOptions = {}): MirrorTableDefinition {
  checkFields(own);
  const fields =
    options.fivetran === undefined ? own : withFivetran(own, options.fivetran, options.primaryKey);
  const contract: MirrorContract = { brand: MIRROR_BRAND, ...checkOptions(fields, options) };
  const table =
    contract.primaryKey === null
      ? defineTable({ ...fields, [CONTENT_KEY_FIELD]: v.string() }).index(CONTENT_INDEX, [CONTENT_KEY_FIELD])
      : defineTable(fields).index(PRIMARY_KEY_INDEX, contract.primaryKey as [string, ...string[]]);
  const exported =
    options.export === undefined || options.export === false
      ? undefined
      : checkExport(Object.keys(fields), options.export === true ? {} : options.export, refuse);
  return Object.assign(table, {
    mirror: Object.freeze(contract),
    ...(exported !== undefined && { exported }),
  }) as unknown as MirrorTableDefinition;
}
