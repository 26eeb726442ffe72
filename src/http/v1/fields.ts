import { type JsonObject, plainNumber } from "../../core/rows/values.js";
import { parseDateTime } from "../../core/rows/dates.js";
import type { Watermark } from "../../core/wire/changes.js";
import { badJson } from "../request.js";
import { isWellFormed, shorten } from "../../core/rows/text.js";
import { positionText } from "../../core/rows/position.js";

/** Readers of single properties of a body. @throws HttpError 400 BadJsonBody, which says what belongs there */

/** What numbers of milliseconds look like that are seconds: times from 2001 to 2286 as seconds, of spring 1970 as not. */
const SECONDS = { from: 1_000_000_000, to: 9_999_999_999 };

/**
 * Refuses unknown properties. A misspelt one would otherwise be ignored silently, and with it what the sender meant.
 */
export function checkNames(object: JsonObject, known: readonly string[], what: string): void {
  const unknown = Object.keys(object).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw badJson(`${what} has no property "${shorten(unknown)}"; its properties are ${known.join(", ")}`);
}

/** An integer from `min` to `max`, or null when the property is absent or null. */
export function wholeNumber(
  object: JsonObject,
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): number | null {
  const value = plainNumber(object[name] ?? null);
  if (value === null) return null;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const range =
    max === Number.MAX_SAFE_INTEGER ? `from ${String(min)}` : `from ${String(min)} to ${String(max)}`;
  throw badJson(`"${name}" must be an integer ${range}`);
}

/** A text of 1 to `max` characters, or null when the property is absent or null. */
export function shortText(object: JsonObject, name: string, max: number): string | null {
  const value = object[name] ?? null;
  if (value === null) return null;
  if (typeof value === "string" && value !== "" && value.length <= max && isWellFormed(value)) return value;
  throw badJson(`"${name}" must be a text of 1 to ${String(max)} characters, without lone surrogates`);
}

/** True or false; false when the property is absent or null. */
export function optionalBoolean(object: JsonObject, name: string): boolean {
  const value = object[name] ?? false;
  if (typeof value === "boolean") return value;
  throw badJson(`"${name}" must be true or false`);
}

/** One of a few words. */
export function oneOf<Word extends string>(object: JsonObject, name: string, words: readonly Word[]): Word {
  const word = words.find((each) => each === object[name]);
  if (word !== undefined) return word;
  throw badJson(`"${name}" must be ${words.map((each) => JSON.stringify(each)).join(" or ")}`);
}

/** The furthest from 1970 that a date can be. */
const MAX_TIME_MS = 8.64e15;

/** A time in milliseconds since 1970, from those or from ISO 8601; null when the property is absent or null. */
export function time(object: JsonObject, name: string): number | null {
  const value = plainNumber(object[name] ?? null);
  if (value === null) return null;
  const ms = typeof value === "string" ? parseDateTime(value) : value;
  if (typeof ms !== "number" || Math.abs(ms) > MAX_TIME_MS) {
    throw badJson(`"${name}" must be an ISO 8601 time or milliseconds since 1970`);
  }
  if (typeof value === "number" && ms >= SECONDS.from && ms <= SECONDS.to)
    throw badJson(`"${name}" must be in milliseconds since 1970; ${String(ms)} looks like seconds`);
  return ms;
}

/** The properties that say how far a sender has read its source. */
export const REACH_NAMES = ["upTo", "position"];

/** How far the sender says that it has read its source; undefined when it does not say. @throws HttpError 400 */
export function readWatermark(object: JsonObject): Watermark | undefined {
  const upTo = time(object, "upTo");
  const position = readPosition(object);
  if (upTo === null && position === null) return undefined;
  return {
    ...(upTo !== null && { upTo: new Date(upTo).toISOString() }),
    ...(position !== null && { position }),
  };
}

function readPosition(object: JsonObject): string | null {
  const value = plainNumber(object.position ?? null);
  if (value === null) return null;
  const isWritten = typeof value === "string" || Number.isSafeInteger(value);
  const text = isWritten ? positionText(value as string | number) : null;
  if (text !== null) return text;
  throw badJson(
    '"position" must be an integer, as a number or as text, or a Postgres log sequence number ("16/B374D848")',
  );
}
