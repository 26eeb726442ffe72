/**
 * Which tables a query reads and a transaction writes, seen at the database and so including nested calls into
 * components. Subscriptions re-run when a table they read was written: coarser than the index ranges of the backend,
 * never finer.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type MockDatabase, type Query, tableOf } from "./mock.js";
import { type DocumentChange, keepWrites, noteDocument } from "./readSet.js";

/** One run of a subscribed query. */
export interface TrackedRun {
  reads: Set<string>;
  /**
   * Where the query's paginated page ended when it first ran. Re-runs end at the same place, which keeps the pages of
   * a live paginated query without gaps and overlaps.
   */
  journal: string | null;
}
/** convex-test's cursor for the end of a query. */
const END_CURSOR = "_end_cursor";

const runStorage = new AsyncLocalStorage<TrackedRun>();

export function trackRun<T>(run: TrackedRun, work: () => T): T {
  return runStorage.run(run, work);
}

export function trackDatabase(
  db: MockDatabase,
  componentPath: string,
  onCommit: (changes: readonly DocumentChange[]) => void,
): void {
  const key = (table: string): string => `${componentPath}:${table}`;
  const stock = {
    get: db.get.bind(db),
    iterateDocs: db._iterateDocs.bind(db),
    evaluateQuery: db._evaluateQuery.bind(db),
    paginate: db.paginate.bind(db),
    commit: db.commit.bind(db),
  };
  const noteRead = (table: string): void => void runStorage.getStore()?.reads.add(key(table));

  db.get = (table, id) => {
    if (typeof id === "string") {
      noteRead(tableOf(id));
      noteDocument(componentPath, id);
    }
    return stock.get(table, id);
  };
  db._iterateDocs = (table, callback) => {
    noteRead(table);
    stock.iterateDocs(table, callback);
  };
  const noteQuery = ({ source }: Query): void => {
    noteRead(source.type === "FullTableScan" ? source.tableName : (source.indexName.split(".")[0] ?? ""));
  };
  db._evaluateQuery = (query) => {
    noteQuery(query);
    return stock.evaluateQuery(query);
  };
  db.paginate = (args) => {
    noteQuery(args.query);
    const run = runStorage.getStore();
    const endCursor = args.endCursor ?? run?.journal ?? null;
    const result = stock.paginate({ ...args, endCursor });
    if (endCursor !== null && endCursor !== END_CURSOR && result.isDone) {
      // convex-test takes the whole query for done when the document at the end cursor is gone.
      Object.assign(result, { isDone: false, continueCursor: endCursor });
    }
    if (run !== undefined) run.journal = result.continueCursor;
    return result;
  };
  db.commit = (commitTs) => {
    const [layer] = db._writes;
    if (layer === undefined || db._writes.length > 1) {
      stock.commit(commitTs);
      return;
    }
    if (Object.keys(layer).length > 0 && keepWrites(componentPath, layer)) {
      // An optimistic mutation: whether it takes place is decided later.
      db.rollbackWrites();
      return;
    }
    const before = new Map(Object.keys(layer).map((id) => [id, db._documents[id] ?? null]));
    stock.commit(commitTs);
    if (before.size === 0) return;
    onCommit(
      [...before].map(([id, was]) => ({
        componentPath,
        table: tableOf(id),
        id,
        before: was,
        after: db._documents[id] ?? null,
      })),
    );
  };
}
