/** Keys as text: under which the quarantine, the sketch and the requests for rows name a row. */
import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { isPlain } from "../rows/plainValue.js";

/** The text of a key: Convex's encoded JSON of its values, `["EU",{"$integer":"KgAAAAAAAAA="}]`. */
export function keyText(key: readonly Value[]): string {
  return JSON.stringify(isPlain(key as Value[]) ? key : convexToJson(key as Value[]));
}

/** The key that a text names, or null when the text is not that of a key. */
export function readKeyText(text: string): Value[] | null {
  try {
    const key = jsonToConvex(JSON.parse(text) as JSONValue);
    return Array.isArray(key) ? key : null;
  } catch {
    return null;
  }
}
