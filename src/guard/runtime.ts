import type { GenericDatabaseWriter, GenericDataModel } from "convex/server";
import type { MirrorContract } from "../schema/index.js";
import { exportNotRecorded, mirrorIsReadOnly, type WriteOperation } from "./messages.js";
import type { Recorder } from "./recorder.js";

/** What a guard looks after. */
export interface Protected {
  /** Tables that only the importer writes. */
  readonly mirrors: ReadonlyMap<string, MirrorContract>;
  /** Tables whose changes are recorded. */
  readonly exported: ReadonlySet<string>;
}

/** A writer as the guard sees it: names and ids are what callers pass, whatever their types say. */
interface LooseWriter {
  get: (...args: unknown[]) => unknown;
  query: (table: unknown) => unknown;
  normalizeId: (table: string, id: string) => string | null;
  system: unknown;
  vars: unknown;
  insert: (...args: unknown[]) => Promise<unknown>;
  patch: (...args: unknown[]) => Promise<void>;
  replace: (...args: unknown[]) => Promise<void>;
  delete: (...args: unknown[]) => Promise<void>;
  /** Exists on Convex's writer but not in its types. */
  table?: unknown;
}

/** The writers made here, with what they look after. */
const made = new WeakMap<object, Protected>();

/** Whether `db` is a writer that {@link guardWriter} made. */
export function isGuardedWriter(db: unknown): boolean {
  return typeof db === "object" && db !== null && made.has(db);
}

/**
 * Wraps a database writer so that it refuses to write mirrors, and tells the recorder what it writes to exported
 * tables. Without a recorder it refuses those too.
 *
 * The result is a frozen object whose functions close over the writer; no property holds it, so there is nothing to
 * reach through a spread, `Reflect` or `Object.entries`, and the functions also refuse when detached.
 *
 * Cost: a write that names its table is one look-up in a map, since Convex itself compares the name with the id and
 * refuses the write when they differ; only then the guard asks whose id it is, to say so. The old form without a name
 * asks `normalizeId` (a synchronous call that touches no data) once per mirror.
 */
export function guardWriter<DataModel extends GenericDataModel>(
  writer: GenericDatabaseWriter<DataModel>,
  tables: Protected,
  recorder: Recorder | null = null,
): GenericDatabaseWriter<DataModel> {
  if (made.get(writer) === tables) return writer;
  const { mirrors, exported } = tables;
  const db = writer as unknown as LooseWriter;

  function refuseMirror(name: string, operation: WriteOperation): void {
    const contract = mirrors.get(name);
    if (contract !== undefined) throw mirrorIsReadOnly(name, contract, operation);
  }

  function checkTable(table: unknown, operation: WriteOperation): asserts table is string {
    requireString("table", table, operation);
    refuseMirror(table, operation);
  }

  function checkId(id: unknown, operation: WriteOperation): asserts id is string {
    requireString("id", id, operation);
    refuseMirror(id, operation); // A table's name instead of the id: its value is missing.
    for (const [table, contract] of mirrors) {
      if (db.normalizeId(table, id) !== null) throw mirrorIsReadOnly(table, contract, operation);
    }
  }

  /** Makes a write to `table`, and records it if the table is exported. */
  async function record<Result>(
    table: string | null,
    operation: WriteOperation,
    write: () => Promise<Result>,
    id: (result: Result) => string,
  ): Promise<Result> {
    if (table === null || !exported.has(table)) return await write();
    if (recorder?.isOpen !== true) throw exportNotRecorded(table, operation, recorder !== null);
    return await recorder.watch(write(), (result) => ({
      table,
      id: id(result),
      gone: operation === "delete",
    }));
  }

  /** The exported table that an id of the old form belongs to. */
  function exportedTableOf(id: string): string | null {
    for (const table of exported) if (db.normalizeId(table, id) !== null) return table;
    return null;
  }

  /** Makes a write whose table is named. The name decides; an id of another table makes Convex refuse. */
  async function writeNamed(
    table: unknown,
    id: unknown,
    operation: Exclude<WriteOperation, "insert" | "modify">,
    ...value: unknown[]
  ): Promise<void> {
    checkTable(table, operation);
    requireString("id", id, operation);
    try {
      await record(
        table,
        operation,
        async () => db[operation](table, id, ...value),
        () => id,
      );
    } catch (error) {
      checkId(id, operation);
      throw error;
    }
  }

  /** Makes a write of the old form, whose id says which table it writes. */
  async function writeById(
    id: unknown,
    operation: Exclude<WriteOperation, "insert" | "modify">,
    ...value: unknown[]
  ): Promise<void> {
    checkId(id, operation);
    await record(
      exportedTableOf(id),
      operation,
      async () => db[operation](id, ...value),
      () => id,
    );
  }

  // Convex distinguishes the two signatures by whether the last argument is undefined; so must the guard.
  function change(operation: "patch" | "replace") {
    return async (first: unknown, second: unknown, third?: unknown): Promise<void> => {
      if (third !== undefined) {
        await writeNamed(first, second, operation, third);
        return;
      }
      await writeById(first, operation, second);
    };
  }

  const insert = async (table: unknown, value: unknown): Promise<unknown> => {
    checkTable(table, "insert");
    return await record(table, "insert", async () => db.insert(table, value), String);
  };
  const patch = change("patch");
  const replace = change("replace");
  const remove = async (first: unknown, second?: unknown): Promise<void> => {
    if (second !== undefined) {
      await writeNamed(first, second, "delete");
      return;
    }
    await writeById(first, "delete");
  };

  const guarded = Object.freeze({
    get: (...args: unknown[]) => db.get(...args),
    query: (table: unknown) => db.query(table),
    normalizeId: (table: string, id: string) => db.normalizeId(table, id),
    system: db.system,
    vars: db.vars,
    insert,
    patch,
    replace,
    delete: remove,
    ...(typeof db.table === "function" && {
      table: (table: unknown) =>
        Object.freeze({
          get: (id: unknown) => db.get(table, id),
          query: () => db.query(table),
          insert: (value: unknown) => insert(table, value),
          patch: (id: unknown, value: unknown) => patch(table, id, value),
          replace: (id: unknown, value: unknown) => replace(table, id, value),
          delete: (id: unknown) => remove(table, id),
        }),
    }),
  });
  made.set(guarded, tables);
  return guarded as unknown as GenericDatabaseWriter<DataModel>;
}

/** A String object, or an object with toJSON, would be no mirror here and one on the wire. */
function requireString(what: string, value: unknown, operation: WriteOperation): asserts value is string {
  if (typeof value === "string") return;
  const found = value === null || value === undefined ? String(value) : `a value of type ${typeof value}`;
  throw new TypeError(`ctx.db.${operation}: the ${what} must be a string, not ${found}.`);
}
