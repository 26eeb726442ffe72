/** Why a value does not match an exported validator, in the backend's words. */
import { CommitTsPlaceholder, type Value } from "convex/values";
import { tableOf } from "./mock.js";

interface Field {
  fieldType: ExportedValidator;
  optional: boolean;
}
/** A validator as `export()` of a schema returns it. */
export type ExportedValidator =
  | { type: "null" | "number" | "bigint" | "boolean" | "string" | "bytes" | "any" | "commitTs" }
  | { type: "literal"; value: unknown }
  | { type: "id"; tableName: string }
  | { type: "array"; value: ExportedValidator }
  | { type: "union"; value: ExportedValidator[] }
  | { type: "object"; value: Record<string, Field> }
  | { type: "record"; keys: ExportedValidator; values: Field };

/** Null when the value matches. */
export function mismatchOf(validator: ExportedValidator, value: Value, path = ""): string | null {
  switch (validator.type) {
    case "any":
      return null;
    case "array": {
      if (!Array.isArray(value)) break;
      return first(value, (item, i) => mismatchOf(validator.value, item, `${path}[${String(i)}]`));
    }
    case "union":
      if (validator.value.some((option) => mismatchOf(option, value) === null)) return null;
      break;
    case "object": {
      if (!isObject(value)) break;
      for (const [name, { fieldType, optional }] of Object.entries(validator.value)) {
        const field = value[name];
        if (field === undefined) {
          if (optional) continue;
          return objectProblem(
            `Object is missing the required field \`${name}\`. Consider wrapping the field validator in \`v.optional(...)\` if this is expected.`,
            path,
            value,
            validator,
          );
        }
        const problem = mismatchOf(fieldType, field, `${path}.${name}`);
        if (problem !== null) return problem;
      }
      const extra = Object.keys(value).find(
        (name) => value[name] !== undefined && !Object.hasOwn(validator.value, name),
      );
      if (extra === undefined) return null;
      return objectProblem(
        `Object contains extra field \`${extra}\` that is not in the validator.`,
        path,
        value,
        validator,
      );
    }
    case "record": {
      if (!isObject(value)) break;
      return first(
        Object.entries(value),
        ([name, field]) =>
          mismatchOf(validator.keys, name, `${path}.${name}`) ??
          mismatchOf(validator.values.fieldType, field, `${path}.${name}`),
      );
    }
    default:
      if (matches(validator, value)) return null;
  }
  const at = path === "" ? "" : `\nPath: ${path}`;
  return `Value does not match validator.${at}\nValue: ${showValue(value)}\nValidator: ${showValidator(validator)}`;
}

function first<T>(items: readonly T[], problemOf: (item: T, i: number) => string | null): string | null {
  for (const [i, item] of items.entries()) {
    const problem = problemOf(item, i);
    if (problem !== null) return problem;
  }
  return null;
}

function objectProblem(
  what: string,
  path: string,
  value: Record<string, Value>,
  validator: ExportedValidator,
): string {
  const at = path === "" ? "" : `Path: ${path}\n`;
  return `${what}\n\n${at}Object: ${showValue(value)}\nValidator: ${showValidator(validator)}`;
}

function matches(validator: ExportedValidator, value: Value): boolean {
  switch (validator.type) {
    case "null":
      return value === null;
    case "bytes":
      return (value as unknown) instanceof ArrayBuffer;
    case "bigint":
    case "commitTs":
      return typeof value === "bigint" || (value as unknown) instanceof CommitTsPlaceholder;
    case "literal":
      return value === validator.value;
    case "id":
      return typeof value === "string" && tableOf(value) === validator.tableName;
    default:
      return typeof value === validator.type;
  }
}

function isObject(value: Value): value is Record<string, Value> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !((value as unknown) instanceof ArrayBuffer)
  );
}

/** A value as the backend prints it. */
export function showValue(value: Value | undefined): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return Number.isInteger(value) ? `${String(value)}.0` : String(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(showValue).join(", ")}]`;
  if (!isObject(value)) return 'b"…"';
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${name}: ${showValue(field)}`).join(", ")}}`;
}

const NAMES = { number: "float64", bigint: "int64" } as const;

function showValidator(validator: ExportedValidator): string {
  switch (validator.type) {
    case "number":
    case "bigint":
      return `v.${NAMES[validator.type]}()`;
    case "literal":
      return `v.literal(${showValue(validator.value as Value)})`;
    case "id":
      return `v.id("${validator.tableName}")`;
    case "array":
      return `v.array(${showValidator(validator.value)})`;
    case "union":
      return `v.union(${validator.value.map(showValidator).join(", ")})`;
    case "record":
      return `v.record(${showValidator(validator.keys)}, ${showValidator(validator.values.fieldType)})`;
    case "object":
      return `v.object({${Object.entries(validator.value)
        .map(([name, { fieldType, optional }]) => {
          const shown = showValidator(fieldType);
          return `${name}: ${optional ? `v.optional(${shown})` : shown}`;
        })
        .join(", ")}})`;
    default:
      return `v.${validator.type}()`;
  }
}
