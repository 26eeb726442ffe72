import type { Value } from "convex/values";

/** Whether JSON writes the value as Convex's own encoding does, which copies every value. */
export function isPlain(value: Value | undefined): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  if (value instanceof ArrayBuffer) return false;
  if (Array.isArray(value)) return value.every(isPlain);
  for (const name in value) if (!isPlain((value as Record<string, Value | undefined>)[name])) return false;
  return true;
}
