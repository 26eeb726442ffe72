import { existsSync, readdirSync, type Dirent } from "node:fs";
import type ts from "typescript";
import type { TypeScript } from "./model.js";

/** What Convex's bundler takes for a module. */
const EXTENSIONS = [".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".jsx"];

/** The modules of the functions directory, by the rules of Convex's bundler (`entryPoints` of its command). */
export function entryPointsOf({ sys }: Pick<TypeScript, "sys">, functionsDir: string): string[] {
  const found: string[] = [];
  const visit = (directory: string): void => {
    const { files, directories } = entriesOf(directory);
    for (const file of files) {
      const name = file.slice(file.lastIndexOf("/") + 1);
      const relative = file.slice(functionsDir.length + 1);
      if (!EXTENSIONS.some((extension) => name.endsWith(extension))) continue;
      if (relative.startsWith("_generated/") || /^[.#]/.test(name) || /^schema\.[jt]s$/.test(name)) continue;
      // `x.test.ts`, `auth.config.ts`
      if (name.split(".").length > 2 || relative.includes(" ")) continue;
      if (/\.tsx?$/.test(name) && !/^\s{0,100}(?:import|export)/m.test(sys.readFile(file) ?? "")) continue;
      found.push(file);
    }
    for (const child of directories) if (!existsSync(`${child}/convex.config.ts`)) visit(child);
  };
  visit(functionsDir);
  return found;
}

function entriesOf(directory: string): { files: string[]; directories: string[] } {
  const files = readdirSync(directory, { withFileTypes: true });
  const named = (entries: readonly Dirent[]) => entries.map(({ name }) => `${directory}/${name}`).sort();
  return {
    files: named(files.filter((entry) => entry.isFile())),
    directories: named(files.filter((entry) => entry.isDirectory())),
  };
}

/** The files of the app that are bundled with the entry points, found as the bundler finds them. */
export function deployedPaths(
  ts: TypeScript,
  compilerOptions: ts.CompilerOptions,
  functionsDir: string,
  entryPoints: readonly string[],
  textOf: (path: string) => string | undefined,
): Set<string> {
  // `noDtsResolution` is of TypeScript's inside: it resolves to code, as a bundler does, not to declarations.
  const options: ts.CompilerOptions & { noDtsResolution: boolean } = {
    ...compilerOptions,
    noDtsResolution: true,
    customConditions: ["convex", "module"],
  };
  const cache = ts.createModuleResolutionCache(ts.sys.getCurrentDirectory(), (name) => name, options);
  const reached = new Set<string>();
  const queue = [...entryPoints];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const specifier of specifiersOf(ts, textOf(path) ?? ts.sys.readFile(path) ?? "")) {
      const resolved = ts.resolveModuleName(specifier, path, options, ts.sys, cache).resolvedModule;
      const target = resolved?.resolvedFileName;
      if (target === undefined || target.includes("/node_modules/")) continue;
      // Convex writes this directory itself, with each deployment.
      if (!target.startsWith(`${functionsDir}/_generated/`)) queue.push(target);
    }
  }
  return reached;
}

function specifiersOf(ts: TypeScript, text: string): string[] {
  // Besides imports and exports, this finds `import("…")` and `require("…")`.
  return ts.preProcessFile(text, true, true).importedFiles.map((one) => one.fileName);
}
