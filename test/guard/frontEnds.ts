import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Linter } from "eslint";
import ts from "typescript";
import tseslint from "typescript-eslint";
import { createConfigs } from "../../eslint-rules/index.js";
import { functionsOfConvexJson } from "../../eslint-rules/engine/options.js";
import { checkApp } from "../../src/cli/guard/check.js";
import { compilerHost } from "../compilerHost.js";

/** What both front ends say of an app where they do not say the same. */
interface Disagreement {
  readonly cwd: string;
  readonly problems: readonly string[];
  readonly command: readonly string[];
  readonly eslint: readonly string[];
}

/**
 * Compares the findings of `guard --strict` and of the preset `strict` in the files that ESLint can parse. Where the command cannot check the app, ESLint must say something, too.
 */
export function disagreements(cwd: string): Disagreement | null {
  const { report } = checkApp({ cwd, strict: true, createHost: compilerHost });
  const functionsDir = functionsOfConvexJson(ts, cwd) ?? "convex";
  // An exemption for a file that is not there has no place where ESLint could report it.
  const found = report.findings.filter(({ file }) => existsSync(join(cwd, file)));
  const helpers = new Set(
    found.map(({ file }) => file).filter((file) => !file.startsWith(`${functionsDir}/`)),
  );
  const { findings, unparsed } = lintApp(cwd, functionsDir, [...helpers]);
  const command = found
    .filter(({ file }) => !unparsed.includes(file))
    .map(({ file, line, messageId }) => `${file}:${String(line)} ${messageId}`)
    .sort();
  const agree =
    report.problems.length > 0 ? findings.length > 0 : JSON.stringify(command) === JSON.stringify(findings);
  return agree
    ? null
    : { cwd, problems: report.problems.map(({ message }) => message), command, eslint: findings };
}

/** What ESLint says about an app. Paths are relative to the app. */
interface Linted {
  /** `file:line messageId` */
  readonly findings: readonly string[];
  /** Files that the presets match and ESLint refuses, since the app's tsconfig does not have them. */
  readonly unparsed: readonly string[];
}

/**
 * Lints the functions of an app, and helpers outside of their directory with the schema of the app. The
 * program is the one that typescript-eslint makes of the tsconfig, but shares the parsed packages with other tests.
 */
function lintApp(cwd: string, functionsDir: string, helpers: readonly string[]): Linted {
  const program = programOf(join(cwd, functionsDir));
  const [config] = createConfigs({ functionsDir }).strict;
  const [ofHelpers] = createConfigs({
    functionsDir: helpers.map((file) => dirname(file)),
    settings: { schema: `${functionsDir}/schema.ts` },
  }).strict;
  const parsing = {
    files: ["**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}"],
    languageOptions: { parser: tseslint.parser, parserOptions: { programs: [program] } },
    linterOptions: { noInlineConfig: true },
  };
  const linter = new Linter({ cwd });
  const findings: string[] = [];
  const unparsed: string[] = [];
  for (const file of [
    ...new Set([...sourcesIn(join(cwd, functionsDir)), ...helpers.map((one) => join(cwd, one))]),
  ]) {
    const name = relative(cwd, file);
    const configs = [parsing, config, ...(helpers.includes(name) ? [ofHelpers] : [])];
    for (const { line, messageId, fatal } of linter.verify(
      readFileSync(file, "utf8"),
      configs as never,
      file,
    ))
      if (fatal === true) unparsed.push(name);
      else if (messageId !== undefined) findings.push(`${name}:${String(line)} ${messageId}`);
  }
  return { findings: findings.sort(), unparsed };
}

/** The program of the nearest tsconfig, even of a broken one: an editor takes it as far as it can be read. */
function programOf(directory: string): ts.Program {
  const path = ts.findConfigFile(directory, (file) => ts.sys.fileExists(file)) ?? "";
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as { config?: unknown };
  const { options, fileNames } = ts.parseJsonConfigFileContent(config ?? {}, ts.sys, dirname(path));
  return ts.createProgram(fileNames, options, compilerHost(options));
}

function sourcesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sourcesIn(path);
    return /\.[cm]?[jt]sx?$/.test(entry.name) ? [path] : [];
  });
}
