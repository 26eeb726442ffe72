import { existsSync, readdirSync, type Dirent } from "node:fs";
import { Bundler } from "./bundled.js";
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
  functionsDir: string,
  entryPoints: readonly string[],
  textOf: (path: string) => string | undefined,
): Set<string> {
  const bundler = new Bundler(ts);
  const reached = new Set<string>();
  const queue = [...entryPoints];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const text = textOf(path) ?? ts.sys.readFile(path) ?? "";
    // Both may be bundled where a file has both.
    const kinds = /\brequire\b/.test(text) ? (["import", "require"] as const) : (["import"] as const);
    for (const specifier of specifiersOf(ts, text)) {
      for (const kind of kinds) {
        const target = bundler.resolve(specifier, path, kind);
        if (target !== null && !target.includes("/node_modules/") && !isWrittenByConvex(target, functionsDir))
          queue.push(target);
      }
    }
  }
  return reached;
}

/** Convex writes these files itself, with each deployment. */
function isWrittenByConvex(path: string, functionsDir: string): boolean {
  const directory = `${functionsDir}/_generated/`;
  return (
    path.startsWith(directory) &&
    /^(?:api|component|dataModel|server)(?:_cjs)?\./.test(path.slice(directory.length))
  );
}

function specifiersOf(ts: TypeScript, text: string): string[] {
  // Besides imports and exports, this finds `import("…")` and `require("…")`.
  return ts.preProcessFile(text, true, true).importedFiles.map((one) => one.fileName);
}
