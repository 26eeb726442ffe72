/** One compiler host for tests that compile many small projects: files of packages are parsed once, not once per project. */
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Options that say where files are. All others may change how a file is parsed and bound. */
const PLACES = new Set([
  "configFilePath",
  "paths",
  "pathsBasePath",
  "baseUrl",
  "rootDir",
  "outDir",
  "noEmit",
]);

const parsed = new Map<string, Map<string, ts.SourceFile | undefined>>();

/** A host that keeps the files of this repository and of its packages, which no test changes. */
export function compilerHost(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options, true);
  const key = JSON.stringify(Object.entries(options).filter(([name]) => !PLACES.has(name)));
  const known = parsed.get(key) ?? new Map<string, ts.SourceFile | undefined>();
  parsed.set(key, known);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (path, version, ...rest) => {
    if (!path.startsWith(ROOT)) return getSourceFile(path, version, ...rest);
    if (!known.has(path)) known.set(path, getSourceFile(path, version, ...rest));
    return known.get(path);
  };
  return host;
}
