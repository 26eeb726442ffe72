/** The order of a row's versions: one definition for stored rows, tombstones and quarantined changes. */
import { compareValues, type Value } from "convex/values";
import { compareMoments } from "./dates.js";

/** Texts of more digits are no numbers that somebody counts with. */
const MAX_DIGITS = 64;
const DECIMAL = /^([+-]?)0*(\d*)(?:\.(\d+))?$/;

/** Where Postgres' log stands: two halves of 64 bits, in hexadecimal digits. */
const LSN = /^([\da-f]{1,8})\/([\da-f]{1,8})$/i;

/**
 * Whether a version is lower than another. NULL, and none, is the lowest of all: a row never goes back in time through
 * a change without a version.
 */
export function isLower(version: Value | undefined, other: Value | undefined): boolean {
  if (other === undefined || other === null) return false;
  return version === undefined || version === null || compareVersions(version, other) < 0;
}

/**
 * The order of two versions that are not null: negative, 0 or positive.
 *
 * Text sorts by what it says where that has an order of its own: date-times as moments, numbers as numbers, positions in
 * Postgres' log as such. Any other text sorts by its characters.
 */
export function compareVersions(a: Value, b: Value): number {
  if (typeof a !== "string" || typeof b !== "string" || a === b) return compareValues(a, b);
  return (
    compareMoments(a, b) ??
    compareBigInts(scaled(a, b)) ??
    compareBigInts(positions(a, b)) ??
    compareValues(a, b)
  );
}

function compareBigInts(pair: [bigint, bigint] | null): number | null {
  if (pair === null) return null;
  const [a, b] = pair;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Two decimal numbers as integers, with the same number of decimals. */
function scaled(a: string, b: string): [bigint, bigint] | null {
  const [left, right] = [decimalOf(a), decimalOf(b)];
  if (left === null || right === null) return null;
  const decimals = Math.max(left.fraction.length, right.fraction.length);
  const integerOf = ({ sign, whole, fraction }: Decimal) => {
    const magnitude = BigInt(whole + fraction.padEnd(decimals, "0"));
    return sign === "-" ? -magnitude : magnitude;
  };
  return [integerOf(left), integerOf(right)];
}

interface Decimal {
  sign: string;
  whole: string;
  fraction: string;
}

function decimalOf(text: string): Decimal | null {
  if (text.length > MAX_DIGITS || !/\d/.test(text)) return null;
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const [, sign = "", whole = "", fraction = ""] = match;
  return { sign, whole, fraction };
}

function positions(a: string, b: string): [bigint, bigint] | null {
  const [left, right] = [LSN.exec(a), LSN.exec(b)];
  if (left === null || right === null) return null;
  const positionOf = ([, high, low]: RegExpExecArray) => BigInt(`0x${high!}${low!.padStart(8, "0")}`);
  return [positionOf(left), positionOf(right)];
}
