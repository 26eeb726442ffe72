/**
 * The few `_system/*` functions that are needed here: the CLI's queries for `env list`, `env get`, `data`,
 * `function-spec` and error messages, and the dashboard's edit of a document.
 */
import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { describeError, type CallRequest, type CallResult, type Engine } from "./engine.js";
import { type MockDatabase, tableOf } from "./mock.js";
import { asRegisteredFunction } from "./registered.js";

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

/** Undefined when the call is for one of the project's own functions. */
export async function runSystemFunction(engine: Engine, call: CallRequest): Promise<CallResult | undefined> {
  if (!call.udfPath.startsWith("_system/")) return undefined;
  const name = call.udfPath.replace(/:default$/, "");
  const query = SYSTEM_QUERIES[name] ?? SYSTEM_QUERIES[call.udfPath];
  if (!call.admin) return { ok: false, errorMessage: "System functions need the admin key.", logLines: [] };
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
