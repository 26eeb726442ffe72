/** One table in sorted order, as often as there are indexes in use, and reading ranges of it. */
import { CommitTsPlaceholder, compareValues, type JSONValue, jsonToConvex, type Value } from "convex/values";
import BTreeModule from "sorted-btree";
import type { Document, RangeFilter } from "./mock.js";

// A CommonJS package: Node's import hands over its exports, bundlers the class.
const BTree = (BTreeModule as unknown as { default?: typeof BTreeModule }).default ?? BTreeModule;

export type KeyPart = Value | undefined;

/** A place in an index: where a document stands, or a bound just before or behind all that begin with its parts. */
export interface Place {
  parts: KeyPart[];
  edge: -1 | 0 | 1;
}
/** What lies between two bounds. */
export interface Interval {
  low: Place;
  high: Place;
}
export type Cursor = KeyPart[] | "start" | "end";
export type Index = BTreeModule<Place, Document>;

/** What commit timestamps compare as until they are known (convex-test's own choice). */
const PENDING_COMMIT_TS = 2n ** 63n - 1n;

/** The documents of one table as the running transaction sees them, with the indexes asked for so far. */
export class IndexedTable {
  readonly #docs = new Map<string, Document>();
  readonly #indexes = new Map<string, { fields: string[]; tree: Index }>();

  put(id: string, doc: Document | null): void {
    const before = this.#docs.get(id);
    if (before === (doc ?? undefined)) return;
    if (doc === null) this.#docs.delete(id);
    else this.#docs.set(id, doc);
    for (const { fields, tree } of this.#indexes.values()) {
      if (before !== undefined) tree.delete(placeOf(before, fields));
      if (doc !== null) tree.set(placeOf(doc, fields), doc);
    }
  }

  index(fields: string[]): Index {
    const name = fields.join(",");
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = { fields, tree: new BTree<Place, Document>(undefined, comparePlaces) };
      for (const doc of this.#docs.values()) index.tree.set(placeOf(doc, fields), doc);
      this.#indexes.set(name, index);
    }
    return index.tree;
  }
}

/** Every index ends in _creationTime and _id, so only a document itself stands in the same place. */
export function placeOf(doc: Document, fields: string[]): Place {
  return { parts: fields.map((field) => fieldValue(doc, field)), edge: 0 };
}

function comparePlaces(a: Place, b: Place): number {
  const shared = Math.min(a.parts.length, b.parts.length);
  for (let i = 0; i < shared; i++) {
    const order = compareParts(a.parts[i], b.parts[i]);
    if (order !== 0) return order;
  }
  return a.edge - b.edge;
}
function compareParts(a: KeyPart, b: KeyPart): number {
  // The usual case, cheaply; zeros and NaN have an order of their own.
  if (a === b && a !== 0) return 0;
  return compareValues(a, b);
}

export function isWithin(place: Place, { low, high }: Interval): boolean {
  return comparePlaces(low, place) < 0 && comparePlaces(place, high) < 0;
}

/** Reads the documents of an interval in order. The index must not change meanwhile. */
export function* read(index: Index, { low, high }: Interval, order: "asc" | "desc"): Generator<Document> {
  const entries = order === "asc" ? index.entries(low) : index.entriesReversed(high);
  for (const [place, doc] of entries) {
    if (order === "asc" ? comparePlaces(place, high) > 0 : comparePlaces(place, low) < 0) return;
    yield doc;
  }
}

/**
 * The part of a range that lies behind a cursor. convex-test has checked the range: equalities on leading fields, then
 * at most one bound of each side on the next.
 */
export function intervalOf(range: RangeFilter[], order: "asc" | "desc", cursor: Cursor): Interval {
  const prefix: KeyPart[] = [];
  let low: Place | null = null;
  let high: Place | null = null;
  for (const { type, value } of range) {
    const part = filterValue(value);
    const parts = [...prefix, part];
    if (type === "Eq") prefix.push(part);
    else if (type === "Gt" || type === "Gte") low = { parts, edge: type === "Gte" ? -1 : 1 };
    else high = { parts, edge: type === "Lte" ? 1 : -1 };
  }
  const interval = { low: low ?? { parts: prefix, edge: -1 }, high: high ?? { parts: prefix, edge: 1 } };
  if (cursor === "start") return interval;
  if (cursor === "end") return { low: interval.high, high: interval.high };
  return behind(interval, order, { parts: cursor, edge: 0 });
}

/** What is left of an interval after the document at `place`. */
function behind(interval: Interval, order: "asc" | "desc", { parts }: Place): Interval {
  const after: Place = { parts, edge: order === "asc" ? 1 : -1 };
  if (order === "asc") return comparePlaces(after, interval.low) > 0 ? { ...interval, low: after } : interval;
  return comparePlaces(after, interval.high) < 0 ? { ...interval, high: after } : interval;
}

/** What a read of an interval covers that stops at the document at `place`. */
export function upTo(interval: Interval, order: "asc" | "desc", { parts }: Place): Interval {
  return order === "asc"
    ? { ...interval, high: { parts, edge: 1 } }
    : { ...interval, low: { parts, edge: -1 } };
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
