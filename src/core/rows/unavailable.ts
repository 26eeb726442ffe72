/**
 * Values that the source did not send, for which change data capture sends a placeholder: Postgres does
 * not log a large value that an update left as it is. Storing the word would lose the value.
 */
import type { Json, JsonObject } from "./values.js";
import type { Note } from "./problem.js";

/** What Debezium, and with it Airbyte's sources, sends instead of such a value; for bytes, as base64. */
export const UNAVAILABLE = "__debezium_unavailable_value";
const UNAVAILABLE_BYTES = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";

/** The columns of a row whose values the source did not send. */
export function unavailableColumns(row: JsonObject): string[] {
  let names: string[] | null = null;
  for (const name in row) if (isUnavailable(row[name]!)) (names ??= []).push(name);
  return names ?? NONE;
}

const NONE: string[] = [];

function isUnavailable(value: Json): boolean {
  // An array of such values comes as an array of the word.
  const word = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return typeof word === "string" && (word === UNAVAILABLE || word === UNAVAILABLE_BYTES);
}

/** That a value was left as it is, for the record of drift. */
export function unavailableNote(path: string): Note {
  return { kind: "discardedValue", path, from: "string", sample: UNAVAILABLE };
}
