/**
 * Names of tables and fields, cleaned exactly as Convex's own streaming import cleans them, so that a mirror filled by
 * it before keeps its columns. A name that Convex accepts stays as it is; any other becomes `source_` and a slug.
 *
 * Two places where this differs, both only where the backend would lose data or refuse:
 * - Scripts are written in ASCII by other tables, which differ for rare characters. See `transliterate`.
 * - Different names of one object that become the same name are told apart by a number (`source_a`, `source_a_2`);
 *   the backend keeps the last one only.
 */
import type { Encoding } from "./change.js";
import { isEncodedScalar, type Json, type JsonObject, MAX_JSON_DEPTH } from "./values.js";
import { WrittenNumber } from "./numbers.js";
import { transliterate } from "./transliterate.js";

/** Characters that a table name may have. Source: Convex, "valid identifier". */
const MAX_TABLE_NAME_LENGTH = 64;

/** Bytes that a field name may have. Source: Convex limits. */
export const MAX_FIELD_NAME_BYTES = 1024;

/** What cleaned names start with. */
const PREFIX = "source_";

/** How many cleaned names are remembered. Tables have hundreds of columns, not thousands; JSON columns may have any. */
const MEMO_SIZE = 10_000;

/** A name that no cleaning makes fit. */
export class NameError extends Error {
  readonly code = "InvalidTableName";
  constructor(message: string) {
    super(message);
    this.name = "NameError";
  }
}

/**
 * The Convex table that a source table of this name becomes: `*name!of.table` gives `source_name_of_table`.
 *
 * @throws NameError when the name is longer than 64 characters even so.
 */
export function cleanTableName(name: string): string {
  if (/^[A-Za-z][A-Za-z0-9_]*$/.test(name) && name.length <= MAX_TABLE_NAME_LENGTH) return name;
  const cleaned = PREFIX + slug(name);
  if (cleaned.length > MAX_TABLE_NAME_LENGTH) {
    throw new NameError(
      `The source table "${name.slice(0, 80)}" becomes "${cleaned.slice(0, 80)}", which has ${String(cleaned.length)} ` +
        `characters; a Convex table name has at most ${String(MAX_TABLE_NAME_LENGTH)}. Rename it or give it an alias at the source.`,
    );
  }
  return cleaned;
}

/** True for a name that a document of Convex may have as it is: printable ASCII, not starting with `$` or `_`. */
export function isFieldName(name: string): boolean {
  return name.length <= MAX_FIELD_NAME_BYTES && /^(?![$_])[ -~]*$/.test(name);
}

/**
 * The field that a source column of this name becomes: `_id` gives `source_id`; `good field` and the empty name stay.
 * A name that is too long even so stays too long: it then fails the check of its own row only (`checkDocument`).
 */
export function cleanFieldName(name: string): string {
  return isFieldName(name) ? name : PREFIX + slug(name);
}

/** A key path with every part cleaned: `["_id"]` gives `["source_id"]`. */
export function cleanPath(path: readonly string[]): string[] {
  return path.map(cleanFieldName);
}

/**
 * A copy of `object` with all its keys cleaned, at every depth and inside arrays; `object` itself when there is nothing
 * to clean. The result never depends on the order of keys.
 *
 * @param encoding With `convex`, objects that encode a value (`{"$integer": …}`) are left alone. With `json` they are
 * plain objects and are renamed, as the backend does.
 */
export function cleanFields(object: JsonObject, encoding: Encoding = "json"): JsonObject {
  return cleanObject(object, encoding, 0);
}

function cleanValue(value: Json, encoding: Encoding, depth: number): Json {
  if (typeof value !== "object" || value === null || value instanceof WrittenNumber) return value;
  // Deeper than Convex can store: the row is going to be refused (TooNested), so that its names do not matter.
  if (depth > MAX_JSON_DEPTH) return value;
  if (!Array.isArray(value)) return cleanObject(value, encoding, depth);
  let copy: Json[] | null = null;
  for (let i = 0; i < value.length; i++) {
    const item = value[i]!;
    const cleaned = cleanValue(item, encoding, depth + 1);
    if (cleaned !== item) {
      copy ??= value.slice();
      copy[i] = cleaned;
    }
  }
  return copy ?? value;
}

function cleanObject(object: JsonObject, encoding: Encoding, depth: number): JsonObject {
  if (encoding === "convex" && isEncodedScalar(object)) return object;
  const keys = Object.keys(object);
  let names: Map<string, string> | null = null;
  for (const key of keys) {
    if (memoised(key) !== key) {
      names = distinctNames(keys);
      break;
    }
  }
  // Plain assignments to the copy are safe: no cleaned name is "__proto__", which becomes "source_proto".
  let copy: JsonObject | null = names === null ? null : {};
  for (const key of keys) {
    const value = object[key]!;
    const cleaned = cleanValue(value, encoding, depth + 1);
    if (names !== null) copy![names.get(key) ?? key] = cleaned;
    else if (cleaned !== value) (copy ??= { ...object })[key] = cleaned;
  }
  return copy ?? object;
}

/** The new names of those keys of one object that need one. */
function distinctNames(keys: readonly string[]): Map<string, string> {
  const originals = new Set(keys);
  const wanted = new Map<string, string[]>();
  /** The first name with enough prefixes, by the clean name: many keys may become the same. */
  const free = new Map<string, string>();
  for (const key of keys) {
    let name = memoised(key);
    if (name === key) continue;
    // The backend's rule: a new name that the source already uses for another field gets the prefix again.
    const known = free.get(name);
    if (known === undefined) {
      const clean = name;
      while (originals.has(name)) name = PREFIX + name;
      free.set(clean, name);
    } else name = known;
    const rivals = wanted.get(name);
    if (rivals === undefined) wanted.set(name, [key]);
    else rivals.push(key);
  }
  const names = new Map<string, string>();
  const taken = new Set([...originals, ...wanted.keys()]);
  for (const [name, rivals] of [...wanted].sort(byFirst)) {
    const [first, ...others] = rivals.sort();
    names.set(first!, name);
    let number = 2;
    for (const other of others) {
      while (taken.has(`${name}_${String(number)}`)) number++;
      const numbered = `${name}_${String(number)}`;
      taken.add(numbered);
      names.set(other, numbered);
    }
  }
  return names;
}

function byFirst(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

const memo = new Map<string, string>();

/** `cleanFieldName`, remembered: the same few columns come a thousand times per request. */
function memoised(name: string): string {
  const known = memo.get(name);
  if (known !== undefined) return known;
  // Names without end come from objects used as maps; forgetting all of them now and then is good enough.
  if (memo.size >= MEMO_SIZE) memo.clear();
  const cleaned = cleanFieldName(name);
  memo.set(name, cleaned);
  return cleaned;
}

function slug(name: string): string {
  return transliterate(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
}
