/** Equality of Convex values. */
import type { Value } from "convex/values";

/**
 * Whether Convex takes two values for equal. The same as `compareValues(a, b) === 0`, which sorts the fields of both
 * objects to say which is the lower.
 */
export function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((element, i) => isSame(element, b[i]));
  }
  if (a instanceof ArrayBuffer || b instanceof ArrayBuffer) {
    return a instanceof ArrayBuffer && b instanceof ArrayBuffer && haveSameBytes(a, b);
  }
  const [left, right] = [a as Fields, b as Fields];
  for (const name in left) {
    if (!isSame(left[name], Object.hasOwn(right, name) ? right[name] : undefined)) return false;
  }
  for (const name in right) {
    if (right[name] !== undefined && !Object.hasOwn(left, name)) return false;
  }
  return true;
}

/** A field that is undefined is no field. */
type Fields = Record<string, Value | undefined>;

function haveSameBytes(a: ArrayBuffer, b: ArrayBuffer): boolean {
  const [left, right] = [new Uint8Array(a), new Uint8Array(b)];
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}
