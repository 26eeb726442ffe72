/** What a push contains, module by module: functions with their validators, HTTP routes, public exports. */
import type { AnalyzedFunction, AnalyzedModule, ExportTree } from "./pushTypes.js";
import { asRegisteredFunction, asRouter, type RegisteredFunction } from "./registered.js";

type ModuleExports = Record<string, unknown>;

/** Thrown for mistakes in the pushed project; reported to the CLI as 400. */
export class PushError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function analyzeModules(modules: ReadonlyMap<string, ModuleExports>): Map<string, AnalyzedModule> {
  const analyzed = new Map<string, AnalyzedModule>();
  for (const [name, exports] of modules) {
    const functions: AnalyzedFunction[] = [];
    for (const [exportName, value] of Object.entries(exports)) {
      const fn = asRegisteredFunction(value);
      if (fn !== null) functions.push(analyzeFunction(exportName, fn));
    }
    analyzed.set(name, {
      functions,
      httpRoutes: httpRoutes(name, exports),
      cronSpecs: null,
      sourceMapped: null,
    });
  }
  return analyzed;
}
function analyzeFunction(name: string, fn: RegisteredFunction): AnalyzedFunction {
  const kind = fn.isPublic === true ? "public" : fn.isInternal === true ? "internal" : null;
  return {
    name,
    pos: null,
    udfType: fn.isQuery === true ? "Query" : fn.isMutation === true ? "Mutation" : "Action",
    visibility: kind === null ? null : { kind },
    args: sortFields(fn.exportArgs()),
    returns: sortFields(fn.exportReturns()),
  };
}
function httpRoutes(name: string, exports: ModuleExports): AnalyzedModule["httpRoutes"] {
  if (name !== "http") return null;
  const router = asRouter(exports.default);
  if (router === null)
    throw new PushError("InvalidHttp", "The default export of http.ts is not an httpRouter().");
  return router.getRoutes().map(([routePath, method]) => ({ route: { path: routePath, method }, pos: null }));
}

type ExportedValidator =
  | { type: "object"; value: Record<string, { fieldType: ExportedValidator; optional: boolean }> }
  | { type: "array"; value: ExportedValidator }
  | { type: "union"; value: ExportedValidator[] }
  | { type: "record"; keys: ExportedValidator; values: { fieldType: ExportedValidator; optional: boolean } }
  | { type: "null" };

/** Sorts the fields of every object inside an exported validator (JSON, or "null" for none). */
function sortFields(json: string): string {
  return JSON.stringify(sortValidator(JSON.parse(json) as ExportedValidator | null));
}
function sortValidator<V extends ExportedValidator | null>(validator: V): V {
  switch (validator?.type) {
    case "object": {
      const fields = Object.entries(validator.value).sort(([a], [b]) => (a < b ? -1 : 1));
      return {
        ...validator,
        value: Object.fromEntries(fields.map(([name, field]) => [name, sortField(field)])),
      };
    }
    case "array":
      return { ...validator, value: sortValidator(validator.value) };
    case "union":
      return { ...validator, value: validator.value.map(sortValidator) };
    case "record":
      return { ...validator, keys: sortValidator(validator.keys), values: sortField(validator.values) };
    default:
      return validator;
  }
}
function sortField<F extends { fieldType: ExportedValidator }>(field: F): F {
  return { ...field, fieldType: sortValidator(field.fieldType) };
}

/** Public functions by file, the way the backend exports them to the parent component. */
export function fileBasedExports(modules: ReadonlyMap<string, AnalyzedModule>): ExportTree {
  interface Node {
    children: Map<string, Node>;
    leaf?: string;
  }
  const root: Node = { children: new Map() };
  for (const [name, module] of modules) {
    for (const fn of module.functions) {
      if (fn.visibility?.kind !== "public") continue;
      let node = root;
      for (const part of [...name.split("/"), fn.name]) {
        const next: Node = node.children.get(part) ?? { children: new Map() };
        node.children.set(part, next);
        node = next;
      }
      node.leaf = `_reference/function/${name}:${fn.name}`;
    }
  }
  const serialize = (node: Node): ExportTree =>
    node.leaf !== undefined
      ? { type: "leaf", leaf: node.leaf }
      : {
          type: "branch",
          branch: [...node.children]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, child]) => [name, serialize(child)]),
        };
  return serialize(root);
}
