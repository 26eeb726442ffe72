/**
 * The limits that Convex puts on one document, checked before a row reaches a mutation, so that a row that is too large
 * is quarantined alone. Sources: docs.convex.dev/production/state/limits and the open-source backend
 * (`crates/value`, `crates/common/src/document.rs`).
 */
import { getDocumentSize, type Value } from "convex/values";
import { isFieldName, MAX_FIELD_NAME_BYTES } from "./names.js";
import { joinPath, located, type Problem, type ProblemCode } from "./problem.js";
import { isWellFormed, shorten } from "./text.js";

export { MAX_FIELD_NAME_BYTES };

/** Bytes of a document with its system fields, as `getDocumentSize` counts them: 1 MiB. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** Elements of an array. */
export const MAX_ARRAY_LENGTH = 8192;

/** Fields of an object. `_id` and `_creationTime` count as fields of the document. */
export const MAX_OBJECT_FIELDS = 1024;

/** Fields that the backend adds to every document. */
const SYSTEM_FIELD_COUNT = 2;

/** Levels of objects and arrays in a document, itself included: `{ a: [1] }` has two. */
export const MAX_NESTING = 16;

/**
 * Why Convex would refuse the document, or null when it would not. Types are the converter's business, limits are this
 * function's.
 *
 * @param document A document without its system fields.
 */
export function checkDocument(document: Record<string, Value>): Problem | null {
  const measured = measureDocument(document);
  return typeof measured === "number" ? null : measured;
}

/** The size of the document in bytes, or why Convex would refuse it: `checkDocument` for those who need the size too. */
export function measureDocument(document: Record<string, Value>): number | Problem {
  const problem = checkFields(document, MAX_OBJECT_FIELDS - SYSTEM_FIELD_COUNT, 1);
  if (problem !== null) return located(problem);
  const size = getDocumentSize(document);
  return size <= MAX_DOCUMENT_BYTES ? size : located(sizeProblem(size, largestField(document)));
}

function checkValue(value: Value, depth: number): Problem | null {
  if (typeof value === "string") {
    if (isWellFormed(value)) return null;
    return problemOf(
      "InvalidString",
      "the text holds half of a surrogate pair, which UTF-8 cannot store. Repair the text at the source.",
    );
  }
  if (typeof value !== "object" || value === null || value instanceof ArrayBuffer) return null;
  if (depth > MAX_NESTING) {
    return problemOf(
      "TooNested",
      `the row is nested more than ${String(MAX_NESTING)} levels deep. Declare the field as v.string() to keep it as JSON text.`,
    );
  }
  if (!Array.isArray(value)) return checkFields(value as Record<string, Value>, MAX_OBJECT_FIELDS, depth);
  if (value.length > MAX_ARRAY_LENGTH) {
    return problemOf(
      "ArrayTooLong",
      `the array has ${String(value.length)} elements; Convex stores at most ${String(MAX_ARRAY_LENGTH)}. ` +
        "Declare the field as v.string() to keep it as JSON text, or send its elements as rows of their own.",
    );
  }
  for (let i = 0; i < value.length; i++) {
    const problem = checkValue(value[i]!, depth + 1);
    if (problem !== null) return within(String(i), problem);
  }
  return null;
}

function checkFields(object: Record<string, Value>, maxFields: number, depth: number): Problem | null {
  let count = 0;
  for (const name in object) {
    const value = object[name];
    // A field that is undefined is no field: the client does not send it.
    if (value === undefined) continue;
    count++;
    if (!isFieldName(name)) return nameProblem(name);
    const isLeaf = typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";
    const problem = isLeaf ? null : checkValue(value, depth + 1);
    if (problem !== null) return within(name, problem);
  }
  if (count <= maxFields) return null;
  return problemOf(
    "TooManyFields",
    `the object has ${String(count)} fields; Convex stores at most ${String(maxFields)} here. ` +
      "Declare fewer columns, or keep the object as an array of key and value pairs.",
  );
}

function nameProblem(name: string): Problem {
  const shown = shorten(name, 60);
  const why =
    name.length > MAX_FIELD_NAME_BYTES
      ? `is ${String(name.length)} characters long; Convex allows ${String(MAX_FIELD_NAME_BYTES)}`
      : "is not printable ASCII or starts with $ or _";
  return problemOf("InvalidFieldName", `the field name "${shown}" ${why}. Rename the column at the source.`);
}

function sizeProblem(size: number, largest: string): Problem {
  return {
    code: "ValueTooLarge",
    path: largest,
    message:
      `the row takes ${String(size)} bytes; a Convex document has at most ${String(MAX_DOCUMENT_BYTES)}. ` +
      `Its largest field is "${shorten(largest)}": leave it out of the mirror, or keep it in file storage.`,
  };
}

/** The name of the field that takes the most bytes. */
function largestField(document: Record<string, Value>): string {
  let largest = "";
  let most = -1;
  for (const [name, value] of Object.entries(document)) {
    const size = getDocumentSize({ [name]: value });
    if (size > most) [largest, most] = [name, size];
  }
  return largest;
}

function problemOf(code: ProblemCode, message: string): Problem {
  return { code, path: "", message };
}

function within(name: string, problem: Problem): Problem {
  return { ...problem, path: joinPath(name, problem.path) };
}
