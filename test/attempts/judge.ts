import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Linter } from "eslint";
import ts from "typescript";
import tseslint from "typescript-eslint";
import { compilerHost } from "../compilerHost.js";
import { analyzeFile } from "../../eslint-rules/analyze.js";
import { contextFor } from "../../eslint-rules/engine/context.js";
import { formatMessage } from "../../eslint-rules/engine/messages.js";
import { governFiles, schemaFor } from "../../eslint-rules/engine/mirrors.js";
import { DEFAULT_OPTIONS } from "../../eslint-rules/engine/options.js";
import { isReported } from "../../eslint-rules/engine/presets.js";
import streamingImport from "../../eslint-rules/index.js";

/** A place in a program where a layer refuses it, and what the layer says. */
export interface Refusal {
  /** From 1. */
  line: number;
  /** The compiler's code, or the name of the rule. */
  name: string;
  message: string;
}

/** A program that tries to write a mirror, and what the layers that read code say about it. */
export interface Verdict {
  code: string;
  types: Refusal[];
  eslint: Refusal[];
  /** What `streaming-import guard --strict` finds before a deploy. */
  gate: Refusal[];
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const PROGRAMS = `${ROOT}/example/attempts`;
const FUNCTIONS = `${ROOT}/example/convex`;

/** What the guard page shows: the real messages of this compiler and of these rules, by the name of the program. */
export function judge(): { typescript: string; attempts: Record<string, Verdict> } {
  const names = readdirSync(PROGRAMS)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length))
    .sort();
  const codes = new Map(names.map((name) => [name, readFileSync(`${PROGRAMS}/${name}.ts`, "utf8")]));
  const program = compile(new Map([...codes].map(([name, code]) => [pathOf(name), code])));
  return {
    typescript: ts.version,
    attempts: Object.fromEntries(
      [...codes].map(([name, code]) => [
        name,
        {
          code,
          types: typeErrors(program, pathOf(name)),
          eslint: reports(program, pathOf(name), code),
          gate: findings(program, pathOf(name)),
        },
      ]),
    ),
  };
}

/** Where a program would be if somebody added it to the example. */
function pathOf(name: string): string {
  return `${FUNCTIONS}/${name}.ts`;
}

/** The example's functions with the programs among them, as its tsconfig says. */
function compile(added: ReadonlyMap<string, string>): ts.Program {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${FUNCTIONS}/tsconfig.json`,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  )!;
  const host = compilerHost(config.options);
  const [readFile, fileExists] = [host.readFile.bind(host), host.fileExists.bind(host)];
  const getSourceFile = host.getSourceFile.bind(host);
  host.readFile = (path) => added.get(path) ?? readFile(path);
  host.fileExists = (path) => added.has(path) || fileExists(path);
  host.getSourceFile = (path, version, ...rest) => {
    const code = added.get(path);
    return code === undefined
      ? getSourceFile(path, version, ...rest)
      : ts.createSourceFile(path, code, version, true);
  };
  return ts.createProgram([...config.fileNames, ...added.keys()], config.options, host);
}

function typeErrors(program: ts.Program, path: string): Refusal[] {
  const file = program.getSourceFile(path)!;
  return program.getSemanticDiagnostics(file).map(({ start, code, messageText }) => ({
    line: file.getLineAndCharacterOfPosition(start ?? 0).line + 1,
    name: `TS${String(code)}`,
    message: ts.flattenDiagnosticMessageText(messageText, "\n"),
  }));
}

function reports(program: ts.Program, path: string, code: string): Refusal[] {
  const configs = [
    ...streamingImport.createConfigs({ functionsDir: "example/convex" }).recommended,
    {
      files: ["**/*.ts"],
      languageOptions: { parser: tseslint.parser, parserOptions: { programs: [program] } },
    },
  ];
  const linter = new Linter({ cwd: ROOT });
  return linter.verify(code, configs as never, { filename: path }).map(({ line, ruleId, message }) => ({
    line,
    name: ruleId ?? "parser",
    message,
  }));
}

/** As the command analyses a file in strict mode; it reads the file from the disk, where these programs must not be. */
function findings(program: ts.Program, path: string): Refusal[] {
  const cx = contextFor(ts, program, DEFAULT_OPTIONS);
  const file = program.getSourceFile(path)!;
  governFiles(cx, schemaFor(cx, path), [file]);
  return analyzeFile(cx, file, true)
    .findings.filter((finding) => isReported("strict", finding))
    .map(({ start, rule, messageId, data }) => ({
      line: file.getLineAndCharacterOfPosition(start).line + 1,
      name: rule,
      message: formatMessage(messageId, data),
    }));
}
