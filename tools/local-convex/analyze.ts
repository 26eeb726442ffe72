/**
 * Push analysis: evaluates the bundles the CLI uploads in plain Node and answers what a backend would report about
 * them. Object fields are sorted like the backend's ordered maps, so that generated types come out byte-identical.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Schema } from "./mock.js";
import { analyzeModules, fileBasedExports, PushError } from "./analyzeModules.js";
import type {
  Analysis,
  CheckedComponent,
  ExportedDefinition,
  HttpRoute,
  ModuleConfig,
  StartPushRequest,
} from "./pushTypes.js";

type ModuleExports = Record<string, unknown>;
const MODULES = "modules";
export interface LoadedDefinition {
  schema: Schema | null;
  /** Module namespaces by path without extension. */
  modules: Map<string, ModuleExports>;
  /** Where the files of the modules are. */
  directory: string;
}
export interface AnalyzedPush {
  analysis: Record<string, Analysis>;
  app: CheckedComponent;
  loaded: Map<string, LoadedDefinition>;
  /** Removes the files the bundles were imported from; imported modules stay usable. */
  dispose(): Promise<void>;
}

interface Definition {
  definitionPath: string;
  definition: ModuleConfig | null;
  dependencies: string[];
  schema: ModuleConfig | null;
  functions: ModuleConfig[];
  udfServerVersion: string;
}

export async function analyzePush(request: StartPushRequest): Promise<AnalyzedPush> {
  if (request.appDefinition.unchangedModuleHashes.length > 0) {
    throw new PushError("UnknownModules", "This server keeps no module hashes; push all modules.");
  }
  const root = await mkdtemp(path.join(tmpdir(), "local-convex-"));
  const dispose = () => rm(root, { recursive: true, force: true });
  try {
    await writeFile(path.join(root, "package.json"), '{"type":"module"}');
    const definitions = dependenciesFirst([
      { ...request.appDefinition, definitionPath: "", functions: request.appDefinition.changedModules },
      ...request.componentDefinitions,
    ]);
    const analysis: Record<string, Analysis> = {};
    const loaded = new Map<string, LoadedDefinition>();
    const defaultNames = new Map<string, string>();
    for (const [position, definition] of definitions.entries()) {
      const dir = path.join(root, `definition${String(position)}`);
      const exported = await evaluateDefinition(dir, definition, defaultNames);
      if (exported.definitionType.type === "childComponent") {
        defaultNames.set(definition.definitionPath, exported.definitionType.name);
      }
      const schema = await loadSchema(dir, definition.schema);
      const modules = await loadModules(dir, definition.functions);
      const functions = analyzeModules(modules);
      analysis[definition.definitionPath] = {
        definition: { path: definition.definitionPath, ...exported, exports: fileBasedExports(functions) },
        schema: exportSchema(schema),
        functions: Object.fromEntries([...functions].map(([name, module]) => [`${name}.js`, module])),
        udfConfig: {
          serverVersion: definition.udfServerVersion,
          importPhaseRngSeed: null,
          importPhaseUnixTimestamp: null,
        },
      };
      loaded.set(definition.definitionPath, { schema, modules, directory: path.join(dir, MODULES) });
    }
    return { analysis, app: checkedComponent(analysis, "", ""), loaded, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A parent needs the default names of its children, so children are evaluated first. */
function dependenciesFirst(definitions: Definition[]): Definition[] {
  const byPath = new Map(definitions.map((definition) => [definition.definitionPath, definition]));
  const ordered = new Set<Definition>();
  const visit = (definition: Definition): void => {
    for (const dependency of definition.dependencies) {
      const child = byPath.get(dependency);
      if (child === undefined) throw new PushError("MissingComponent", `No definition for ${dependency}`);
      visit(child);
    }
    ordered.add(definition);
  };
  definitions.forEach(visit);
  return [...ordered];
}

async function writeModule(dir: string, modulePath: string, source: string): Promise<string> {
  const file = path.join(dir, modulePath);
  if (!file.startsWith(dir + path.sep))
    throw new PushError("InvalidModulePath", `Bad module path ${modulePath}`);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, source);
  return file;
}
async function importFile(file: string, what: string): Promise<ModuleExports> {
  try {
    return (await import(pathToFileURL(file).href)) as ModuleExports;
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new PushError("InvalidModules", `Loading the pushed module ${what} failed: ${reason}`);
  }
}

async function evaluateDefinition(
  dir: string,
  definition: Definition,
  defaultNames: ReadonlyMap<string, string>,
): Promise<ExportedDefinition> {
  if (definition.definition === null) {
    return { definitionType: { type: "app" }, childComponents: [], httpMounts: {} };
  }
  const definitionDir = path.join(dir, "definition");
  // The CLI leaves imports of child components open; the backend supplies these modules.
  for (const dependency of definition.dependencies) {
    const encoded = Buffer.from(dependency).toString("base64url");
    const child = { componentDefinitionPath: dependency, defaultName: defaultNames.get(dependency) };
    const source = `export default ${JSON.stringify(child)}`;
    await writeModule(definitionDir, path.join("_componentDeps", `${encoded}.js`), source);
  }
  const source = definition.definition.source.replace(
    /(["'])(\.\/_componentDeps\/[\w-]+)\1/g,
    (_, quote: string, specifier: string) => `${quote}${specifier}.js${quote}`,
  );
  const file = await writeModule(definitionDir, "convex.config.js", source);
  const { default: exported } = await importFile(file, "convex.config");
  if (typeof exported !== "object" || exported === null || !("export" in exported)) {
    throw new PushError("InvalidDefinition", "convex.config.ts must export an app or component definition.");
  }
  return (exported as { export(): ExportedDefinition }).export();
}

async function loadSchema(dir: string, module: ModuleConfig | null): Promise<Schema | null> {
  if (module === null) return null;
  const file = await writeModule(path.join(dir, "schema"), "schema.js", module.source);
  const { default: schema } = await importFile(file, "schema");
  if (typeof schema !== "object" || schema === null || !("tables" in schema)) {
    throw new PushError("InvalidSchema", "schema.ts must have a default export from defineSchema().");
  }
  return schema as Schema;
}
function exportSchema(schema: Schema | null): Analysis["schema"] {
  if (schema === null) return null;
  // export() is what the CLI's protocol expects and missing from the public types.
  const exported = (schema as unknown as { export(): string }).export();
  return JSON.parse(exported) as { tables: unknown[]; schemaValidation: boolean };
}

async function loadModules(dir: string, modules: ModuleConfig[]): Promise<Map<string, ModuleExports>> {
  const modulesDir = path.join(dir, MODULES);
  const files: [name: string, file: string][] = [];
  for (const module of modules) {
    const file = await writeModule(modulesDir, module.path, module.source);
    // Chunks shared between bundles are imported by them; they define no functions.
    if (!module.path.startsWith("_deps/")) files.push([module.path.replace(/\.js$/, ""), file]);
  }
  const loaded = new Map<string, ModuleExports>();
  for (const [name, file] of files) loaded.set(name, await importFile(file, name));
  return loaded;
}

function checkedComponent(
  analysis: Record<string, Analysis>,
  definitionPath: string,
  componentPath: string,
): CheckedComponent {
  const analyzed = analysis[definitionPath];
  if (analyzed === undefined) throw new PushError("MissingComponent", `No definition for ${definitionPath}`);
  const { childComponents, httpMounts } = analyzed.definition;
  const routes: HttpRoute[] | null =
    analyzed.functions["http.js"]?.httpRoutes?.map(({ route }) => route) ?? null;
  return {
    definitionPath,
    componentPath,
    args: {},
    childComponents: Object.fromEntries(
      childComponents.map((child) => {
        const childPath = componentPath === "" ? child.name : `${componentPath}/${child.name}`;
        return [child.name, checkedComponent(analysis, child.path, childPath)];
      }),
    ),
    httpRoutes: { httpModuleRoutes: routes, mounts: Object.keys(httpMounts) },
    exports: {},
  };
}
