/** Small questions about JSON values that several files ask. */
import { WrittenNumber } from "./numbers.js";

/**
 * How deep recursion follows JSON before it gives up, in levels. Convex stores 16; a JSON column that is kept as text
 * may be deeper; a body made to overflow the stack is far deeper.
 */
export const MAX_JSON_DEPTH = 200;

/** True for objects, not for arrays and null. */
export function isObject(json: Json | undefined): json is JsonObject {
  return (
    typeof json === "object" && json !== null && !Array.isArray(json) && !(json instanceof WrittenNumber)
  );
}

/** True for an object that is one of Convex's encodings of a value: `{"$integer": "…"}`. */
export function isEncodedScalar(object: JsonObject): boolean {
  const keys = Object.keys(object);
  return keys.length === 1 && (keys[0] === "$integer" || keys[0] === "$bytes" || keys[0] === "$float");
}

/** What kind of JSON value this is, in the words of messages and notes. */
export function canonicalKind(json: Json | undefined): string {
  if (json === undefined) return "nothing";
  if (json === null) return "null";
  switch (typeof json) {
    case "boolean":
      return "boolean";
    case "number":
      return Number.isInteger(json) ? "integer" : "number";
    case "bigint":
      return "integer";
    case "string":
      return "string";
    default:
      if (json instanceof WrittenNumber) return "number";
      return Array.isArray(json) ? "array" : encodedKind(json);
  }
}

function encodedKind(object: JsonObject): string {
  if (!isEncodedScalar(object)) return "object";
  return "$integer" in object ? "int64" : "$bytes" in object ? "bytes" : "number";
}

/** True for an object that stands for a value that must not be seen. See `redact.ts`. */
export function isRedacted(object: JsonObject): boolean {
  return Object.hasOwn(object, "$hashed") || Object.hasOwn(object, "$redacted");
}

/** A number as programs know it, where only the way in which it was written was kept. */
export function plainNumber(json: Json): Json {
  return json instanceof WrittenNumber ? (json.plain ?? json) : json;
}

/**
 * JSON as adapters see it. A number token that a double cannot hold arrives as a `bigint` or as a `WrittenNumber` (see
 * `parseJson`), so that nothing is rounded before the mirror's validator has said what the value should become.
 */
export type Json = null | boolean | number | bigint | WrittenNumber | string | Json[] | JsonObject;

/** A JSON object. Keys are the source's own until `cleanFields` has run. */
export interface JsonObject {
  [key: string]: Json;
}
