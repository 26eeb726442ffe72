/** Converters of values that have no parts. Nothing is rounded, cut or guessed. */
import { isEncodedScalar, isObject, isRedacted, type Json, plainNumber } from "./values.js";
import {
  COERCED,
  type Conversion,
  type Convert,
  ENCODED,
  EXACT,
  fail,
  FAILED,
  mismatch,
  note,
} from "./conversion.js";
import { parseDateTime } from "./dates.js";
import { isExact, isPrintOfDouble, readNumber, WrittenNumber } from "./numbers.js";
import { isWellFormed, jsonText, sampleOf } from "./text.js";

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Words that Postgres and others write for the numbers that JSON has no notation for. */
const NON_FINITE = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

/** True for an object that the conversion's encoding reads as a value: `{"$integer": "…"}`. */
export function isEncoded(json: Json, conversion: Conversion): boolean {
  return conversion.encoding === "convex" && isObject(json) && isEncodedScalar(json);
}

/** The value that such an object encodes, or FAILED with a problem. */
export function decode(json: Json, conversion: Conversion): bigint | number | ArrayBuffer | typeof FAILED {
  const [[name, text]] = Object.entries(json as Record<string, Json>) as [[string, Json]];
  const bytes = typeof text === "string" ? decodeBase64(text) : null;
  if (bytes === null || (name !== "$bytes" && bytes.byteLength !== 8)) {
    const length = name === "$bytes" ? "bytes" : "8 bytes";
    return fail(
      conversion,
      "InvalidBytes",
      `found ${sampleOf(json)} where ${name} holds base64 of ${length}.`,
    );
  }
  if (name === "$bytes") return bytes;
  const view = new DataView(bytes);
  if (name === "$integer") return view.getBigInt64(0, true);
  const float = view.getFloat64(0, true);
  if (Number.isFinite(float) && !Object.is(float, -0)) {
    return fail(
      conversion,
      "TypeMismatch",
      `found ${sampleOf(json)}; $float is for NaN, infinities and -0 only.`,
    );
  }
  return float;
}

/** `v.number()`: numbers; text that denotes a number; ISO 8601 dates as milliseconds since 1970. */
export const convertFloat64: Convert = (written, conversion) => {
  const json = plainNumber(written);
  if (typeof json === "number") return json;
  if (typeof json === "bigint") {
    if (conversion.level === EXACT && conversion.encoding === "json") return FAILED;
    return doubleOf(json, conversion) ?? notExact(conversion, json, "v.int64() or v.string()");
  }
  if (typeof json === "string") {
    return conversion.level >= ENCODED ? float64OfText(json, conversion) : FAILED;
  }
  if (json instanceof WrittenNumber) return json.nearest ?? outOfRange(conversion, json, "a double");
  if (isEncoded(json, conversion)) {
    const value = decode(json, conversion);
    if (typeof value === "bigint") {
      if (conversion.level === EXACT) return FAILED;
      return isExact(value) ? Number(value) : notExact(conversion, value, "v.int64()");
    }
    if (value === FAILED || typeof value === "number") return value;
  }
  return mismatch(conversion, json, "number");
};

/**
 * The double that a large integer of JSON stands for, or null when it is no double. Convex's encoding writes int64
 * otherwise, so that digits in it are a double's, as JavaScript prints doubles.
 */
export function doubleOf(integer: bigint, conversion: Conversion): number | null {
  if (isExact(integer)) return Number(integer);
  return conversion.encoding === "convex" && isPrintOfDouble(integer) ? Number(integer) : null;
}

function float64OfText(text: string, conversion: Conversion): number | typeof FAILED {
  const number = readNumber(text);
  if (typeof number === "number") return number;
  if (typeof number === "bigint") return notExact(conversion, number, "v.int64() or v.string()");
  if (number === "tooLarge") return outOfRange(conversion, text, "a double");
  return (
    parseDateTime(text) ??
    NON_FINITE.get(text) ??
    mismatch(conversion, text, "number", "It is not a number or an ISO 8601 date; v.string() accepts it.")
  );
}

/** `v.int64()`: integers within 64 bits, as number, large integer, text or `$integer`. */
export const convertInt64: Convert = (written, conversion) => {
  const json = plainNumber(written);
  if (typeof json === "bigint") {
    if (conversion.level === EXACT && conversion.encoding === "convex") return FAILED;
    return int64Of(json, conversion);
  }
  if (typeof json === "number") {
    if (conversion.level === EXACT) return FAILED;
    return Number.isInteger(json) ? int64Of(BigInt(json), conversion) : fraction(conversion, json);
  }
  if (typeof json === "string") {
    if (conversion.level === EXACT) return FAILED;
    const number = readNumber(json);
    if (typeof number === "bigint") return int64Of(number, conversion);
    if (number === "tooLarge") return outOfRange(conversion, json, "64 bits");
    if (number === null) return mismatch(conversion, json, "int64");
    return Number.isInteger(number) ? int64Of(BigInt(number), conversion) : fraction(conversion, json);
  }
  if (json instanceof WrittenNumber) {
    return json.nearest === null
      ? outOfRange(conversion, json, "64 bits")
      : fraction(conversion, String(json));
  }
  if (isEncoded(json, conversion)) {
    const value = decode(json, conversion);
    if (typeof value === "bigint" || value === FAILED) return value;
  }
  return mismatch(conversion, json, "int64");
};

function int64Of(integer: bigint, conversion: Conversion): bigint | typeof FAILED {
  if (integer < MIN_INT64 || integer > MAX_INT64) return outOfRange(conversion, String(integer), "64 bits");
  return integer;
}

/** `v.string()`: text; anything else as the text that JSON has for it, with a note. */
export const convertString: Convert = (json, conversion) => {
  if (typeof json === "string") return wellFormed(json, conversion);
  if (conversion.level !== COERCED) return FAILED;
  let value: Json | ArrayBuffer | typeof FAILED = json;
  if (isEncoded(json, conversion)) {
    value = decode(json, conversion);
    if (value === FAILED) return value;
  }
  if (value === null || value instanceof ArrayBuffer) return mismatch(conversion, json, "string");
  if (isObject(value) && isRedacted(value)) {
    return fail(
      conversion,
      "TypeMismatch",
      "found the hash of a text; the text itself was not kept. Send the row again from the source.",
    );
  }
  const text = jsonText(value);
  if (text === null) {
    return fail(
      conversion,
      "TooNested",
      "found JSON nested more than 200 levels deep. Flatten it at the source.",
    );
  }
  note(conversion, "coerced", "", json, "string");
  return wellFormed(text, conversion);
};

/** The text itself, or a problem when Convex cannot store it. */
export function wellFormed(text: string, conversion: Conversion): string | typeof FAILED {
  if (isWellFormed(text)) return text;
  return fail(
    conversion,
    "InvalidString",
    "found a text with half of a surrogate pair, which UTF-8 cannot store. Repair the text at the source.",
  );
}

/** `v.id(…)`: text. Whether such a document exists is not asked, as with any id that is stored. */
export const convertId: Convert = (json, conversion) =>
  typeof json === "string" ? wellFormed(json, conversion) : mismatch(conversion, json, "id");

/** `v.boolean()`: true and false; 0 and 1 and the words of databases, with a note. */
export const convertBoolean: Convert = (json, conversion) => {
  if (typeof json === "boolean") return json;
  if (conversion.level !== COERCED) return FAILED;
  const number = plainNumber(json);
  const isTrue = number === 1 || json === "true" || json === "t";
  if (!isTrue && number !== 0 && json !== "false" && json !== "f")
    return mismatch(conversion, json, "boolean");
  note(conversion, "coerced", "", json, "boolean");
  return isTrue;
};

/** `v.bytes()`: base64 text, or `$bytes`. */
export const convertBytes: Convert = (json, conversion) => {
  if (typeof json === "string" && conversion.level >= ENCODED) {
    return (
      decodeBase64(json) ??
      fail(
        conversion,
        "InvalidBytes",
        `found "${sampleOf(json)}" where base64 belongs. Encode the bytes at the source.`,
      )
    );
  }
  if (isEncoded(json, conversion)) {
    const value = decode(json, conversion);
    if (value instanceof ArrayBuffer || value === FAILED) return value;
  }
  return mismatch(conversion, json, "base64 text");
};

/** `v.null()`. */
export const convertNull: Convert = (json, conversion) =>
  json === null ? null : mismatch(conversion, json, "null");

/** `v.literal(…)`: the value itself; for an int64 literal also the ways in which JSON writes it. */
export function convertLiteral(literal: string | number | bigint | boolean): Convert {
  const shown = typeof literal === "string" ? JSON.stringify(literal) : String(literal);
  return (json, conversion) => {
    if (plainNumber(json) === literal) return literal;
    if (typeof literal === "bigint" && convertInt64(json, conversion) === literal) return literal;
    return mismatch(conversion, json, shown);
  };
}

function notExact(conversion: Conversion, integer: bigint, fit: string): typeof FAILED {
  const message = `found ${sampleOf(integer)}, which a double would change to ${String(Number(integer))}.`;
  return fail(conversion, "NumberNotExact", `${message} Declare the field as ${fit}.`);
}

function fraction(conversion: Conversion, json: Json): typeof FAILED {
  return fail(
    conversion,
    "NumberNotExact",
    `found ${sampleOf(json)}, which is not an integer. Declare the field as v.number().`,
  );
}

/** Refuses a number that is too large, also as text. */
export function outOfRange(
  conversion: Conversion,
  text: string | WrittenNumber,
  range: string,
): typeof FAILED {
  return fail(
    conversion,
    "NumberOutOfRange",
    `found ${sampleOf(text)}, which is beyond the range of ${range}. Declare the field as v.string().`,
  );
}

/** Base64 as sources write it, read strictly: a text that is not exactly some bytes is refused, never repaired. */

const STANDARD = /^[A-Za-z0-9+/]*(={0,2})$/;
const URL_SAFE = /^[A-Za-z0-9_-]*(={0,2})$/;

const SIXTETS = new Uint8Array(128);
for (let i = 0; i < 64; i++) {
  SIXTETS["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".charCodeAt(i)] = i;
}
SIXTETS["-".charCodeAt(0)] = 62;
SIXTETS["_".charCodeAt(0)] = 63;

/**
 * The bytes of a base64 text in the standard or the URL alphabet, padded or not, on one line or on several.
 *
 * @returns null when the text mixes alphabets, is padded wrongly, has a length that no bytes have, or holds bits beyond
 * its last byte.
 */
export function decodeBase64(lines: string): ArrayBuffer | null {
  // Mail, PEM files and the encode() of Postgres and MySQL break lines after 60 to 76 characters.
  const text = lines.includes("\n") ? lines.replace(/\r?\n/g, "") : lines;
  const padding = (STANDARD.exec(text) ?? URL_SAFE.exec(text))?.[1]?.length;
  if (padding === undefined) return null;
  const length = text.length - padding;
  const rest = length % 4;
  if (rest === 1 || (padding > 0 && (length + padding) % 4 !== 0)) return null;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    bits = (bits << 6) | SIXTETS[text.charCodeAt(i)]!;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = bits >> count;
      bits &= (1 << count) - 1;
    }
  }
  return bits === 0 ? bytes.buffer : null;
}
