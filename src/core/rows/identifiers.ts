/** Objects with cleaned keys: see `names.ts`. */
import type { Encoding } from "./change.js";
import { isEncodedScalar, type Json, type JsonObject, MAX_JSON_DEPTH } from "./values.js";
import { WrittenNumber } from "./numbers.js";
import { cleanFieldName, PREFIX } from "./names.js";

/** How many cleaned names are remembered. Tables have hundreds of columns, not thousands; JSON columns may have any. */
const MEMO_SIZE = 10_000;

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
  let isClean = true;
  // Plain assignments to the copy are safe: no cleaned name is "__proto__", which becomes "source_proto".
  let copy: JsonObject | null = null;
  for (const key of keys) {
    isClean &&= memoised(key) === key;
    const value = object[key] as Json;
    // Most values are none that have names.
    if (typeof value !== "object" || value === null) continue;
    const cleaned = cleanValue(value, encoding, depth + 1);
    if (cleaned !== value) (copy ??= { ...object })[key] = cleaned;
  }
  return isClean ? (copy ?? object) : renamed(copy ?? object, distinctNames(keys));
}

function renamed(object: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(object)) copy[names.get(key) ?? key] = object[key]!;
  return copy;
}

/** The new names of those keys of one object that need one. */
function distinctNames(keys: readonly string[]): Map<string, string> {
  const originals = new Set(keys);
  const wanted = new Map<string, string[]>();
  const free = new Map<string, string>();
  for (const key of keys) {
    const clean = memoised(key);
    if (clean === key) continue;
    const name = freeName(clean, originals, free);
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

/**
 * The backend's rule: a new name that the source already uses for another field gets the prefix again.
 * @param free What the rule has given for names that the source uses: many keys may pass the same ones.
 */
function freeName(clean: string, originals: ReadonlySet<string>, free: Map<string, string>): string {
  const passed: string[] = [];
  let name = clean;
  while (originals.has(name) && !free.has(name)) {
    passed.push(name);
    name = PREFIX + name;
  }
  const found = free.get(name) ?? name;
  for (const each of passed) free.set(each, found);
  return found;
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
