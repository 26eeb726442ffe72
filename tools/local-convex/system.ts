/**
 * The few `_system/*` functions that are needed here: the CLI's queries for `env list`, `env get`, `data`,
 * `function-spec` and error messages, and the dashboard's edit of a document.
 */
import {
  convexToJson,
  type GenericValidator,
  jsonToConvex,
  type JSONValue,
  v,
  type Value,
} from "convex/values";
import type { CallRequest, CallResult, Engine } from "./engine.js";
import { type MockDatabase, tableOf } from "./mock.js";
import { type ExportedValidator, mismatchOf } from "./schemaErrors.js";
import { asRegisteredFunction } from "./registered.js";
import { describeError } from "./uncaught.js";

type Args = Record<string, unknown>;
type SystemQuery = (engine: Engine, componentPath: string, args: Args) => Value;

const SYSTEM_QUERIES: Record<string, SystemQuery> = {
  "_system/cli/queryEnvironmentVariables": (engine) =>
    Object.entries(engine.env)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => ({ name, value })),
  "_system/cli/queryEnvironmentVariables:get": (engine, _, { name }) => {
    const value = engine.env[String(name)];
    return value === undefined ? null : { name: String(name), value };
  },
  "_system/cli/convexUrl:cloudUrl": (engine) => engine.urls.cloud,
  "_system/cli/modules:apiSpec": (engine, componentPath) => apiSpec(engine, componentPath),
  "_system/cli/tables": (engine, componentPath) => {
    const database = engine.database(componentPath);
    const tables = new Set(database?._schema?.tables.keys());
    for (const id of Object.keys(database?._documents ?? {})) tables.add(tableOf(id));
    const page = [...tables].filter((name) => !name.startsWith("_")).map((name) => ({ name }));
    return { page, isDone: true, continueCursor: "" };
  },
  "_system/cli/tableData": (engine, componentPath, args) => tableData(engine.database(componentPath), args),
  "_system/cli/tableSize:default": (engine, componentPath, { tableName }) =>
    documentsOf(engine.database(componentPath), String(tableName)).length,
};

/** What the dashboard calls when somebody edits documents on its data page. */
const EDIT = "_system/frontend/patchDocumentsFields";

/** What the backend's functions of these names demand of their arguments; the component may be named with each. */
const PAGINATION_OPTIONS = v.object({
  numItems: v.number(),
  cursor: v.union(v.string(), v.null()),
  endCursor: v.optional(v.union(v.string(), v.null())),
  id: v.optional(v.number()),
  maximumRowsRead: v.optional(v.number()),
  maximumBytesRead: v.optional(v.number()),
});
const ORDER = v.union(v.literal("asc"), v.literal("desc"));
const ARGUMENTS: Record<string, GenericValidator | undefined> = {
  "_system/cli/queryEnvironmentVariables": v.object({}),
  "_system/cli/queryEnvironmentVariables:get": v.object({ name: v.string() }),
  "_system/cli/convexUrl:cloudUrl": v.object({}),
  "_system/cli/modules:apiSpec": v.object({}),
  "_system/cli/tables": v.object({ paginationOpts: PAGINATION_OPTIONS }),
  "_system/cli/tableData": v.object({ table: v.string(), order: ORDER, paginationOpts: PAGINATION_OPTIONS }),
  "_system/cli/tableSize:default": v.object({ tableName: v.string() }),
  [EDIT]: v.object({ table: v.string(), ids: v.optional(v.array(v.string())), fields: v.any() }),
};

function refuseArguments(name: string, { componentId: _component, ...args }: Args): CallResult | null {
  const validator = ARGUMENTS[name];
  // What the CLI's protocol expects, and missing from the public types.
  const exported = (validator as unknown as { json: ExportedValidator } | undefined)?.json;
  const problem = exported === undefined ? null : mismatchOf(exported, jsonToConvex(args as JSONValue));
  if (problem === null) return null;
  const errorMessage = `[Request ID: local] Server Error\nArgumentValidationError: ${problem}\n`;
  return { ok: false, errorMessage, logLines: [] };
}

/** Undefined when the call is for one of the project's own functions. */
export async function runSystemFunction(engine: Engine, call: CallRequest): Promise<CallResult | undefined> {
  if (!call.udfPath.startsWith("_system/")) return undefined;
  const name = call.udfPath.replace(/:default$/, "");
  const query = SYSTEM_QUERIES[name] ?? SYSTEM_QUERIES[call.udfPath];
  if (!call.admin) return { ok: false, errorMessage: "System functions need the admin key.", logLines: [] };
  const refused = refuseArguments(name in ARGUMENTS ? name : call.udfPath, (call.args ?? {}) as Args);
  if (refused !== null) return refused;
  if (name === EDIT) return await edit(engine, (call.args ?? {}) as Args);
  if (query === undefined) {
    return { ok: false, errorMessage: `This server does not implement ${call.udfPath}.`, logLines: [] };
  }
  const value = await engine.exclusively(() =>
    query(engine, call.componentPath ?? "", (call.args ?? {}) as Args),
  );
  return { ok: true, value: convexToJson(value), logLines: [] };
}

async function edit(engine: Engine, { ids, fields }: Args): Promise<CallResult> {
  try {
    await engine.patchDocuments(ids as string[], jsonToConvex(fields as JSONValue) as Record<string, Value>);
    return { ok: true, value: null, logLines: [] };
  } catch (error) {
    return { ok: false, ...describeError(error), logLines: [] };
  }
}

function apiSpec(engine: Engine, componentPath: string): Value {
  const spec: Value[] = [];
  for (const [modulePath, exports] of engine.components().get(componentPath)?.modules ?? []) {
    for (const [name, value] of Object.entries(exports)) {
      const fn = asRegisteredFunction(value);
      if (fn === null) continue;
      spec.push({
        functionType: fn.isQuery === true ? "Query" : fn.isMutation === true ? "Mutation" : "Action",
        identifier: `${modulePath}.js:${name}`,
        visibility: { kind: fn.isPublic === true ? "public" : "internal" },
        args: JSON.parse(fn.exportArgs()) as Value,
        returns: JSON.parse(fn.exportReturns()) as Value,
      });
    }
  }
  return spec;
}

function tableData(database: MockDatabase | undefined, args: Args): Value {
  const { numItems, cursor } = args.paginationOpts as { numItems: number; cursor: string | null };
  const documents = documentsOf(database, String(args.table));
  if (args.order !== "asc") documents.reverse();
  const start = Number(cursor ?? 0);
  const page = documents.slice(start, start + numItems);
  return {
    page: page as unknown as Value[],
    isDone: start + numItems >= documents.length,
    continueCursor: String(start + numItems),
  };
}

/** Oldest first: ids of the mock count upwards. */
function documentsOf(database: MockDatabase | undefined, table: string) {
  return Object.values(database?._documents ?? {}).filter((document) => tableOf(document._id) === table);
}
