import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import {
  findModule,
  type Module,
  moduleName,
  moduleOf,
  type Project,
  readProject,
  refersTo,
} from "./project.js";
import { exportedNames, findAll, importsOf, localOf, methodCalls, nameOf, textProperty } from "./syntax.js";

/** The parts of the set-up, as a project has them: init adds what is missing, doctor says what is. */

/** The name of the component where `app.use` gives none. */
export const COMPONENT_NAME = "streamingImport";

const OWN_CONFIG = /^convex-streaming-import\/convex\.config(?:\.js)?$/;
const OWN_CLIENT = /^convex-streaming-import$/;
const OWN_GUARD = /^convex-streaming-import\/guard$/;
const OWN_SCHEMA = /^convex-streaming-import\/schema$/;
const OWN_LINT = /^convex-streaming-import\/eslint$/;

/** How the component is mounted in convex.config.ts: under which name, `components.<name>`. Null when it is not. */
export function mountOf(project: Project): { file: string; name: string } | null {
  const config = findModule(project, "convex.config");
  if (config === null) return null;
  const local = localOf(config.source, "default", OWN_CONFIG);
  if (local === null) return null;
  for (const { call } of methodCalls(config.source, "use")) {
    const [component, options] = call.arguments;
    if (component !== undefined && ts.isIdentifier(component) && component.text === local)
      return { file: config.file, name: textProperty(options, "name") ?? COMPONENT_NAME };
  }
  return null;
}

/** The module that calls `defineSchema`'s file, and whether any module declares a mirror, or exports a table. */
export function schemaOf(project: Project): {
  schema: Module | null;
  hasMirrors: boolean;
  hasExports: boolean;
} {
  const mirrors = schemaCalls(project, "mirrorTable");
  return {
    schema: findModule(project, "schema"),
    hasMirrors: mirrors.length > 0,
    hasExports: schemaCalls(project, "exportTable").length > 0 || mirrors.some(isExported),
  };
}

/** The calls of a function of `convex-streaming-import/schema`. */
function schemaCalls({ modules }: Project, name: string): ts.CallExpression[] {
  return modules.flatMap(({ source }) => {
    const local = localOf(source, name, OWN_SCHEMA);
    if (local === null) return [];
    return findAll(source, ts.isCallExpression).filter(
      ({ expression }) => ts.isIdentifier(expression) && expression.text === local,
    );
  });
}

/** Whether a mirror has the option `export`. */
function isExported({ arguments: [, options] }: ts.CallExpression): boolean {
  return (
    options !== undefined &&
    ts.isObjectLiteralExpression(options) &&
    options.properties.some(
      (property) =>
        nameOf(property) === "export" &&
        !(ts.isPropertyAssignment(property) && property.initializer.kind === ts.SyntaxKind.FalseKeyword),
    )
  );
}

export interface ImporterPart {
  /** Where `new StreamingImport(…)` is, and what it is called there. */
  importer: Module;
  variable: string;
  /** The module that exports `internalFunctions()`. */
  functions: Module;
  exported: ReadonlySet<string>;
  /** The option `module`; null where it is left to its default, "imports". */
  moduleOption: string | null;
}

export function importerOf(project: Project): ImporterPart | null {
  for (const importer of project.modules) {
    const local = localOf(importer.source, "StreamingImport", OWN_CLIENT);
    if (local === null) continue;
    const made = findAll(importer.source, ts.isNewExpression).find(
      ({ expression }) => ts.isIdentifier(expression) && expression.text === local,
    );
    if (made === undefined) continue;
    const { parent } = made;
    const variable =
      ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) ? parent.name.text : COMPONENT_NAME;
    const functions =
      project.modules.find(({ source }) => methodCalls(source, "internalFunctions").length > 0) ?? importer;
    return {
      importer,
      variable,
      functions,
      exported: exportedNames(functions.source),
      moduleOption: textProperty(made.arguments?.[2], "module"),
    };
  }
  return null;
}

/** The module's name in the default of `StreamingImport`, of the command and of the documentation. */
export const DEFAULT_MODULE = "imports";

/** The module in which the component looks for the importer's functions. */
export function expectedModule({ moduleOption }: ImporterPart): string {
  return moduleOption ?? DEFAULT_MODULE;
}

/** The prefixes under which routes are registered: "" for the root. Empty when they are not registered. */
export function routesOf(project: Project, { importer, variable }: ImporterPart): string[] {
  return project.modules.flatMap(({ file, source }) => {
    const locals = importsOf(source)
      .filter(({ imported, specifier }) => imported === variable && refersTo(specifier, file, importer.file))
      .map(({ local }) => local);
    if (file === importer.file) locals.push(variable);
    return methodCalls(source, "registerRoutes")
      .filter(({ receiver }) => receiver !== null && locals.includes(receiver))
      .map(({ call }) => (textProperty(call.arguments[1], "pathPrefix") ?? "").replace(/^\/*|\/+$/g, ""))
      .map((prefix) => (prefix === "" ? "" : `/${prefix}`));
  });
}

/** The module with the guarded builders, or null. */
export function guardOf(project: Project): Module | null {
  return (
    project.modules.find(({ source }) => {
      const local = localOf(source, "guard", OWN_GUARD);
      return (
        local !== null &&
        findAll(source, ts.isCallExpression).some(
          ({ expression }) => ts.isIdentifier(expression) && expression.text === local,
        )
      );
    }) ?? null
  );
}

/** Modules that take `mutation` or `internalMutation` from Convex's generated code, where nothing guards them. */
export function rawBuildersOf(project: Project, guard: Module | null): string[] {
  return project.modules
    .filter(({ file }) => file !== guard?.file)
    .filter(({ source }) =>
      importsOf(source).some(
        ({ imported, specifier }) =>
          (imported === "mutation" || imported === "internalMutation") &&
          /(?:^|\/)_generated\/server(?:\.js)?$/.test(specifier),
      ),
    )
    .map(({ file }) => file);
}

const LINT_FILES = ["js", "mjs", "cjs", "ts", "mts", "cts"].map((kind) => `eslint.config.${kind}`);

/** The flat config of the project, or null. */
export function lintConfigOf({ root }: Project): Module | null {
  const file = LINT_FILES.find((name) => existsSync(path.join(root, name)));
  return file === undefined ? null : moduleOf(file, readFileSync(path.join(root, file), "utf8"));
}

/** Whether a flat config uses the plugin. */
export function lints({ source, text }: Module): boolean {
  return (
    importsOf(source).some(({ specifier }) => OWN_LINT.test(specifier)) ||
    // CommonJS, which can only import() the plugin.
    /(?:import|require)\(\s*["'`]convex-streaming-import\/eslint["'`]/.test(text)
  );
}

/** Runs ESLint, by itself or through a framework. */
const RUNS_ESLINT = /(?<![\w-])(?:eslint(?:_d)?|(?:next|nuxt|expo|ng) lint)(?![\w-])/;

/**
 * What to write into package.json so that a script runs ESLint; null where one does. Without it, the rules are seen in
 * editors alone: `npm create vite` makes apps whose `lint` is oxlint, which does not load the plugin.
 */
export function missingLintScript({ manifest, functionsDir }: Project): { why: string; fix: string } | null {
  const scripts = manifest.scripts ?? {};
  if (Object.values(scripts).some((script) => RUNS_ESLINT.test(script))) return null;
  const eslint = `eslint ${functionsDir}`;
  const { lint } = scripts;
  if (lint === undefined) {
    return {
      why: "No script in package.json runs ESLint, so only editors show writes to mirrors",
      fix: `Add to the scripts in package.json: "lint": "${eslint}"`,
    };
  }
  return {
    why: `The script "lint" runs ${JSON.stringify(lint)}, not ESLint, so only editors show writes to mirrors`,
    fix: `Change the script in package.json to: "lint": ${JSON.stringify(`${lint} && ${eslint}`)}`,
  };
}

/** The script of package.json that runs the guard's gate, or null. */
export function gateOf({ manifest }: Project): string | null {
  const found = Object.entries(manifest.scripts ?? {}).find(([, script]) =>
    /\bstreaming-import guard\b/.test(script),
  );
  return found?.[0] ?? null;
}

/** The module under which the command calls the importer's functions. */
export function functionsModuleOf(project: Project, { functions }: ImporterPart): string {
  return moduleName(project, functions.file);
}

/** The path under which the project of a directory serves the import API: "" for the root, and where it is not told. */
export async function registeredPrefix(directory: string): Promise<string> {
  try {
    const project = await readProject(directory);
    const importer = importerOf(project);
    const prefixes = importer === null ? [] : routesOf(project, importer);
    return prefixes.includes("") ? "" : (prefixes[0] ?? "");
  } catch {
    // `doctor` reports what is wrong with the project; the address may still be right.
    return "";
  }
}
