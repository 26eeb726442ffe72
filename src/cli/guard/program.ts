import ts from "typescript";

/** The program of an app, or why there is none. */
export interface LoadedProgram {
  readonly program: ts.Program;
  readonly tsconfig: string | null;
  readonly functionsDir: string;
  /** Files of the functions directory that Convex bundles as modules. */
  readonly entryPoints: readonly string[];
  /** Files of the functions directory that tsconfig.json names and no function imports: tests, scripts. */
  readonly notDeployed: readonly string[];
}

/** Thrown when the command cannot check anything; its message says what to configure. */
export class CannotCheck extends Error {
  override readonly name = "CannotCheck";
}

const EXTENSIONS = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs"];

/** Loads the program that `npx convex deploy` would bundle, with the types of the app's own tsconfig.json. */
export function loadProgram(functionsDir: string, tsconfig: string | null): LoadedProgram {
  if (!ts.sys.directoryExists(functionsDir)) {
    throw new CannotCheck(
      `There is no functions directory ${functionsDir}. Run the command where convex.json is, or name the directory with --functions.`,
    );
  }
  const path = tsconfig ?? findConfig(functionsDir);
  const { options, fileNames } = path === null ? withoutConfig(functionsDir) : readConfig(path);
  const entryPoints = entryPointsOf(functionsDir);
  if (entryPoints.length === 0) {
    throw new CannotCheck(`${functionsDir} has no modules. Name the functions directory with --functions.`);
  }
  // Tests, scripts and the app's pages are none of the guard's business, and neither are type errors in them.
  const roots = [...new Set([...fileNames.filter(speaksToAll), ...entryPoints])];
  const hasJavaScript = entryPoints.some((file) => /\.[cm]?jsx?$/.test(file));
  const compilerOptions: ts.CompilerOptions = {
    ...options,
    ...(hasJavaScript ? { allowJs: true } : {}),
    noEmit: true,
    incremental: false,
    composite: false,
    // The command looks at types, not at tidiness or the age of the configuration.
    noUnusedLocals: false,
    noUnusedParameters: false,
    allowUnusedLabels: true,
    allowUnreachableCode: true,
    ignoreDeprecations: "6.0",
    ...olderDefaults(functionsDir, options),
  };
  delete compilerOptions.tsBuildInfoFile;
  const program = ts.createProgram(roots, compilerOptions);
  const notDeployed = fileNames.filter(
    (file) => file.startsWith(`${functionsDir}/`) && program.getSourceFile(file) === undefined,
  );
  return { program, tsconfig: path, functionsDir, entryPoints, notDeployed };
}

/**
 * A file that other files see without importing it: a declaration file, a script, or one with `declare global`; and
 * the file that makes its directory a component.
 */
function speaksToAll(path: string): boolean {
  if (/\.d\.[cm]?ts$|\/convex\.config\.[jt]s$/.test(path)) return true;
  const text = ts.sys.readFile(path) ?? "";
  return /\bdeclare\s+(?:global|module)\b/.test(text) || !/^\s*(?:import|export)\b/m.test(text);
}

function findConfig(functionsDir: string): string | null {
  const own = `${functionsDir}/tsconfig.json`;
  if (ts.sys.fileExists(own)) return own;
  return ts.findConfigFile(functionsDir, (path) => ts.sys.fileExists(path)) ?? null;
}

function withoutConfig(functionsDir: string): Pick<ts.ParsedCommandLine, "options" | "fileNames"> {
  const options: ts.CompilerOptions = {
    strict: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    skipLibCheck: true,
    allowJs: true,
  };
  return { options, fileNames: entryPointsOf(functionsDir) };
}

function readConfig(path: string): Pick<ts.ParsedCommandLine, "options" | "fileNames"> {
  const parsed = ts.getParsedCommandLineOfConfigFile(
    path,
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new CannotCheck(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
      },
    },
  );
  if (parsed === undefined) throw new CannotCheck(`${path} cannot be read.`);
  return parsed;
}

/**
 * TypeScript 6 changed defaults. An app whose own TypeScript is older is checked with those it was written for;
 * otherwise code that its own compiler accepts would be refused.
 */
function olderDefaults(functionsDir: string, options: ts.CompilerOptions): ts.CompilerOptions {
  const version = installedTypescript(functionsDir);
  const types = options.types === undefined ? { types: ["*"] } : {};
  if (version === null || version >= 6) return version === null ? types : {};
  return {
    ...types,
    strict: options.strict ?? false,
    noUncheckedSideEffectImports: options.noUncheckedSideEffectImports ?? false,
  };
}

function installedTypescript(directory: string): number | null {
  for (let current = directory; ; current = current.slice(0, current.lastIndexOf("/"))) {
    const text = ts.sys.readFile(`${current}/node_modules/typescript/package.json`);
    const version = text === undefined ? null : /"version"\s*:\s*"(\d+)\./.exec(text);
    if (version?.[1] !== undefined) return Number(version[1]);
    if (!current.includes("/")) return null;
  }
}

/** The modules of the functions directory, by the rules of Convex's bundler. */
function entryPointsOf(functionsDir: string): string[] {
  const found: string[] = [];
  const visit = (directory: string): void => {
    if (directory !== functionsDir && isComponent(directory)) return;
    const { files, directories } = entriesOf(directory);
    for (const file of files) {
      const name = file.slice(file.lastIndexOf("/") + 1);
      const extension = EXTENSIONS.find((one) => name.endsWith(one));
      if (extension === undefined || name.startsWith(".") || name.startsWith("#") || name.includes(" "))
        continue;
      // Convex bundles no file with a second dot (`x.test.ts`), but for its own configuration files.
      const stem = name.slice(0, -extension.length);
      if (stem.includes(".") && !/^(?:convex|auth)\.config$/.test(stem)) continue;
      found.push(file);
    }
    for (const child of directories) {
      const name = child.slice(child.lastIndexOf("/") + 1);
      if (name !== "_generated" && name !== "node_modules" && !name.startsWith(".")) visit(child);
    }
  };
  visit(functionsDir);
  return found;
}

function entriesOf(directory: string): { files: string[]; directories: string[] } {
  const prefix = directory.endsWith("/") ? directory : `${directory}/`;
  const files = ts.sys.readDirectory(directory, EXTENSIONS, undefined, ["*"], 1);
  return {
    files: files.filter((file) => !file.slice(prefix.length).includes("/")),
    directories: ts.sys.getDirectories(directory).map((name) => `${prefix}${name}`),
  };
}

function isComponent(directory: string): boolean {
  return ["ts", "js"].some((extension) => ts.sys.fileExists(`${directory}/convex.config.${extension}`));
}

/** The project files that the entry points reach by imports: what is deployed. */
export function deployedFiles(loaded: LoadedProgram): Set<ts.SourceFile> {
  const { program, entryPoints } = loaded;
  const options = program.getCompilerOptions();
  const cache = ts.createModuleResolutionCache(ts.sys.getCurrentDirectory(), (name) => name, options);
  const reached = new Set<ts.SourceFile>();
  const queue = entryPoints.flatMap((path) => program.getSourceFile(path) ?? []);
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const specifier of specifiersOf(file)) {
      const resolved = ts.resolveModuleName(specifier, file.fileName, options, ts.sys, cache).resolvedModule;
      const target = resolved && program.getSourceFile(resolved.resolvedFileName);
      if (target !== undefined && !target.fileName.includes("/node_modules/")) queue.push(target);
    }
  }
  return reached;
}

function specifiersOf(file: ts.SourceFile): string[] {
  // Besides imports and exports, this finds `import("…")` and `require("…")`.
  return ts.preProcessFile(file.text, true, true).importedFiles.map((one) => one.fileName);
}
