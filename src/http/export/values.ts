import { convexToJson, type Value } from "convex/values";

/**
 * Values of Convex as the backend's export writes them, byte for byte: fields in the order of their names, floats always
 * with a point or an exponent, integers exact.
 */

/** - `json`: int64 and bytes as strings, NaN and the infinities in words.
 * - `convex_encoded_json`: Convex's own encoding, which loses nothing.
 * - `export_json`: int64 as a bare integer, bytes and special floats encoded. */
export type ExportFormat = "json" | "convex_encoded_json" | "export_json";

const FORMATS: Readonly<Record<string, ExportFormat>> = {
  json: "json",
  convex_clean_json: "json",
  convex_encoded_json: "convex_encoded_json",
  convex_json: "convex_encoded_json",
  export_json: "export_json",
};

/** The format of that name or alias, or null. */
export function formatOf(name: string): ExportFormat | null {
  return Object.hasOwn(FORMATS, name) ? FORMATS[name]! : null;
}

/** A value as JSON text. */
export function writeValue(value: Value, format: ExportFormat): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "string":
      return JSON.stringify(value);
    case "number":
      return writeNumber(value, format);
    case "bigint":
      if (format === "export_json") return String(value);
      return format === "json" ? `"${String(value)}"` : encoded(value);
    default:
      if (Array.isArray(value)) return `[${value.map((item) => writeValue(item, format)).join(",")}]`;
      if (value instanceof ArrayBuffer) return writeBytes(value, format);
      return `{${writeFields(value as Record<string, Value>, format)}}`;
  }
}

/** The fields of an object, in the order of their names, without its braces. */
export function writeFields(
  object: Readonly<Record<string, Value | undefined>>,
  format: ExportFormat,
): string {
  return Object.keys(object)
    .sort()
    .flatMap((name) => {
      const value = object[name];
      return value === undefined ? [] : `${JSON.stringify(name)}:${writeValue(value, format)}`;
    })
    .join(",");
}

function writeNumber(value: number, format: ExportFormat): string {
  if (!Number.isFinite(value)) return format === "json" ? `"${String(value)}"` : encoded(value);
  if (Object.is(value, -0)) return format === "convex_encoded_json" ? encoded(value) : "-0.0";
  return writeFloat(value);
}

function writeBytes(value: ArrayBuffer, format: ExportFormat): string {
  if (format !== "json") return encoded(value);
  return JSON.stringify((convexToJson(value) as { $bytes: string }).$bytes);
}

function encoded(value: Value): string {
  return JSON.stringify(convexToJson(value));
}

/** Powers of ten between which the backend writes a float without an exponent. */
const LOWEST_PLAIN = -5;
const HIGHEST_PLAIN = 16;

/** A finite float as Rust's serde writes it: the shortest digits, `3.0`, `1e16`, `0.00001`, `1e-6`. */
function writeFloat(value: number): string {
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace(/[-.]/g, "");
  /** Digits before the point. */
  const whole = Number(exponent) + 1;
  if (whole > HIGHEST_PLAIN || whole <= LOWEST_PLAIN) return `${mantissa}e${String(Number(exponent))}`;
  if (whole <= 0) return `${sign}0.${"0".repeat(-whole)}${digits}`;
  return `${sign}${digits.slice(0, whole).padEnd(whole, "0")}.${digits.slice(whole) || "0"}`;
}
