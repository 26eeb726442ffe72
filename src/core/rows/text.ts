/** Text in the form in which Convex stores and people read it. */
import { type Json, MAX_JSON_DEPTH } from "./values.js";
import { WrittenNumber } from "./numbers.js";

/** Characters of a sample in a note or message. */
const SAMPLE_LENGTH = 80;

const encoder = new TextEncoder();

/** True for a text without lone surrogates. Convex strings are UTF-8, which has no form for them. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** The text with every lone surrogate replaced by U+FFFD. For messages only; data is never altered. */
export function makeWellFormed(text: string): string {
  return isWellFormed(text) ? text : text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** The text, cut to `length` characters without splitting one, and always fit to be stored. */
export function shorten(text: string, length = SAMPLE_LENGTH): string {
  return text.length <= length ? makeWellFormed(text) : `${beginningOf(text, length - 1)}…`;
}

/** The text, cut to `bytes` of UTF-8 without splitting a character, and always fit to be stored. */
export function shortenToBytes(text: string, bytes: number): string {
  const { read } = encoder.encodeInto(text, new Uint8Array(bytes));
  if (read === text.length) return makeWellFormed(text);
  // The ellipsis takes three.
  return `${beginningOf(text, encoder.encodeInto(text, new Uint8Array(bytes - 3)).read)}…`;
}

/** At most `length` characters from the beginning of a text, without splitting one, and always fit to be stored. */
export function beginningOf(text: string, length: number): string {
  const splitsPair = text.charCodeAt(length - 1) >= 0xd800 && text.charCodeAt(length - 1) <= 0xdbff;
  return makeWellFormed(text.slice(0, splitsPair ? length - 1 : length));
}

/** A short text that shows a value: at most 80 characters, whatever the value's size. */
export function sampleOf(json: Json | undefined): string {
  if (json === undefined) return "";
  if (typeof json === "string") return shorten(json);
  return shorten(preview(json, 0));
}

/** JSON text of about the first 80 characters of a value; never walks a large value. */
function preview(json: Json, depth: number): string {
  if (typeof json !== "object" || json === null || json instanceof WrittenNumber) {
    return typeof json === "string" ? JSON.stringify(json.slice(0, SAMPLE_LENGTH)) : String(json);
  }
  if (depth === 3) return "…";
  let text = "";
  const isArray = Array.isArray(json);
  for (const [key, value] of Object.entries(json as Record<string, Json>)) {
    if (text.length > SAMPLE_LENGTH) break;
    text += (text === "" ? "" : ",") + (isArray ? "" : `${JSON.stringify(key)}:`) + preview(value, depth + 1);
  }
  return isArray ? `[${text}]` : `{${text}}`;
}

/**
 * JSON text of a value, as `JSON.stringify` writes it, with all digits of large integers. It reads back to the same value.
 *
 * @returns null when the value is nested more than 200 levels deep.
 */
export function jsonText(json: Json, depth = 0): string | null {
  if (typeof json === "bigint" || json instanceof WrittenNumber) return json.toString();
  if (typeof json === "number") return numberText(json);
  if (typeof json !== "object" || json === null) return JSON.stringify(json);
  if (depth >= MAX_JSON_DEPTH) return null;
  const isArray = Array.isArray(json);
  const parts: string[] = [];
  for (const key of isArray ? json.keys() : Object.keys(json)) {
    const value = jsonText((json as Record<string | number, Json>)[key]!, depth + 1);
    if (value === null) return null;
    parts.push(isArray ? value : `${JSON.stringify(key)}:${value}`);
  }
  return isArray ? `[${parts.join(",")}]` : `{${parts.join(",")}}`;
}

/**
 * The shortest text that reads back as the number; integers beyond 2^53 with all their digits, for JavaScript would
 * print 56099457794818408 as 56099457794818410, and a column of text may hold identifiers.
 */
function numberText(number: number): string {
  if (Number.isInteger(number) && Math.abs(number) > Number.MAX_SAFE_INTEGER)
    return BigInt(number).toString();
  return Object.is(number, -0) ? "-0" : String(number);
}
