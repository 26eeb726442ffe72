/** One table in sorted order, as often as there are indexes in use, and reading ranges of it. */
import { CommitTsPlaceholder, compareValues, type JSONValue, jsonToConvex, type Value } from "convex/values";
import type { Document, RangeFilter } from "./mock.js";
import { SortedList } from "./sortedList.js";

export type KeyPart = Value | undefined;
interface Entry {
  key: KeyPart[];
  doc: Document;
}
export type Cursor = KeyPart[] | "start" | "end";

/** What commit timestamps compare as until they are known (convex-test's own choice). */
const PENDING_COMMIT_TS = 2n ** 63n - 1n;

/** The documents of one table as the running transaction sees them, with the indexes asked for so far. */
export class IndexedTable {
  readonly #docs = new Map<string, Document>();
  readonly #indexes = new Map<string, { fields: string[]; list: SortedList<Entry> }>();

  put(id: string, doc: Document | null): void {
    const before = this.#docs.get(id);
    if (before === (doc ?? undefined)) return;
    if (doc === null) this.#docs.delete(id);
    else this.#docs.set(id, doc);
    for (const { fields, list } of this.#indexes.values()) {
      if (before !== undefined) list.delete(entryOf(before, fields));
      if (doc !== null) list.insert(entryOf(doc, fields));
    }
  }

  index(fields: string[]): SortedList<Entry> {
    const name = fields.join(",");
    let index = this.#indexes.get(name);
    if (index === undefined) {
      const entries = [...this.#docs.values()].map((doc) => entryOf(doc, fields));
      index = { fields, list: new SortedList(compareEntries, entries) };
      this.#indexes.set(name, index);
    }
    return index.list;
  }
}

function entryOf(doc: Document, fields: string[]): Entry {
  return { key: fields.map((field) => fieldValue(doc, field)), doc };
}

/** Every index ends in _creationTime and _id, so only a document itself compares equal to it. */
function compareEntries(a: Entry, b: Entry): number {
  return compareKeys(a.key, b.key);
}
function compareKeys(a: KeyPart[], b: KeyPart[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareParts(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}
function compareParts(a: KeyPart, b: KeyPart): number {
  // The usual case, cheaply; zeros and NaN have an order of their own.
  if (a === b && a !== 0) return 0;
  return compareValues(a, b);
}

export const never = (): boolean => false;

/** Reads the documents of a range in order, those after the cursor only. */
export function* read(
  index: SortedList<Entry>,
  range: RangeFilter[],
  order: "asc" | "desc",
  cursor: Cursor,
): Generator<Document> {
  if (cursor === "end") return;
  let { isBefore, isAfter } = bounds(range);
  if (cursor !== "start") {
    const [inRangeFrom, inRangeTo] = [isBefore, isAfter];
    if (order === "asc") isBefore = (entry) => inRangeFrom(entry) || compareKeys(entry.key, cursor) <= 0;
    else isAfter = (entry) => inRangeTo(entry) || compareKeys(entry.key, cursor) >= 0;
  }
  for (const { doc } of index.range(isBefore, isAfter, order)) yield doc;
}

/** convex-test has checked the shape: equalities on leading fields, then at most one bound of each side on the next. */
function bounds(range: RangeFilter[]) {
  const prefix: KeyPart[] = [];
  let lower: { value: KeyPart; inclusive: boolean } | null = null;
  let upper: { value: KeyPart; inclusive: boolean } | null = null;
  for (const filter of range) {
    const value = filterValue(filter.value);
    if (filter.type === "Eq") prefix.push(value);
    else if (filter.type === "Gt" || filter.type === "Gte")
      lower = { value, inclusive: filter.type === "Gte" };
    else upper = { value, inclusive: filter.type === "Lte" };
  }
  const comparePrefix = (entry: Entry): number => {
    for (const [i, value] of prefix.entries()) {
      const order = compareParts(entry.key[i], value);
      if (order !== 0) return order;
    }
    return 0;
  };
  const isBefore = (entry: Entry): boolean => {
    const order = comparePrefix(entry);
    if (order !== 0 || lower === null) return order < 0;
    const toBound = compareParts(entry.key[prefix.length], lower.value);
    return lower.inclusive ? toBound < 0 : toBound <= 0;
  };
  const isAfter = (entry: Entry): boolean => {
    const order = comparePrefix(entry);
    if (order !== 0 || upper === null) return order > 0;
    const toBound = compareParts(entry.key[prefix.length], upper.value);
    return upper.inclusive ? toBound > 0 : toBound >= 0;
  };
  return { isBefore, isAfter };
}

function filterValue(value: unknown): KeyPart {
  if (typeof value === "object" && value !== null && "$undefined" in value) return undefined;
  return withoutPending(jsonToConvex(value as JSONValue));
}

/** The value of a possibly nested field, undefined where the path leads nowhere. */
export function fieldValue(doc: Document, path: string): KeyPart {
  let value: unknown = doc;
  for (const part of path.split(".")) value = isPlainObject(value) ? value[part] : undefined;
  return value === undefined ? undefined : withoutPending(value as Value);
}
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  return prototype === null || prototype.constructor?.name === "Object";
}
function withoutPending(value: Value): Value {
  if ((value as unknown) instanceof CommitTsPlaceholder) return PENDING_COMMIT_TS;
  if (Array.isArray(value)) return value.map(withoutPending);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, withoutPending(child as Value)]),
  );
}
