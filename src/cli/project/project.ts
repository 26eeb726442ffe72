import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { jsonPlace } from "../../core/jsonPlace.js";
import ts from "typescript";
import { functionsOfConvexJson } from "../../../eslint-rules/engine/options.js";
import { messageOf, CliError } from "../terminal/exit.js";
import { importsOf } from "./syntax.js";
import { packageManagerOf, type PackageManager } from "./packageManager.js";

/** A module of the functions directory. */
export interface Module {
  /** From the root of the project, with slashes: "convex/schema.ts". */
  file: string;
  text: string;
  source: ts.SourceFile;
}

/** What `package.json` says, as far as it matters here. */
interface Manifest {
  type?: string;
  scripts?: Record<string, string>;
  workspaces?: unknown;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** A Convex project as it is on disk. */
export interface Project {
  root: string;
  /** From the root, with slashes: "convex". */
  functionsDir: string;
  /** Whether the functions directory is there. */
  hasFunctions: boolean;
  /** Its modules, without generated code, tests and the directories of components of its own. */
  modules: readonly Module[];
  /** What new modules are written in. */
  language: "ts" | "js";
  /** How modules name each other: "" in `./schema`, ".js" in `./schema.js`. */
  extension: string;
  manifest: Manifest;
  packageManager: PackageManager;
}

const CODE = /\.(?:ts|tsx|mts|js|jsx|mjs)$/;
const NOT_A_MODULE = /\.d\.m?ts$|\.(?:test|spec)\.[^.]+$/;

/**
 * Reads the project of a directory.
 * @throws CliError where there is no package.json, or it or convex.json cannot be read, and where the project is one of
 * the packages below
 */
export async function readProject(root: string): Promise<Project> {
  const manifest = readManifest(root);
  const functionsDir = functionsDirOf(root);
  const directory = path.join(root, functionsDir);
  const hasFunctions = existsSync(directory);
  if (!hasFunctions) refuseWorkspace(root, manifest);
  const modules = hasFunctions ? readModules(root, directory) : [];
  return {
    root,
    functionsDir,
    hasFunctions,
    modules,
    language: languageOf(directory, modules),
    extension: extensionOf(modules),
    manifest,
    packageManager: await packageManagerOf(root),
  };
}

function readManifest(root: string): Manifest {
  const file = path.join(root, "package.json");
  let text: string;
  try {
    // Editors of Windows write a byte order mark; npm reads over it.
    text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch {
    throw new CliError(
      "NoProject",
      `There is no package.json in ${root}. Run this in the root of your project, or name it with --cwd.`,
    );
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new CliError("ProjectUnreadable", `${file} is not valid JSON: ${jsonPlace(text)}.`, {
      cause: error,
    });
  }
  if (typeof manifest !== "object" || manifest === null || Array.isArray(manifest))
    throw new CliError(
      "ProjectUnreadable",
      "package.json does not hold a JSON object. Run `npm init` to write a new one.",
    );
  return manifest;
}

/** The project's package.json, for commands that work without one too. */
export function readManifestIfAny(root: string): Manifest {
  return existsSync(path.join(root, "package.json")) ? readManifest(root) : {};
}

function isWorkspace(root: string, { workspaces }: Manifest): boolean {
  return workspaces !== undefined || existsSync(path.join(root, "pnpm-workspace.yaml"));
}

/** How many folders below the root of a workspace its packages are at most: `apps/web/backend`. */
const MAX_DEPTH = 3;

/** Packages below a directory that have Convex functions, from there: "packages/backend". */
function packagesWithFunctions(root: string, below = "", depth = MAX_DEPTH): string[] {
  if (depth === 0) return [];
  return readdirSync(path.join(root, below), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(?:\.|node_modules$)/.test(entry.name))
    .flatMap(({ name }) => {
      const relative = path.posix.join(below, name);
      const directory = path.join(root, relative);
      const isFound =
        existsSync(path.join(directory, "package.json")) &&
        existsSync(path.join(directory, functionsDirOf(directory)));
      return isFound ? [relative] : packagesWithFunctions(root, relative, depth - 1);
    });
}

/**
 * At the root of a workspace without functions, a project of its own would be a second one beside that of a package.
 * @throws CliError where a package has functions
 */
export function refuseWorkspace(root: string, manifest: Manifest): void {
  if (!isWorkspace(root, manifest)) return;
  const [first, ...more] = packagesWithFunctions(root);
  if (first === undefined) return;
  throw new CliError(
    "WorkspaceRoot",
    more.length === 0
      ? `This is the root of a workspace, and its Convex functions are in ${first}. Run this there, or add --cwd ${first}.`
      : `This is the root of a workspace, and Convex functions are in ${[first, ...more].join(", ")}. Run this in one of them, or add --cwd ${first}.`,
  );
}

function functionsDirOf(root: string): string {
  try {
    return path.posix.normalize(functionsOfConvexJson(ts, root) ?? "convex");
  } catch (error) {
    throw new CliError("ProjectUnreadable", messageOf(error));
  }
}

function readModules(root: string, directory: string): Module[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory()) {
      if (entry.name === "_generated" || entry.name === "node_modules") return [];
      // A component that lives in the app's own tree has functions and a schema of its own.
      if (["ts", "js"].some((kind) => existsSync(path.join(full, `convex.config.${kind}`)))) return [];
      return readModules(root, full);
    }
    if (!CODE.test(entry.name) || NOT_A_MODULE.test(entry.name)) return [];
    return [moduleOf(path.relative(root, full).replaceAll("\\", "/"), readFileSync(full, "utf8"))];
  });
}

export function moduleOf(file: string, text: string): Module {
  return { file, text, source: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) };
}

/** The module of that name in the functions directory, whatever its extension: "schema". */
export function findModule({ functionsDir, modules }: Project, name: string): Module | null {
  return modules.find(({ file }) => file.replace(CODE, "") === `${functionsDir}/${name}`) ?? null;
}

/** The name by which Convex knows a module: "import/functions" for `convex/import/functions.ts`. */
export function moduleName({ functionsDir }: Project, file: string): string {
  return file.slice(functionsDir.length + 1).replace(CODE, "");
}

/** Whether `specifier`, written in the module `from`, means the module `to`. */
export function refersTo(specifier: string, from: string, to: string): boolean {
  if (!specifier.startsWith(".")) return false;
  const target = path.posix.join(path.posix.dirname(from), specifier);
  return target.replace(CODE, "") === to.replace(CODE, "");
}

/** A module is called so in an import of another one of the functions directory. */
export function specifierOf({ functionsDir, extension }: Project, from: string, name: string): string {
  const relative = path.posix.relative(path.posix.dirname(from), `${functionsDir}/${name}`);
  // What is generated is JavaScript with declarations beside it.
  const suffix = extension === ".ts" && name.startsWith("_generated/") ? ".js" : extension;
  return `${relative.startsWith(".") ? "" : "./"}${relative}${suffix}`;
}

/** JavaScript where there is nothing else, and no tsconfig.json that says what is to come. */
function languageOf(directory: string, modules: readonly Module[]): "ts" | "js" {
  if (existsSync(path.join(directory, "tsconfig.json"))) return "ts";
  const isJs = modules.length > 0 && modules.every(({ file }) => /\.(?:js|jsx|mjs)$/.test(file));
  return isJs ? "js" : "ts";
}

function extensionOf(modules: readonly Module[]): string {
  for (const { source } of modules) {
    const relative = importsOf(source).find(({ specifier }) => /^\.\.?\//.test(specifier));
    if (relative !== undefined) return /\.[jt]s$/.exec(relative.specifier)?.[0] ?? "";
  }
  return "";
}
