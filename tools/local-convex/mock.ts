/**
 * The one seam to convex-test's internals.
 *
 * convex-test fixes schema and modules when it is constructed and offers no way to exchange them later. A server that
 * must keep its data across pushes needs the live component table ({ db, modules } per component path), so this file
 * gets hold of it and gives it types. Everything else in this folder goes through `MockComponents`.
 *
 * Because these are internals, the pinned version is checked first and the shape afterwards; both fail loudly.
 */
import { createRequire } from "node:module";
import { convexTest } from "convex-test";
import type { GenericSchema, SchemaDefinition } from "convex/server";

const SUPPORTED_VERSION = "0.0.60";

export type Schema = SchemaDefinition<GenericSchema, boolean>;
export type Document = Record<string, unknown> & { _id: string; _creationTime: number };
/** A layer of pending writes, by document id; `null` is a pending delete. */
export type WriteLayer = Record<string, Document | null>;

/** Ids of the mock are a counter followed by the table's name. */
export function tableOf(id: string): string {
  return id.replace(/^[0-9]+/, "");
}

export interface RangeFilter {
  type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte";
  fieldPath: string;
  value: unknown;
}
export type QuerySource =
  | { type: "FullTableScan"; tableName: string; order?: "asc" | "desc" | null }
  | { type: "IndexRange"; indexName: string; range: RangeFilter[]; order?: "asc" | "desc" | null }
  | {
      type: "Search";
      indexName: string;
      filters: { type: "Search" | "Eq"; fieldPath: string; value: unknown }[];
    };
export interface Query {
  source: QuerySource;
  operators: unknown[];
}
export interface PaginateArgs {
  query: Query;
  cursor: string | null;
  endCursor?: string | null;
  pageSize: number;
  maximumRowsRead?: number;
  maximumBytesRead?: number;
}
export interface PageResult {
  page: Document[];
  isDone: boolean;
  continueCursor: string;
}
export interface ResolvedSource {
  sortedDocs: Document[];
  filterFn: (doc: Document) => boolean;
  limit: number | null;
  fieldPathsToSortBy: string[];
  order: "asc" | "desc";
}
export interface ExportedTable {
  documentType: unknown;
  indexes: { indexDescriptor: string; fields: string[] }[];
}

/** The parts of convex-test's `DatabaseFake` this folder reads, calls or replaces on the instance. */
export interface MockDatabase {
  _documents: Record<string, Document>;
  _writes: WriteLayer[];
  _schema: { schemaValidation: boolean; tables: Map<string, ExportedTable> } | null;
  _queryResults: Record<number, Document[]>;
  get(table: string | undefined, id: string): Document | null;
  startTransaction(): void;
  commit(commitTs?: bigint | null): void;
  rollbackWrites(): void;
  stashWrites(): WriteLayer[];
  restoreWrites(layers: WriteLayer[]): void;
  queryNext(queryId: number): { value: Document | null; done: boolean };
  paginate(args: PaginateArgs): PageResult;
  _validate(table: string, doc: Record<string, unknown>): void;
  _addWrite(id: string, value: Document | null): void;
  _iterateDocs(table: string, callback: (doc: Document) => void): void;
  _resolveQuerySource(query: Query): ResolvedSource;
  _evaluateQuery(query: Query): Document[];
  _docIsAfterCursor(doc: Document, cursor: unknown[], fields: string[], order: "asc" | "desc"): number;
}
const DATABASE_METHODS = [
  "get",
  "startTransaction",
  "commit",
  "rollbackWrites",
  "stashWrites",
  "restoreWrites",
  "queryNext",
  "paginate",
  "_validate",
  "_addWrite",
  "_iterateDocs",
  "_resolveQuerySource",
  "_evaluateQuery",
  "_docIsAfterCursor",
] as const satisfies readonly (keyof MockDatabase)[];

/** Loads a module of one component by its path without extension, e.g. `messages` or `http`. */
export type ModuleLoader = (path: string) => Promise<Record<string, unknown>>;
export interface MockComponent {
  db: MockDatabase;
  modules: ModuleLoader;
}
export type MockComponents = Record<string, MockComponent>;
export type TestInstance = ReturnType<typeof convexTest>;

export interface FunctionPath {
  componentPath: string;
  udfPath: string;
}
/** `queryFromPath` and friends exist on the instance but are missing from convex-test's published types. */
export type FromPath = (path: FunctionPath, args: Record<string, unknown>) => Promise<unknown>;

function assertVersion(): void {
  const { version } = createRequire(import.meta.url)("convex-test/package.json") as { version: string };
  if (version !== SUPPORTED_VERSION) {
    throw new Error(
      `tools/local-convex works on internals of convex-test ${SUPPORTED_VERSION}, but ${version} is installed. ` +
        `Pin convex-test to ${SUPPORTED_VERSION}, or adapt tools/local-convex/mock.ts and run its tests.`,
    );
  }
}

/**
 * Registers a component and returns what convex-test would have stored for it, together with the table it would have
 * stored it in, without leaving it there.
 *
 * `registerComponent` ends in `components[path] = info`. An inherited setter for a path nobody can use receives that
 * assignment: `this` is the live table. The setter exists only for this synchronous call.
 */
function intercept(
  t: TestInstance,
  schema: Schema | null,
): { components: MockComponents; created: MockComponent } {
  const probe = "\u0000local-convex-probe";
  let caught: { components: MockComponents; created: MockComponent } | undefined;
  Object.defineProperty(Object.prototype, probe, {
    configurable: true,
    set(this: MockComponents, created: MockComponent) {
      caught = { components: this, created };
    },
  });
  try {
    // convex-test's types want a schema; its own code accepts null for a component without one.
    t.registerComponent(probe, schema as Schema, { "./_generated/none.js": () => Promise.resolve({}) });
  } finally {
    Reflect.deleteProperty(Object.prototype, probe);
  }
  if (caught === undefined || typeof caught.created.modules !== "function") {
    throw new Error("convex-test no longer stores components as expected; adapt tools/local-convex/mock.ts");
  }
  for (const method of DATABASE_METHODS) {
    if (typeof caught.created.db[method] !== "function") {
      throw new Error(`convex-test's database has no ${method}(); adapt tools/local-convex/mock.ts`);
    }
  }
  return caught;
}

export interface Mock {
  t: TestInstance;
  /** Live: what is put here is what functions see. The app itself is "". */
  components: MockComponents;
  /** A database with this schema that is not yet part of the instance. */
  createDatabase(schema: Schema | null): MockDatabase;
  /** Runs work of the server in a transaction of its own. */
  runInComponent(componentPath: string, work: () => Promise<null>): Promise<unknown>;
}

export function createMock(options: { schema?: Schema; transactionLimits: boolean }): Mock {
  assertVersion();
  const t = convexTest({
    ...options,
    modules: { "./_generated/none.js": () => Promise.resolve({}) },
  });
  const { components } = intercept(t, null);
  // On the instance, but missing from the published types.
  const { runInComponent } = t as unknown as Pick<Mock, "runInComponent">;
  return { t, components, runInComponent, createDatabase: (schema) => intercept(t, schema).created.db };
}
