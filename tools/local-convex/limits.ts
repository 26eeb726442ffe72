/**
 * The backend's limits on values and transactions, in its words, at the border between functions and the database.
 * convex-test counts what a transaction reads and writes, in words of its own; those are exchanged here, and what it does
 * not count is added.
 */
import { TransactionMetricsTracker } from "convex-test/dist/transactionMetrics.js";
import { getConvexSize, getDocumentSize, type JSONValue, jsonToConvex, type Value } from "convex/values";
import { type Document, type MockDatabase, tableOf } from "./mock.js";
import { type ExportedValidator, mismatchOf, showValue } from "./schemaErrors.js";
import { currentClock } from "./scope.js";

const MIB = 1 << 20;
const MAX_ARGUMENT_BYTES = 16 * MIB;
const MAX_DOCUMENT_BYTES = MIB;
const MAX_ARRAY = 8192;
const MAX_FIELDS = 1024;
const MAX_NESTING = 16;

const HINT =
  "Consider using smaller limits in your queries, paginating your queries, or using indexed queries with a selective index range expressions.";
const TOO_MUCH: readonly (readonly [RegExp, (limit: string) => string])[] = [
  [
    /^Too many index ranges read in a single function execution \(limit: (\d+)\)/,
    (limit) => `Too many reads in a single function execution (limit: ${limit}). ${HINT}`,
  ],
  [
    /^Scanned too many documents in a single function execution \(limit: (\d+)\)/,
    (limit) => `Too many documents read in a single function execution (limit: ${limit}). ${HINT}`,
  ],
  [
    /^Read too much data in a single function execution \(limit: (\d+) bytes\)/,
    (limit) => `Too many bytes read in a single function execution (limit: ${mebibytes(limit)}). ${HINT}`,
  ],
  [
    /^Wrote too many documents in a single function execution \(limit: (\d+)\)/,
    (limit) => `Too many writes in a single function execution (limit: ${limit})`,
  ],
  [
    /^Wrote too much data in a single function execution \(limit: (\d+) bytes\)/,
    (limit) => `Too many bytes written in a single function execution (limit: ${mebibytes(limit)})`,
  ],
];

function mebibytes(bytes: number | string): string {
  const size = Number(bytes) / MIB;
  return `${Number.isInteger(size) ? String(size) : size.toFixed(2)} MiB`;
}

function inBackendWords(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  for (const [pattern, words] of TOO_MUCH) {
    const found = pattern.exec(error.message);
    if (found !== null) return new Error(words(found[1] ?? ""));
  }
  return error;
}

/** What the running transaction has read and written so far. One runs at a time. */
let transaction: TransactionMetricsTracker | null = null;
function noteTransaction(tracker: TransactionMetricsTracker): void {
  transaction = tracker;
}

/** Operations that read the document first, which the backend charges like a lookup of its own. */
const READS_FIRST: Record<string, string | undefined> = {
  "1.0/shallowMerge": "patch",
  "1.0/replace": "replace",
  "1.0/remove": "delete",
};
/** What is being written, for the words of a refusal; the database answers a write at once. */
let operation = "insert";

interface Syscalls {
  syscall: (op: string, args: string) => string;
  asyncSyscall: (op: string, args: string) => Promise<string>;
  jsSyscall: (op: string, args: unknown) => Promise<unknown>;
}
/** Answers a call in place of convex-test; undefined leaves it to convex-test. */
export type Answer = (op: string, args: string) => Promise<string> | undefined;
const answers = new Set<Answer>();

/** Puts an answer before convex-test's own. */
export function answerSyscalls(answer: Answer): void {
  answers.add(answer);
}

let installed = false;

/** Once per process, after convex-test has put its calls on `globalThis`. */
export function installLimits(): void {
  if (installed) return;
  installed = true;
  const { prototype } = TransactionMetricsTracker;
  const start = Reflect.get(prototype, "startTransaction") as (...args: unknown[]) => void;
  prototype.startTransaction = function (this: TransactionMetricsTracker, ...args) {
    noteTransaction(this);
    Reflect.apply(start, this, args);
  };
  const holder = globalThis as unknown as { Convex: Syscalls };
  const stock = holder.Convex;
  holder.Convex = {
    get syscall() {
      const call = stock.syscall;
      return (op: string, args: string) => {
        const clock = currentClock();
        try {
          clock?.pause();
          checkStrings(args);
          return call(op, args);
        } catch (error) {
          throw inBackendWords(error);
        } finally {
          clock?.resume(true);
        }
      };
    },
    get asyncSyscall() {
      const call = stock.asyncSyscall;
      return async (op: string, args: string) => {
        const clock = currentClock();
        try {
          clock?.pause();
          checkStrings(args);
          if (op === "1.0/runUdf") checkArgumentBytes(args, "a nested function");
          operation = READS_FIRST[op] ?? "insert";
          if (READS_FIRST[op] !== undefined) transaction?.trackIndexRange();
          for (const answer of answers) {
            const answered = answer(op, args);
            if (answered !== undefined) return await answered;
          }
          return await call(op, args);
        } catch (error) {
          throw inBackendWords(error);
        } finally {
          clock?.resume(op !== "1.0/runUdf");
        }
      };
    },
    get jsSyscall() {
      return stock.jsSyscall;
    },
  };
}

/** Charges a job to the transaction that schedules it. */
export function chargeScheduled(bytes: number): void {
  transaction?.trackScheduledFunction(bytes);
}

/** The arguments of a call from outside. */
export function checkArguments(path: string, args: unknown): void {
  const json = JSON.stringify(args) as string | undefined;
  if (json === undefined) return;
  checkStrings(json);
  checkArgumentBytes(json, path);
}

/** Bytes that a character of JSON stands for at most: `0,` is a number of nine. */
const BYTES_PER_CHARACTER = 5;

function checkArgumentBytes(json: string, path: string): void {
  if (json.length * BYTES_PER_CHARACTER <= MAX_ARGUMENT_BYTES) return;
  const bytes = getConvexSize(jsonToConvex(JSON.parse(json) as JSONValue));
  if (bytes <= MAX_ARGUMENT_BYTES) return;
  throw new Error(
    `Arguments for ${path} are too large (actual: ${mebibytes(bytes)}, limit: ${mebibytes(MAX_ARGUMENT_BYTES)})`,
  );
}

/** Strings are UTF-8 there, which has no lone surrogates; JSON has them as escapes. */
function checkStrings(json: string): void {
  if (!json.includes("\\ud")) return;
  const lone = /(?<!\\)(?:\\\\)*\\ud[89a-f]/.exec(json);
  if (lone === null) return;
  throw new Error(`unexpected end of hex escape at line 1 column ${String(lone.index + lone[0].length)}`);
}

/** Puts the limits on documents, and the backend's words of a schema, in front of one database. */
export function limitDocuments(db: MockDatabase): void {
  const addWrite = db._addWrite.bind(db);
  db._addWrite = (id, value) => {
    // Replayed and nested writes come by here, too: they have been checked, and pass again.
    if (value !== null && !tableOf(id).startsWith("_")) checkDocument(value);
    addWrite(id, value);
  };
  db._validate = (table, fields) => {
    if (db._schema?.schemaValidation !== true) return;
    const validator = db._schema.tables.get(table)?.documentType as ExportedValidator | undefined;
    const problem = validator === undefined ? null : mismatchOf(validator, fields as Value);
    if (problem === null) return;
    throw new Error(
      `Failed to insert or update a document in table "${table}" because it does not match the schema: ${problem}`,
    );
  };
}

const checked = new WeakSet<Document>();

function checkDocument(document: Document): void {
  if (checked.has(document)) return;
  const nesting = checkValue(document as unknown as Value);
  const size = getDocumentSize(document as Parameters<typeof getDocumentSize>[0]);
  if (size > MAX_DOCUMENT_BYTES) {
    throw new Error(
      `Value is too large (${(size / MIB).toFixed(2)} MiB > maximum size ${mebibytes(MAX_DOCUMENT_BYTES)})`,
    );
  }
  if (nesting > MAX_NESTING) {
    throw new Error(
      `Document(value: ${showValue(document as unknown as Value)}) isn't a valid document: Document is too nested (nested ${String(nesting)} levels deep > maximum nesting ${String(MAX_NESTING)})`,
    );
  }
  checked.add(document);
}

/** How many levels deep a value is. */
function checkValue(value: Value): number {
  if (typeof value !== "object" || value === null || (value as unknown) instanceof ArrayBuffer) return 0;
  if (Array.isArray(value)) {
    refuse(
      value.length > MAX_ARRAY,
      `Array length is too long (${String(value.length)} > maximum length 8192)`,
    );
    return 1 + value.reduce<number>((deepest, item) => Math.max(deepest, checkValue(item)), 0);
  }
  const fields = Object.values(value as Record<string, Value>);
  refuse(
    fields.length > MAX_FIELDS + (Object.hasOwn(value, "_creationTime") ? 2 : 0),
    `Object has too many fields (${String(fields.length)} > maximum number ${String(MAX_FIELDS)})`,
  );
  return 1 + fields.reduce<number>((deepest, field) => Math.max(deepest, checkValue(field)), 0);
}
function refuse(condition: boolean, problem: string): void {
  if (condition) throw new Error(`Invalid argument \`value\` for \`db.${operation}\`: ${problem}`);
}
