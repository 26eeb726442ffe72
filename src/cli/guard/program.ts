import type ts from "typescript";
import type { ProblemCode } from "./report.js";
import { deployedPaths, entryPointsOf } from "../../../eslint-rules/engine/deployed.js";
import { typescript } from "./typescript.js";

/** The program of an app, or why there is none. */
export interface LoadedProgram {
  readonly program: ts.Program;
  readonly tsconfig: string | null;
  readonly functionsDir: string;
  /** The files of the app that Convex bundles: the modules of the functions directory, and what they import. */
  readonly deployed: ReadonlySet<string>;
  /** Files of the functions directory that tsconfig.json names and no function imports: tests, scripts. */
  readonly notDeployed: readonly string[];
}

/** Thrown when the command cannot check anything; its message says what to configure. */
export class CannotCheck extends Error {
  override readonly name = "CannotCheck";

  constructor(
    readonly code: ProblemCode,
    message: string,
  ) {
    super(message);
  }
}

/** Loads the program that `npx convex deploy` would bundle, with the types of the app's own tsconfig.json. */
export function loadProgram(
  functionsDir: string,
  tsconfig: string | null,
  createHost = typescript.createCompilerHost,
): LoadedProgram {
  if (!typescript.sys.directoryExists(functionsDir)) {
    throw new CannotCheck(
      "NoFunctions",
      `There is no functions directory ${functionsDir}. Run the command where convex.json is, or name the directory with --functions.`,
    );
  }
  const path = tsconfig ?? findConfig(functionsDir);
  const { options, fileNames } = path === null ? withoutConfig(functionsDir) : readConfig(path);
  const entryPoints = entryPointsOf(typescript, functionsDir);
  if (entryPoints.length === 0) {
    throw new CannotCheck(
      "NoFunctions",
      `${functionsDir} has no modules. Name the functions directory with --functions.`,
    );
  }
  // Tests, scripts and the app's pages are none of the guard's business, and neither are type errors in them.
  const roots = new Set([
    ...fileNames.filter(speaksToAll),
    ...configurationsOf(functionsDir),
    ...entryPoints,
  ]);
  const compilerOptions: ts.CompilerOptions = {
    ...options,
    // The bundler deploys JavaScript whether or not tsconfig.json speaks of it.
    allowJs: true,
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
  const host = createHost(compilerOptions);
  // As tsc does: in TypeScript no type is in a comment, and most of a program is the comments of declaration files.
  host.jsDocParsingMode = typescript.JSDocParsingMode.ParseForTypeErrors;
  let program = typescript.createProgram([...roots], compilerOptions, host);
  const textOf = (file: string): string | undefined => program.getSourceFile(file)?.text;
  let deployed = deployedPaths(typescript, functionsDir, entryPoints, textOf);
  // A declaration file may stand before the code that is bundled: the guard reads the code.
  for (let missing = notIn(program, deployed); missing.length > 0; missing = notIn(program, deployed)) {
    for (const path of missing) roots.add(path);
    program = typescript.createProgram([...roots], compilerOptions, host, program);
    deployed = deployedPaths(typescript, functionsDir, entryPoints, textOf);
  }
  const notDeployed = fileNames.filter((file) => file.startsWith(`${functionsDir}/`) && !deployed.has(file));
  return { program, tsconfig: path, functionsDir, deployed, notDeployed };
}

/**
 * A file that other files see without importing it: a declaration file, a script, or one with `declare global`; and
 * the file that makes its directory a component.
 */
function speaksToAll(path: string): boolean {
  if (/\.d\.[cm]?ts$|\/convex\.config\.[jt]s$/.test(path)) return true;
  const text = typescript.sys.readFile(path) ?? "";
  return /\bdeclare\s+(?:global|module)\b/.test(text) || !/^\s*(?:import|export)\b/m.test(text);
}

function findConfig(functionsDir: string): string | null {
  const own = `${functionsDir}/tsconfig.json`;
  if (typescript.sys.fileExists(own)) return own;
  return typescript.findConfigFile(functionsDir, (path) => typescript.sys.fileExists(path)) ?? null;
}

function withoutConfig(functionsDir: string): Pick<ts.ParsedCommandLine, "options" | "fileNames"> {
  const options: ts.CompilerOptions = {
    strict: true,
    target: typescript.ScriptTarget.ESNext,
    module: typescript.ModuleKind.ESNext,
    moduleResolution: typescript.ModuleResolutionKind.Bundler,
    skipLibCheck: true,
    allowJs: true,
  };
  return { options, fileNames: entryPointsOf(typescript, functionsDir) };
}

function readConfig(path: string): Pick<ts.ParsedCommandLine, "options" | "fileNames"> {
  const parsed = typescript.getParsedCommandLineOfConfigFile(
    path,
    {},
    {
      ...typescript.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new CannotCheck(
          "InvalidTsconfig",
          typescript.flattenDiagnosticMessageText(diagnostic.messageText, "\n"),
        );
      },
    },
  );
  if (parsed === undefined) throw new CannotCheck("InvalidTsconfig", `${path} cannot be read.`);
  // "No inputs were found" says nothing about the options, and the functions directory is read anyway.
  const error = parsed.errors.find(
    ({ code, category }) =>
      category === typescript.DiagnosticCategory.Error && code !== 18002 && code !== 18003,
  );
  if (error !== undefined) {
    const message = typescript.flattenDiagnosticMessageText(error.messageText, "\n");
    throw new CannotCheck("InvalidTsconfig", `${path} is broken, so the types cannot be trusted: ${message}`);
  }
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
    const text = typescript.sys.readFile(`${current}/node_modules/typescript/package.json`);
    const version = text === undefined ? null : /"version"\s*:\s*"(\d+)\./.exec(text);
    if (version?.[1] !== undefined) return Number(version[1]);
    if (!current.includes("/")) return null;
  }
}

/** What Convex bundles by itself: the schema, and the configurations of the app and its authentication. */
function configurationsOf(functionsDir: string): string[] {
  return ["schema", "auth.config", "convex.config"].flatMap((name) => {
    const path = ["ts", "js"].map((extension) => `${functionsDir}/${name}.${extension}`);
    return path.find((one) => typescript.sys.fileExists(one)) ?? [];
  });
}

/** The code outside of the functions directory that the functions import, and so deploy. */
export function deployedOutside(functionsDir: string): string[] {
  return [
    ...deployedPaths(typescript, functionsDir, entryPointsOf(typescript, functionsDir), () => undefined),
  ].filter((file) => !file.startsWith(`${functionsDir}/`) && /\.[cm]?[jt]sx?$/.test(file));
}

function notIn(program: ts.Program, paths: ReadonlySet<string>): string[] {
  return [...paths].filter(
    (path) => /\.[cm]?[jt]sx?$/.test(path) && program.getSourceFile(path) === undefined,
  );
}
