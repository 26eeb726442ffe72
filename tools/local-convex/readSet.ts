/**
 * What an optimistic mutation has read and would write, and what others have committed since. A mutation runs in one go,
 * against the state at its beginning, and its writes are kept back; they are committed later, unless a document or an
 * index range that it has read has changed. As functions have no other way to the outside, this is the same as running at
 * the same time as others against a snapshot.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { isWithin, placeOf } from "./indexedTable.js";
import type { RangeRead } from "./indexes.js";
import type { Document, WriteLayer } from "./mock.js";

/** One document of a commit. */
export interface DocumentChange {
  componentPath: string;
  table: string;
  id: string;
  before: Document | null;
  after: Document | null;
}

/** One try of a mutation. */
export class Attempt {
  readonly #documents = new Set<string>();
  readonly #ranges = new Map<string, Omit<RangeRead, "table">[]>();
  /** The writes that it would make, by component. */
  readonly writes = new Map<string, WriteLayer>();
  /** The mutation: "streamingImport/ingest:applyChunk". Those that it calls belong to it. */
  functionName = "";
  /** How many commits there were before its snapshot, once it has read something. */
  start: number | undefined;

  constructor(readonly commits: () => number) {}

  noteDocument(componentPath: string, id: string): void {
    this.start ??= this.commits();
    this.#documents.add(`${componentPath}:${id}`);
  }
  noteRange(componentPath: string, { table, fields, interval }: RangeRead): void {
    this.start ??= this.commits();
    const key = `${componentPath}:${table}`;
    const ranges = this.#ranges.get(key) ?? [];
    if (ranges.length === 0) this.#ranges.set(key, ranges);
    ranges.push({ fields, interval });
  }

  /** True when this attempt has read what the change has changed. */
  hasRead({ componentPath, table, id, before, after }: DocumentChange): boolean {
    if (this.#documents.has(`${componentPath}:${id}`)) return true;
    return (this.#ranges.get(`${componentPath}:${table}`) ?? []).some(({ fields, interval }) =>
      [before, after].some((doc) => doc !== null && isWithin(placeOf(doc, fields), interval)),
    );
  }
}

const attempts = new AsyncLocalStorage<Attempt | null>();

/** Runs a mutation as this attempt; with null, what runs commits at once. */
export function runAs<T>(attempt: Attempt | null, work: () => Promise<T>): Promise<T> {
  return attempts.run(attempt, work);
}
/** Names the attempt by the first function that runs in it. */
export function noteFunction(componentPath: string, name: string): void {
  const attempt = attempts.getStore();
  if (attempt === undefined || attempt === null || attempt.functionName !== "") return;
  attempt.functionName = componentPath === "" ? name : `${componentPath}/${name}`;
}
export function noteDocument(componentPath: string, id: string): void {
  attempts.getStore()?.noteDocument(componentPath, id);
}
export function noteRange(componentPath: string, read: RangeRead): void {
  attempts.getStore()?.noteRange(componentPath, read);
}
/** True when the writes belong to an attempt, which has them now. */
export function keepWrites(componentPath: string, layer: WriteLayer): boolean {
  const attempt = attempts.getStore();
  if (attempt === undefined || attempt === null) return false;
  attempt.writes.set(componentPath, layer);
  return true;
}
