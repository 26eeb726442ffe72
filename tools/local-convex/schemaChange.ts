/** What a pushed schema means for the data that is already there. */
import type { AnalyzedPush } from "./analyze.js";
import { describeComponents } from "./components.js";
import type { Engine } from "./engine.js";
import { tableOf } from "./mock.js";
import type { DatabaseIndex, IndexDiff, SchemaStatus } from "./pushTypes.js";

type Failed = Extract<SchemaStatus, { type: "failed" }>;

/** The first existing document that does not fit the pushed schema, reported the way the backend does. */
export function mismatch(engine: Engine, push: AnalyzedPush): Failed | null {
  for (const component of describeComponents(push).values()) {
    const current = engine.database(component.path);
    if (current === undefined || component.schema === null) continue;
    const next = engine.createDatabase(component.schema);
    for (const document of Object.values(current._documents)) {
      const table = tableOf(document._id);
      const { _id, _creationTime, ...fields } = document;
      try {
        next._validate(table, fields);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return {
          type: "failed",
          error: `Document with ID "${_id}" in table "${table}" does not match the schema: ${reason}`,
          componentPath: component.path,
          tableName: table,
        };
      }
    }
  }
  return null;
}

/** Added and removed indexes per component, which the CLI prints after a push. */
export function indexDiffs(engine: Engine, push: AnalyzedPush): Record<string, IndexDiff> {
  const diffs: Record<string, IndexDiff> = {};
  for (const component of describeComponents(push).values()) {
    const before = databaseIndexes(engine.database(component.path));
    const after = databaseIndexes(engine.createDatabase(component.schema));
    const added = [...after.values()].filter((index) => !sameIndex(index, before.get(index.name)));
    const removed = [...before.values()].filter((index) => !sameIndex(index, after.get(index.name)));
    if (added.length > 0 || removed.length > 0) {
      diffs[component.path] = { added_indexes: added, removed_indexes: removed };
    }
  }
  return diffs;
}

type Database = ReturnType<Engine["createDatabase"]>;

function databaseIndexes(database: Database | undefined): Map<string, DatabaseIndex> {
  const indexes = new Map<string, DatabaseIndex>();
  for (const [table, { indexes: exported }] of database?._schema?.tables ?? []) {
    for (const { indexDescriptor, fields } of exported) {
      const name = `${table}.${indexDescriptor}`;
      indexes.set(name, { name, type: "database", fields });
    }
  }
  return indexes;
}
function sameIndex(a: DatabaseIndex, b: DatabaseIndex | undefined): boolean {
  return b !== undefined && a.fields.join() === b.fields.join();
}
