/**
 * Indexes in front of convex-test's database.
 *
 * convex-test answers every query by looking at all documents of the component. Here, each table that is queried gets
 * a sorted tree per index it is queried by, and those trees always show what the running transaction sees: every
 * pending write is applied at once, and taken back when its (sub-)transaction rolls back. That is enough because
 * convex-test runs one top-level transaction at a time and nested ones strictly one inside the other.
 *
 * Validation, filters, limits and pagination rules stay convex-test's own. Only two things are replaced: which
 * documents enter a query, and that reading stops when enough are found.
 */
import { type JSONValue, jsonToConvex } from "convex/values";
import {
  type Cursor,
  fieldValue,
  IndexedTable,
  type Interval,
  intervalOf,
  type KeyPart,
  placeOf,
  read,
  upTo,
} from "./indexedTable.js";
import {
  type Document,
  type MockDatabase,
  type PaginateArgs,
  type Query,
  type QuerySource,
  type ResolvedSource,
  tableOf,
} from "./mock.js";

type SearchSource = Extract<QuerySource, { type: "Search" }>;
type DocumentSource = Exclude<QuerySource, SearchSource>;

const TABLE_SCAN_FIELDS = ["_creationTime", "_id"];

/** What one query has read of one table. */
export interface RangeRead {
  table: string;
  fields: string[];
  interval: Interval;
}

/** Puts indexes in front of one database. Forgets them when its `reset` is called. */
export function attachIndexes(db: MockDatabase, onRead?: (read: RangeRead) => void): { reset(): void } {
  const tables = new Map<string, IndexedTable>();
  const get = db.get.bind(db);
  const stock = {
    addWrite: db._addWrite.bind(db),
    commit: db.commit.bind(db),
    rollbackWrites: db.rollbackWrites.bind(db),
    stashWrites: db.stashWrites.bind(db),
    restoreWrites: db.restoreWrites.bind(db),
    queryNext: db.queryNext.bind(db),
    resolveQuerySource: db._resolveQuerySource.bind(db),
    evaluateQuery: db._evaluateQuery.bind(db),
    paginate: db.paginate.bind(db),
  };

  // --- keeping the tables in step with what `get` would answer

  const refresh = (ids: Iterable<string>): void => {
    for (const id of ids) tables.get(tableOf(id))?.put(id, get(undefined, id));
  };
  const table = (name: string): IndexedTable => {
    let indexed = tables.get(name);
    if (indexed === undefined) {
      const ids = new Set([db._documents, ...db._writes].flatMap((layer) => Object.keys(layer)));
      indexed = new IndexedTable();
      for (const id of ids) if (tableOf(id) === name) indexed.put(id, get(undefined, id));
      tables.set(name, indexed);
    }
    return indexed;
  };
  const idsOf = (layers: Record<string, unknown>[]): string[] =>
    layers.flatMap((layer) => Object.keys(layer));

  db._addWrite = (id, value) => {
    stock.addWrite(id, value);
    refresh([id]);
  };
  db.commit = (commitTs) => {
    // A nested commit shows nothing new; the outermost one may fill in commit timestamps.
    const ids = db._writes.length === 1 ? idsOf(db._writes) : [];
    stock.commit(commitTs);
    refresh(ids);
  };
  db.rollbackWrites = () => {
    const ids = idsOf(db._writes.slice(-1));
    stock.rollbackWrites();
    refresh(ids);
  };
  db.stashWrites = () => {
    const layers = stock.stashWrites();
    refresh(idsOf(layers));
    return layers;
  };
  db.restoreWrites = (layers) => {
    stock.restoreWrites(layers);
    refresh(idsOf(layers));
  };

  // --- answering queries

  /** Set while convex-test resolves a query only for its plan (checks, filters, sort fields). */
  let planning = false;
  /** Set while convex-test paginates over documents chosen here. */
  let chosen: ResolvedSource | null = null;
  /** The field that a text search under way looks at. */
  let searched: string | null = null;

  db._iterateDocs = (name, callback) => {
    if (planning) return;
    // In the order of insertion, which is what convex-test's text and vector search answer in.
    for (const doc of table(name).index(["_id"]).values()) {
      // convex-test fails on a document without text there; Convex does not find it.
      if (searched === null || typeof fieldValue(doc, searched) === "string") callback(doc);
    }
  };
  const search = <Result>(source: SearchSource, answer: () => Result): Result => {
    searched = source.filters.find(({ type }) => type === "Search")?.fieldPath ?? null;
    try {
      return answer();
    } finally {
      searched = null;
    }
  };
  const plan = (query: Query): ResolvedSource => {
    planning = true;
    try {
      return stock.resolveQuerySource(query);
    } finally {
      planning = false;
    }
  };
  /** Reads what a query asks for until `isEnough` of a document, which is still part of the answer. */
  const scan = (
    source: DocumentSource,
    { fieldPathsToSortBy, order }: ResolvedSource,
    cursor: Cursor,
    isEnough: (doc: Document) => boolean,
  ): Document[] => {
    const full = source.type === "FullTableScan";
    const name = full ? source.tableName : (source.indexName.split(".")[0] ?? "");
    const fields = full ? TABLE_SCAN_FIELDS : fieldPathsToSortBy;
    const interval = intervalOf(full ? [] : source.range, order, cursor);
    const docs: Document[] = [];
    for (const doc of read(table(name).index(fields), interval, order)) {
      docs.push(doc);
      if (!isEnough(doc)) continue;
      onRead?.({ table: name, fields, interval: upTo(interval, order, placeOf(doc, fields)) });
      return docs;
    }
    onRead?.({ table: name, fields, interval });
    return docs;
  };

  db._resolveQuerySource = (query) => {
    if (chosen !== null) return chosen;
    if (query.source.type === "Search") return search(query.source, () => stock.resolveQuerySource(query));
    const planned = plan(query);
    return { ...planned, sortedDocs: scan(query.source, planned, "start", () => false) };
  };

  db._evaluateQuery = (query) => {
    if (query.source.type === "Search") return search(query.source, () => stock.evaluateQuery(query));
    const planned = plan(query);
    const limit = planned.limit ?? Infinity;
    if (limit <= 0) return [];
    let found = 0;
    const isEnough = (doc: Document): boolean => planned.filterFn(doc) && ++found >= limit;
    return scan(query.source, planned, "start", isEnough).filter(planned.filterFn);
  };

  db.paginate = (args) => {
    const { source } = args.query;
    if (source.type === "Search") return search(source, () => stock.paginate(args));
    const planned = plan(args.query);
    const isEnough = endOfPage(db, planned, args);
    chosen = {
      ...planned,
      sortedDocs: scan(source, planned, parseCursor(args.cursor) ?? "start", isEnough),
    };
    try {
      return stock.paginate(args);
    } finally {
      chosen = null;
    }
  };

  // convex-test shifts results off an array and keeps the emptied array for ever; both hurt with many rows.
  const positions = new Map<number, number>();
  db.queryNext = (queryId) => {
    const results = db._queryResults[queryId];
    if (results === undefined) return stock.queryNext(queryId);
    const position = positions.get(queryId) ?? 0;
    const value = results[position];
    if (value === undefined) {
      positions.delete(queryId);
      Reflect.deleteProperty(db._queryResults, queryId);
      return { value: null, done: true };
    }
    positions.set(queryId, position + 1);
    return { value, done: false };
  };

  return {
    reset: () => {
      tables.clear();
    },
  };
}

/** Tells where convex-test has enough documents to build the page, and to see whether another one follows. */
function endOfPage(
  db: MockDatabase,
  { fieldPathsToSortBy, filterFn, order }: ResolvedSource,
  { pageSize, endCursor }: PaginateArgs,
): (doc: Document) => boolean {
  const end = parseCursor(endCursor ?? null);
  const fields = fieldPathsToSortBy.includes("_id") ? fieldPathsToSortBy : [...fieldPathsToSortBy, "_id"];
  let matching = 0;
  let complete = false;
  return (doc) => {
    if (complete) return true;
    if (Array.isArray(end)) complete = db._docIsAfterCursor(doc, end, fields, order) >= 0;
    else if (end === null) complete = (matching += filterFn(doc) ? 1 : 0) >= pageSize;
    return false;
  };
}

/** convex-test's own cursor format: the JSON of every sort field, null for a missing one. */
function parseCursor(cursor: string | null): KeyPart[] | "end" | null {
  if (cursor === null) return null;
  if (cursor === "_end_cursor" || cursor === "") return "end";
  const parts = JSON.parse(cursor) as (string | null)[];
  return parts.map((part) => (part === null ? undefined : jsonToConvex(JSON.parse(part) as JSONValue)));
}
