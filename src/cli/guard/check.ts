import { relative as pathBetween, resolve } from "node:path";
import type ts from "typescript";
import { analyzeFile } from "../../../eslint-rules/analyze.js";
import {
  appAround,
  functionsOfConvexJson,
  hasConfigFile,
  loadConfigFile,
} from "../../../eslint-rules/engine/options.js";
import { contextFor, type GuardContext } from "../../../eslint-rules/engine/context.js";
import { formatMessage } from "../../../eslint-rules/engine/messages.js";
import { governFiles, schemaFor } from "../../../eslint-rules/engine/mirrors.js";
import { GuardConfigurationError, type GuardOptions } from "../../../eslint-rules/engine/options.js";
import { isReported, PRESETS } from "../../../eslint-rules/engine/presets.js";
import type { FileAnalysis, Finding, SchemaInfo, Specifier } from "../../../eslint-rules/engine/model.js";
import { directoryOf } from "../../../eslint-rules/engine/packages.js";
import { checkTrustedIn } from "../../../eslint-rules/engine/places.js";
import { typescript } from "./typescript.js";
import { CannotCheck, loadProgram, type LoadedProgram } from "./program.js";
import { OUT_OF_REACH, type GuardReport, type Place, type Problem, type ReportedFinding } from "./report.js";

/** What the command is asked to do. */
export interface CheckOptions {
  readonly cwd: string;
  readonly strict: boolean;
  /** Default: tsconfig.json of the functions directory, or the nearest one above. */
  readonly tsconfig?: string | undefined;
  /** Default: the directory that convex.json names, or `convex`. */
  readonly functionsDir?: string | undefined;
  /** Today as YYYY-MM-DD; for tests. */
  readonly today?: string | undefined;
  /** Where the compiler finds files; for tests. */
  readonly createHost?: ((options: ts.CompilerOptions) => ts.CompilerHost) | undefined;
}

/** 0: nothing found. 1: findings. 2: nothing could be vouched for (configuration, type errors). */
export type ExitCode = 0 | 1 | 2;

/** Checks the functions of an app and tells all that it knows. */
export function checkApp(options: CheckOptions): { exitCode: ExitCode; report: GuardReport } {
  const cwd = normalize(options.cwd);
  try {
    const named = options.functionsDir;
    const directory = absolute(cwd, named ?? functionsOfConvexJson(typescript, cwd) ?? "convex");
    const config = loadConfigFile(typescript, configDirectory(cwd, directory, named !== undefined));
    const tsconfig = options.tsconfig === undefined ? null : absolute(cwd, options.tsconfig);
    const loaded = loadProgram(directory, tsconfig, options.createHost);
    const guard: GuardOptions = { ...config, today: options.today ?? config.today };
    return check(cwd, options.strict, loaded, guard);
  } catch (error) {
    if (!(error instanceof CannotCheck) && !(error instanceof GuardConfigurationError)) throw error;
    return {
      exitCode: 2,
      report: emptyReport(options.strict, [{ code: error.code, message: error.message }]),
    };
  }
}

/**
 * Where the app's options are: ESLint looks for them around each file, so those around the functions count. Only where
 * there are none are they those around the current directory, for functions in another package.
 */
function configDirectory(cwd: string, functionsDir: string, isNamed: boolean): string {
  const around = appAround(typescript, `${functionsDir}/x`, cwd);
  return isNamed || hasConfigFile(typescript, around) ? around : appAround(typescript, `${cwd}/x`, cwd);
}

function check(
  cwd: string,
  strict: boolean,
  loaded: LoadedProgram,
  options: GuardOptions,
): { exitCode: ExitCode; report: GuardReport } {
  const { program } = loaded;
  const mode = strict ? "strict" : "recommended";
  const cx = contextFor(typescript, program, options);
  checkTrustedIn(cx, `${loaded.functionsDir}/x.ts`);
  const schema = schemaFor(cx, `${loaded.functionsDir}/x.ts`);
  const files = checkedFiles(cx, loaded, schema);
  const components = componentsOf(cx);
  governFiles(cx, schema, files);
  const problems = problemsOf(cwd, schema);
  if (schema.file !== null && directoryOf(schema.file.fileName) !== loaded.functionsDir)
    problems.push({
      code: "WrongFunctions",
      message: `${relative(cwd, loaded.functionsDir) || "."} is not the functions directory of this app: Convex deploys the schema in that directory, and the schema is ${relative(cwd, schema.file.fileName)}. Name the functions directory in convex.json, or with --functions.`,
    });
  if (files.length === 0)
    problems.push({
      code: "NoFunctions",
      message: "There is no file to check. Name the functions directory with --functions.",
    });
  const typeErrors = typeErrorsOf(cwd, program);
  const analyses =
    problems.length > 0 ? [] : files.map((file) => ({ file, analysis: analyzeFile(cx, file, strict) }));
  const findings = analyses.flatMap(({ file, analysis }) =>
    analysis.findings
      .filter((finding) => isReported(mode, finding))
      .map((finding) => reported(cwd, mode, file, finding)),
  );
  if (problems.length === 0)
    findings.push(
      ...strayExemptions(
        options,
        analyses.map(({ analysis }) => analysis),
        cwd,
      ),
    );
  const errors = findings.filter(({ severity }) => severity === "error");
  const report: GuardReport = {
    ...emptyReport(strict, problems),
    tsconfig: loaded.tsconfig === null ? null : relative(cwd, loaded.tsconfig),
    schema: schema.file === null ? null : relative(cwd, schema.file.fileName),
    tables: schema.tables.size,
    mirrors: [...schema.mirrors.values()].map(({ table, source, owner }) => ({ table, source, owner })),
    files: files.length,
    notDeployed: notDeployed(cx, loaded).map((path) => relative(cwd, path)),
    components: components.map((path) => relative(cwd, path)),
    writeSites: countSites(analyses.map(({ analysis }) => analysis)),
    trusted: {
      packages: [...new Set(analyses.flatMap(({ analysis }) => [...analysis.trustedPackages]))].sort(),
      specifiers: options.trusted.map(describe),
    },
    exemptions: analyses.flatMap(({ file, analysis }) =>
      analysis.exemptions.map(({ tables, reason, until, form, expired, used, start }) => ({
        tables,
        reason,
        until,
        form,
        expired,
        used,
        file: relative(cwd, file.fileName),
        line: start === null ? null : placeOf(cwd, file, start).line,
      })),
    ),
    findings,
    typeErrors,
    claim: errors.length + typeErrors.length + problems.length > 0 ? null : claim(strict),
  };
  // A type error at a write that is refused is the refusal itself.
  const others = typeErrors.filter((error) => !errors.some((finding) => covers(finding, error)));
  const exitCode = problems.length + others.length > 0 ? 2 : errors.length > 0 ? 1 : 0;
  return { exitCode, report };
}

/** Whether an error is within the lines of a write to a mirror. */
function covers(finding: ReportedFinding, error: Place): boolean {
  return (
    finding.rule === "no-mirror-writes" &&
    finding.file === error.file &&
    finding.line <= error.line &&
    error.line <= finding.endLine
  );
}

function claim(strict: boolean): string {
  return strict
    ? "No code of this app that is deployed writes a mirror, provided that TypeScript's types hold, that Convex compares the table's name with the id, and that the trusted code and the exemptions listed here are right."
    : "No write to a mirror was found. This mode trusts types and does not follow a writer whose type is lost; --strict does.";
}

const CODES = { noSchema: "NoSchema", anySchema: "AnySchema", noMirrors: "NoMirrors" } as const;

function problemsOf(cwd: string, schema: SchemaInfo): Problem[] {
  if (schema.problem === null) return [];
  const file = schema.file === null ? "schema.ts" : relative(cwd, schema.file.fileName);
  return [{ code: CODES[schema.problem], message: formatMessage(schema.problem, { schema: file }) }];
}

/** The code of the app that is deployed, and its schema. What is bundled from a component's directory is the app's, too. */
function checkedFiles(cx: GuardContext, loaded: LoadedProgram, schema: SchemaInfo): ts.SourceFile[] {
  const deployed = [...loaded.deployed].flatMap((path) => cx.program.getSourceFile(path) ?? []);
  if (schema.file !== null) deployed.push(schema.file);
  const code = [...new Set(deployed)].filter(
    (file) => !file.isDeclarationFile && cx.packages.isProject(file),
  );
  return [...code, ...augmentationsOf(cx)];
}

/** Declaration files of the app that change the types of the packages that the guard relies on. */
function augmentationsOf(cx: GuardContext): ts.SourceFile[] {
  return cx.program
    .getSourceFiles()
    .filter(
      (file) =>
        file.isDeclarationFile &&
        /\bdeclare\s+module\s+["'](?:convex|@convex-dev)/.test(file.text) &&
        cx.packages.isProject(file),
    );
}

/** The directories of components that lie in the app: they have tables of their own, and are deployed by themselves. */
function componentsOf(cx: GuardContext): string[] {
  return cx.program
    .getSourceFiles()
    .filter(
      ({ fileName, text }) =>
        /\/convex\.config\.[jt]s$/.test(fileName) &&
        !fileName.includes("/node_modules/") &&
        /\bdefineComponent\b/.test(text),
    )
    .map(({ fileName }) => fileName.slice(0, fileName.lastIndexOf("/")));
}

/** Files in the functions directory, or in the program, that no deployed file imports. */
function notDeployed(cx: GuardContext, { deployed, notDeployed }: LoadedProgram): readonly string[] {
  const inProgram = cx.program
    .getSourceFiles()
    .filter((file) => !file.isDeclarationFile && cx.packages.isProject(file))
    .map((file) => file.fileName);
  return [...new Set([...inProgram, ...notDeployed])].filter(
    (path) =>
      !deployed.has(path) && !/\/_generated\/|\/(?:schema|auth\.config|convex\.config)\.[jt]s$/.test(path),
  );
}

function typeErrorsOf(cwd: string, program: ts.Program): GuardReport["typeErrors"] {
  return typescript
    .getPreEmitDiagnostics(program)
    .filter((one) => one.category === typescript.DiagnosticCategory.Error && !isAboutDeprecation(one))
    .map((one) => {
      const message = typescript.flattenDiagnosticMessageText(one.messageText, "\n");
      return one.file === undefined
        ? { file: "", line: 0, column: 0, message }
        : { ...placeOf(cwd, one.file, one.start ?? 0), message };
    });
}

/** Options that TypeScript 6 calls deprecated or removed say nothing about the code. */
function isAboutDeprecation(diagnostic: ts.Diagnostic): boolean {
  return diagnostic.file === undefined && [5101, 5102, 5107, 5108].includes(diagnostic.code);
}

function reported(
  cwd: string,
  mode: "recommended" | "strict",
  file: ts.SourceFile,
  finding: Finding,
): ReportedFinding {
  const end = placeOf(cwd, file, finding.end);
  return {
    ...placeOf(cwd, file, finding.start),
    endLine: end.line,
    endColumn: end.column,
    rule: finding.rule,
    messageId: finding.messageId,
    message: formatMessage(finding.messageId, finding.data),
    severity: PRESETS[mode][finding.rule].severity === "warn" ? "warning" : "error",
  };
}

/** An exemption for a file that is not there guards nothing, and would come to life with a renamed file. */
function strayExemptions(
  options: GuardOptions,
  analyses: readonly FileAnalysis[],
  cwd: string,
): ReportedFinding[] {
  const seen = new Set(
    analyses.flatMap(({ exemptions }) =>
      exemptions.filter(({ form }) => form === "config").map(({ file }) => relative(cwd, file)),
    ),
  );
  return options.exemptions.flatMap((exemption) => {
    const path = exemption.file.replace(/^\.\//, "");
    if ([...seen].some((file) => file === path || file.endsWith(`/${path}`))) return [];
    const data = { tables: exemption.tables.join(", ") };
    return [
      {
        file: exemption.file,
        line: 1,
        column: 1,
        endLine: 1,
        endColumn: 1,
        rule: "no-unreasoned-disable",
        messageId: "unusedExemption",
        message: formatMessage("unusedExemption", data),
        severity: "error" as const,
      },
    ];
  });
}

function countSites(analyses: readonly FileAnalysis[]): GuardReport["writeSites"] {
  const sites = analyses.flatMap((analysis) => analysis.sites);
  const literal = sites.filter((site) => site.literal && site.tables !== null).length;
  const unknown = sites.filter((site) => site.tables === null).length;
  return { total: sites.length, literal, unknown, byType: sites.length - literal - unknown };
}

function describe(specifier: Specifier): string {
  if (typeof specifier === "string") return specifier;
  const names = typeof specifier.name === "string" ? specifier.name : specifier.name.join(", ");
  if (specifier.from === "package") return `${names} of the package ${specifier.package}`;
  if (specifier.from === "lib") return `${names} of the language's library`;
  return `${names} in ${specifier.path ?? "any file"}`;
}

function emptyReport(strict: boolean, problems: readonly Problem[]): GuardReport {
  return {
    mode: strict ? "strict" : "recommended",
    typescript: typescript.version,
    tsconfig: null,
    schema: null,
    tables: 0,
    mirrors: [],
    files: 0,
    notDeployed: [],
    components: [],
    writeSites: { total: 0, literal: 0, byType: 0, unknown: 0 },
    trusted: { packages: [], specifiers: [] },
    exemptions: [],
    outOfReach: OUT_OF_REACH,
    findings: [],
    typeErrors: [],
    problems,
    claim: null,
  };
}

function placeOf(cwd: string, file: ts.SourceFile, position: number): Place {
  const { line, character } = file.getLineAndCharacterOfPosition(position);
  return { file: relative(cwd, file.fileName), line: line + 1, column: character + 1 };
}

function normalize(path: string): string {
  return path.replaceAll("\\", "/").replace(/\/$/, "");
}

function absolute(cwd: string, path: string): string {
  return normalize(resolve(cwd, path));
}

function relative(cwd: string, path: string): string {
  return pathBetween(cwd, path).replaceAll("\\", "/");
}
