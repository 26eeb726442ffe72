import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { analyzeFile } from "../../eslint-rules/analyze.js";
import { contextFor, type GuardContext } from "../../eslint-rules/engine/context.js";
import { DEFAULT_OPTIONS, type GuardOptions } from "../../eslint-rules/engine/options.js";
import { isReported } from "../../eslint-rules/engine/presets.js";
import type { FileAnalysis } from "../../eslint-rules/engine/model.js";
import { compilerHost } from "../compilerHost.js";

/** The app that programs of the tests belong to. tools/checkLibraries.ts names a copy that has no stubs. */
export const FIXTURE = process.env["GUARD_FIXTURE"] ?? fileURLToPath(new URL("./fixture", import.meta.url));

const { options: compilerOptions, fileNames } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${FIXTURE}/tsconfig.json`, (path) => readFileSync(path, "utf8")).config,
  ts.sys,
  FIXTURE,
);

const OPTIONS = { ...compilerOptions, allowJs: true };
let previous: ts.Program | undefined;

/** A program of the fixture with these files added or replaced; paths are relative to the fixture. */
export function programWith(files: Readonly<Record<string, string>>): ts.Program {
  const overlay = new Map(Object.entries(files).map(([path, text]) => [`${FIXTURE}/${path}`, text]));
  const host = compilerHost(OPTIONS);
  const readFile = host.readFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.readFile = (path) => overlay.get(path) ?? readFile(path);
  host.fileExists = (path) => overlay.has(path) || fileExists(path);
  // Of a directory that is not there, the compiler looks for no file.
  host.directoryExists = (path) =>
    [...overlay.keys()].some((file) => file.startsWith(`${path}/`)) || ts.sys.directoryExists(path);
  host.getSourceFile = (path, version, onError, create) => {
    const text = overlay.get(path);
    return text === undefined
      ? getSourceFile(path, version, onError, create)
      : ts.createSourceFile(path, text, version, true);
  };
  const roots = [...new Set([...fileNames, ...overlay.keys()])];
  previous = ts.createProgram(roots, OPTIONS, host, previous);
  return previous;
}

export function contextOf(program: ts.Program, options: Partial<GuardOptions> = {}): GuardContext {
  return contextFor(ts, program, { ...DEFAULT_OPTIONS, ...options });
}

/** The last expression of a file of a program for which something holds. */
export function lastExpression(
  program: ts.Program,
  path: string,
  holds: (node: ts.Expression) => boolean,
): ts.Expression {
  let found: ts.Expression | undefined;
  const visit = (node: ts.Node): void => {
    if (ts.isExpression(node) && holds(node)) found = node;
    ts.forEachChild(node, visit);
  };
  visit(program.getSourceFile(`${FIXTURE}/${path}`)!);
  return found!;
}

/** Types that take long to work out: `Late<Grow<400>>` is `string`, as `Late<[]>` is. */
export const COSTLY_TYPES = `
type Grow<N extends number, L extends unknown[] = []> = L["length"] extends N ? L : Grow<N, [...L, L["length"]]>;
type Late<T> = T extends [] ? string : string;
`;

/** Analyses one file of a program deeply. */
export function analyze(
  program: ts.Program,
  path: string,
  options: Partial<GuardOptions> = {},
): FileAnalysis {
  const file = program.getSourceFile(`${FIXTURE}/${path}`);
  if (file === undefined) throw new Error(`${path} is not in the program`);
  return analyzeFile(contextOf(program, options), file, true);
}

/** What each preset reports about a file, as sorted message ids. Two contexts: a lint run without strict rules is shallow. */
export function verdictsOf(program: ts.Program, path: string): { recommended: string[]; strict: string[] } {
  const file = program.getSourceFile(`${FIXTURE}/${path}`);
  if (file === undefined) throw new Error(`${path} is not in the program`);
  const of = (preset: "recommended" | "strict"): string[] => {
    const cx = contextOf(program, { today: preset === "strict" ? "2026-11-20" : "2026-11-21" });
    const { findings } = analyzeFile(cx, file, preset === "strict");
    return [...new Set(findings.filter((one) => isReported(preset, one)).map((one) => one.messageId))].sort();
  };
  return { recommended: of("recommended"), strict: of("strict") };
}

/** The type errors of a file, as sentences. */
export function typeErrors(program: ts.Program, path: string): string[] {
  const file = program.getSourceFile(`${FIXTURE}/${path}`);
  return program
    .getSemanticDiagnostics(file)
    .concat(program.getSyntacticDiagnostics(file))
    .map((one) => ts.flattenDiagnosticMessageText(one.messageText, " "));
}
