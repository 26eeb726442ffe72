import { messageOf } from "../../terminal/exit.js";
import { FORMER_FUNCTIONS, importerFunctions } from "../../project/functionNames.js";
import { localSchema, type LocalSchema } from "../../project/localSchema.js";
import {
  expectedModule,
  functionsModuleOf,
  gateOf,
  guardOf,
  importerOf,
  lintConfigOf,
  lints,
  missingLintScript,
  mountOf,
  rawBuildersOf,
  routesOf,
  type ImporterPart,
} from "../../project/parts.js";
import type { Project } from "../../project/project.js";
import { error, named, ok, warning, type Check } from "../check.js";

/** What the project's files say of the set-up. */
export interface SetUp {
  checks: Check[];
  /** What its schema declares; null when it cannot be loaded. */
  schema: LocalSchema | null;
  /** The prefixes under which http.ts serves the import API. */
  prefixes: string[];
  module: string | null;
}

export async function checkSetUp(project: Project): Promise<SetUp> {
  const init = `${project.packageManager.exec} streaming-import init`;
  const importer = importerOf(project);
  const prefixes = importer === null ? [] : routesOf(project, importer);
  const { check: declared, schema } = await checkMirrors(project, init);
  return {
    checks: [
      checkMount(project, init),
      declared,
      ...checkImporter(project, importer, importerFunctions((schema?.exported.length ?? 0) > 0), init),
      ...checkRoutes(importer, prefixes, init),
      ...checkGuard(project, init),
    ],
    schema,
    prefixes,
    module: importer === null ? null : functionsModuleOf(project, importer),
  };
}

function checkMount(project: Project, init: string): Check {
  const mount = mountOf(project);
  if (mount !== null)
    return ok("component-mounted", `${mount.file} mounts the component as "${mount.name}".`);
  return error(
    "component-mounted",
    `${project.functionsDir}/convex.config.ts does not mount the component.`,
    `${init}, or write app.use(streamingImport) there.`,
  );
}

async function checkMirrors(
  project: Project,
  init: string,
): Promise<{ check: Check; schema: LocalSchema | null }> {
  const code = "mirrors-declared";
  try {
    const schema = await localSchema(project);
    const names = schema.mirrors.map(({ name }) => name);
    if (names.length > 0) return { check: ok(code, `The schema declares ${named(names)}.`), schema };
    // An app may only export.
    if (schema.exported.length > 0)
      return { check: ok(code, `The schema exports ${named(schema.exported)}.`), schema };
    return {
      check: error(code, "The schema declares no mirror.", `Declare one with mirrorTable, or: ${init}`),
      schema,
    };
  } catch (thrown) {
    return { check: error(code, messageOf(thrown), "Fix the schema, then run this again."), schema: null };
  }
}

function checkImporter(
  project: Project,
  importer: ImporterPart | null,
  names: readonly string[],
  init: string,
): Check[] {
  const code = "importer-exported";
  if (importer === null)
    return [error(code, `No module of ${project.functionsDir} makes a StreamingImport.`, init)];
  const { functions, exported } = importer;
  const module = functionsModuleOf(project, importer);
  if (expectedModule(importer) !== module) {
    return [
      error(
        code,
        `The component looks for its functions in "${expectedModule(importer)}", but "${module}" exports them.`,
        `Say so in ${importer.importer.file}: new StreamingImport(…, schema, { module: "${module}" }).`,
      ),
    ];
  }
  const missing = names.filter((name) => !exported.has(name));
  const former = [...exported].filter((name) => FORMER_FUNCTIONS.has(name));
  const line = `export const { ${names.join(", ")} } = ${importer.variable}.internalFunctions();`;
  if (former.length > 0) {
    return [
      error(
        code,
        `${functions.file} exports ${named(former)} of an earlier version of the package.`,
        `Replace its export of internalFunctions() with: ${line}`,
      ),
    ];
  }
  if (missing.length > 0) {
    return [
      error(
        code,
        `${functions.file} does not export ${named(missing)}, which the component and commands call.`,
        `${init}, or write in ${functions.file}: ${line}`,
      ),
    ];
  }
  return [ok(code, `${functions.file} exports the importer's functions.`)];
}

function checkRoutes(importer: ImporterPart | null, prefixes: readonly string[], init: string): Check[] {
  const code = "routes-registered";
  // Routes are the importer's, which another check misses.
  if (importer === null) return [];
  if (prefixes.length > 0) {
    const paths = prefixes.map((prefix) => (prefix === "" ? "the root" : prefix));
    return [ok(code, `The import API is served under ${paths.join(" and ")}.`)];
  }
  return [
    error(
      code,
      "Nothing serves the import API, so that connectors find nothing there.",
      `${init}, or write ${importer.variable}.registerRoutes(http) in http.ts.`,
    ),
  ];
}

function checkGuard(project: Project, init: string): Check[] {
  const guard = guardOf(project);
  const raw = rawBuildersOf(project, guard);
  const config = lintConfigOf(project);
  const gate = gateOf(project);
  return [
    guard === null
      ? error(
          "builders-guarded",
          "There are no guarded builders, so code of the app can write mirrors.",
          init,
        )
      : ok("builders-guarded", `${guard.file} makes the guarded builders.`),
    // Without guarded builders there is nothing else to import.
    ...(guard === null ? [] : [checkRaw(raw, guard.file)]),
    config !== null && lints(config)
      ? ok("eslint-plugin", `${config.file} uses the plugin.`)
      : warning(
          "eslint-plugin",
          `${config === null ? "There is no flat config of ESLint" : `${config.file} does not use the plugin`}: ESLint does not find writes to mirrors.`,
          init,
        ),
    // Without the plugin, ESLint would find nothing.
    ...(config !== null && lints(config) ? [checkLintScript(project)] : []),
    gate === null
      ? warning(
          "guard-gate",
          "No script in package.json runs the guard, so nothing stops a deploy that writes mirrors.",
          `${init}, and put "streaming-import guard &&" before "convex deploy".`,
        )
      : ok("guard-gate", `The script "${gate}" runs the guard.`),
  ];
}

function checkLintScript(project: Project): Check {
  const code = "eslint-script";
  const missing = missingLintScript(project);
  return missing === null
    ? ok(code, "A script in package.json runs ESLint.")
    : warning(code, `${missing.why}.`, missing.fix);
}

function checkRaw(raw: readonly string[], guard: string): Check {
  if (raw.length === 0) return ok("builders-used", "All mutations use the guarded builders.");
  return warning(
    "builders-used",
    `Convex's own builders make the mutations of ${raw.join(", ")}, which can write mirrors at run time.`,
    `Import mutation and internalMutation from ${guard} there.`,
  );
}
