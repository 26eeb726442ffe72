/**
 * What a mirror must never store is taken out of a row before anything else looks at it: columns of `drop` disappear,
 * values of `hash` become their hashes. Conversion, notes, problems, logs and quarantine see redacted rows only, so that
 * none of them has to be careful.
 *
 * In a redacted row, a hashed value is `{ "$hashed": "<64 hexadecimal digits>" }`, with `"was": "integer"` beside it when
 * it was no text; a value that is no text and cannot become one is `{ "$redacted": "<its kind>" }`. So redacted, a row
 * waits in quarantine, and a replay stores what the first try would have stored. Only rows of which the caller says that
 * they are redacted may have such values: a source that sends one gets it hashed like any other object.
 */
import type { Encoding } from "./change.js";
import { canonicalKind, isObject, isRedacted, type Json, type JsonObject } from "./values.js";
import { articled, type Convert, fail, mismatch } from "./conversion.js";
import { startConversion } from "./convert.js";
import { cleanFieldName } from "./names.js";
import { checkHashKey } from "./hashKey.js";
import { splitPath } from "./paths.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

const HASH = /^[0-9a-f]{64}$/;

/** What `redact` does to the rows of a mirror. */
export interface Redaction {
  /** Columns that disappear, and converters of those that are hashed, by the names that they may arrive under. */
  readonly columns: ReadonlyMap<string, Convert | null>;
  /** Paths of what disappears further in. */
  readonly paths: readonly (readonly string[])[];
  readonly hash: (text: string) => string;
}

/**
 * Compiles the redaction of a mirror.
 *
 * @param hashed Source columns of hashed fields, with the converters of these fields.
 * @returns null when there is nothing to redact.
 * @throws Error when the mirror hashes fields and the key is missing or too short.
 */
export function compileRedaction(
  drop: readonly string[],
  hashed: ReadonlyMap<string, Convert>,
  hashKey: string | Uint8Array | undefined,
): Redaction | null {
  if (drop.length === 0 && hashed.size === 0) return null;
  const columns = new Map<string, Convert | null>();
  const paths: string[][] = [];
  for (const name of drop) {
    // Adapters clean names; what must never be stored is dropped by both, should one forget.
    columns.set(name, null).set(cleanFieldName(name), null);
    if (name.includes(".")) paths.push(splitPath(name), splitPath(name).map(cleanFieldName));
  }
  for (const [name, convert] of hashed) columns.set(name, convert).set(cleanFieldName(name), convert);
  return {
    columns,
    paths,
    hash: hashed.size === 0 ? noHash : keyedHash(checkHashKey(hashKey, [...hashed.keys()])),
  };
}

function noHash(): never {
  throw new Error("This mirror hashes nothing.");
}

/**
 * The row without what the mirror must never store; the row itself when it has nothing of the kind.
 *
 * @param mayBeRedacted The row was redacted before: its hashes are hashes.
 */
export function redact(
  redaction: Redaction,
  row: JsonObject,
  encoding: Encoding,
  mayBeRedacted: boolean,
): JsonObject {
  const { columns, paths } = redaction;
  let redacted: JsonObject = row;
  if (hasAny(row, columns)) {
    redacted = {};
    for (const name of Object.keys(row)) {
      const convert = columns.get(name);
      if (convert === null) continue;
      const json = row[name]!;
      const value =
        convert === undefined ? json : hashValue(redaction, convert, json, encoding, mayBeRedacted);
      // Names are clean; one that is not must not become the prototype.
      if (name === "__proto__") Object.defineProperty(redacted, name, { value, enumerable: true });
      else redacted[name] = value;
    }
  }
  for (const path of paths) redacted = without(redacted, path, 0) as JsonObject;
  return redacted;
}

function hasAny(row: JsonObject, columns: ReadonlyMap<string, unknown>): boolean {
  for (const name of columns.keys()) if (Object.hasOwn(row, name)) return true;
  return false;
}

function hashValue(
  { hash }: Redaction,
  convert: Convert,
  json: Json,
  encoding: Encoding,
  mayBeRedacted: boolean,
): Json {
  // Null reveals nothing.
  if (json === null) return null;
  if (mayBeRedacted && readRedacted(json) !== null) return json;
  const text = convert(json, startConversion(encoding));
  const kind = canonicalKind(json);
  if (typeof text !== "string") return { $redacted: kind };
  return kind === "string" ? { $hashed: hash(text) } : { $hashed: hash(text), was: kind };
}

/** What a redacted value is: its hash, if it has one, and the kind that it was. */
function readRedacted(json: Json): { hash: string | null; was: string } | null {
  if (!isObject(json) || !isRedacted(json)) return null;
  if (typeof json["$redacted"] === "string") return { hash: null, was: json["$redacted"] };
  const { $hashed: hash, was = "string" } = json;
  return typeof hash === "string" && HASH.test(hash) && typeof was === "string" ? { hash, was } : null;
}

/** The kind that a value was before it was redacted. */
export function kindBefore(json: Json): string {
  return readRedacted(json)?.was ?? canonicalKind(json);
}

/** The converter of a hashed field: takes what `redact` has left, and nothing else. */
export function compileHashed(admitsNull: boolean): Convert {
  return (json, conversion) => {
    if (json === null) return admitsNull ? null : mismatch(conversion, json, "string");
    const found = readRedacted(json);
    const hash = found?.hash ?? null;
    if (hash === null) {
      const message = `found ${articled(kindBefore(json))} where text to be hashed belongs. Correct it at the source.`;
      return fail(conversion, "TypeMismatch", message);
    }
    const from = found!.was;
    if (from !== "string") {
      (conversion.notes ??= []).push({ kind: "coerced", path: "", from, to: "string", sample: "" });
    }
    return hash;
  };
}

/** A copy of a value without what is at the path, in all elements where the path meets an array. */
/** Arrays within arrays that are searched for a path. A document has 16 levels, so what lies deeper is refused later. */
const MAX_ARRAYS = 64;

function without(json: Json, path: readonly string[], at: number, arrays = 0): Json {
  if (Array.isArray(json)) {
    // What is not searched must not stay: not even in quarantine.
    if (arrays === MAX_ARRAYS) return null;
    const items = json.map((item) => without(item, path, at, arrays + 1));
    return items.some((item, i) => item !== json[i]) ? items : json;
  }
  const name = path[at]!;
  if (!isObject(json) || !Object.hasOwn(json, name)) return json;
  if (at === path.length - 1) return Object.fromEntries(Object.entries(json).filter(([key]) => key !== name));
  const inner = without(json[name]!, path, at + 1);
  return inner === json[name] ? json : { ...json, [name]: inner };
}

/** Keyed hashes (HMAC-SHA-256), which replace texts that nobody should read. */
/** A function that hashes texts with the key: 64 hexadecimal digits over their UTF-8. */
export function keyedHash(key: string | Uint8Array): (text: string) => string {
  const keyed = hmac.create(sha256, typeof key === "string" ? utf8ToBytes(key) : key);
  // The key takes two of the four blocks of a short text; cloning hashes them once.
  return (text) => bytesToHex(keyed.clone().update(utf8ToBytes(text)).digest());
}
