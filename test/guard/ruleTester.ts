import { RuleTester, type RunTests } from "@typescript-eslint/rule-tester";
import type { TSESLint } from "@typescript-eslint/utils";
import { Linter as Linter10 } from "eslint";
import { Linter as Linter9 } from "eslint-9";
import { parser as untypedParser } from "typescript-eslint";
import type ts from "typescript";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { plugin } from "../../eslint-rules/plugin.js";
import { FIXTURE, programWith } from "./programs.js";
import { IMPORTS, inMutation } from "./sources.js";

RuleTester.afterAll = afterAll;
RuleTester.describe = describe;
RuleTester.it = it;
RuleTester.itOnly = it.only;
RuleTester.itSkip = it.skip;

type Tests = RunTests<string, readonly unknown[]>;

interface Parser {
  parseForESLint(code: string, options: { filePath?: string; programs?: ts.Program[] }): unknown;
}
const parser = untypedParser as unknown as Parser;
type Case = Exclude<Tests["valid"][number], string> | Tests["invalid"][number];

/** The code of all cases of a test file, by path: they become one program, which is some ten times faster than one each. */
const registered = new Map<string, string>();
/** Where the text that a fix of a case makes is found, by the case's path and that text. */
const outputs = new Map<string, string>();
let batch: ts.Program | null = null;

function place(path: string, code: string): { path: string; program: ts.Program } {
  const inBatch = registered.get(path) === code ? path : outputs.get(`${path}\n${code}`);
  if (inBatch === undefined)
    return { path, program: programWith({ [path.slice(FIXTURE.length + 1)]: code }) };
  batch ??= programWith(
    Object.fromEntries([...registered].map(([one, text]) => [one.slice(FIXTURE.length + 1), text])),
  );
  return { path: inBatch, program: batch };
}

/** typescript-eslint's parser, given the program that the code is a part of. */
const typedParser = {
  meta: { name: "typed-parser-of-the-tests", version: "1.0.0" },
  parseForESLint(code: string, options: { filePath?: string }) {
    const { path, program } = place(options.filePath ?? "", code);
    return parser.parseForESLint(code, { ...options, filePath: path, programs: [program] });
  },
};

let count = 0;

/** Cases about comments that turn rules off would otherwise be reported for turning off nothing. */
const plugins = { "streaming-import": plugin } as never;
const linterOptions = { reportUnusedDisableDirectives: "off" } as const;

/** Gives every case a file of its own; a case may ask for a name with `filename`, within a directory of its own. */
function register<T extends Case>(test: T): T {
  count += 1;
  const wanted = test.filename ?? "file.ts";
  const filename = wanted.includes("/")
    ? `${FIXTURE}/${wanted.replace("*", String(count))}`
    : `${FIXTURE}/convex/${wanted.replace(/(?=\.\w+$)/, String(count))}`;
  registered.set(filename, test.code);
  for (const [index, output] of outputsOf(test).entries()) {
    const path = filename.replace(/(?=\.\w+$)/, `_${String(index)}`);
    registered.set(path, output);
    outputs.set(`${filename}\n${output}`, path);
  }
  return { ...test, filename };
}

function outputsOf(test: Case): string[] {
  if (!("errors" in test)) return [];
  const output = typeof test.output === "string" ? [test.output] : (test.output ?? []);
  return [...output, ...test.errors.flatMap((error) => error.suggestions?.map((one) => one.output) ?? [])];
}

interface Cases {
  readonly valid: readonly Case[];
  readonly invalid: readonly Tests["invalid"][number][];
}

/** Runs a rule on cases that belong to the fixture app and have its types. */
export function runTyped(rule: unknown, { valid, invalid }: Cases): void {
  const languageOptions = { parser: typedParser as unknown as TSESLint.Parser.LooseParserModule };
  run(
    rule,
    "",
    { linterOptions, plugins, languageOptions },
    {
      valid: valid.map(register),
      invalid: invalid.map(register),
    },
  );
}

/** Runs a rule on cases without types. */
export function runUntyped(rule: unknown, { valid, invalid }: Cases): void {
  const inFixture = <T extends Case>(test: T): T => ({ filename: `${FIXTURE}/convex/file.ts`, ...test });
  run(
    rule,
    " without types",
    { linterOptions, plugins },
    {
      valid: valid.map(inFixture),
      invalid: invalid.map(inFixture),
    },
  );
}

type Config = ConstructorParameters<typeof RuleTester>[0] & object;

/** How many different cases a rule is tested with, at least; the core rule has more. */
const ENOUGH = 60;
const ENOUGH_OF_CORE = 150;
/** The cases of the rule, typed and untyped. */
const cases = new Set<string>();

/** Leaves nothing of a test file to the next one in the same process. */
function forget(): void {
  registered.clear();
  outputs.clear();
  cases.clear();
  batch = null;
}

function run(rule: unknown, suffix: string, config: Config, { valid, invalid }: Cases): void {
  const { name } = rule as { name: string };
  if (cases.size === 0) {
    beforeAll(() => {
      // Exemptions expire by the clock.
      vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-20") });
    });
    afterAll(forget);
    it(`${name}: has cases enough`, () => {
      expect(cases.size).toBeGreaterThanOrEqual(name === "no-mirror-writes" ? ENOUGH_OF_CORE : ENOUGH);
    });
  }
  for (const { code, options, settings } of [...valid, ...invalid])
    cases.add(JSON.stringify([suffix, code, options, settings]));
  new RuleTester(config).run(`${name}${suffix}`, rule as never, { valid, invalid });
  it(`${name}${suffix}: ESLint 9 reports what ESLint 10 does`, () => {
    for (const test of [...valid, ...invalid]) {
      const reports = lintWith(Linter9, name, config, test);
      expect(reports, test.code).toHaveLength("errors" in test ? test.errors.length : 0);
      expect(reports, test.code).toEqual(lintWith(Linter10, name, config, test));
    }
  });
}

/** What a version of ESLint reports about a case, with its fixes and suggestions. */
function lintWith(Linter: unknown, name: string, config: Config, test: Case): unknown[] {
  const { linterOptions, plugins, languageOptions, settings } = config;
  const linter = new (Linter as typeof Linter10)({ cwd: FIXTURE });
  const messages = linter.verify(
    test.code,
    {
      files: ["**/*.{ts,tsx,mts,js,mjs}"],
      linterOptions,
      plugins,
      languageOptions: { parser: untypedParser, ...languageOptions, ...test.languageOptions },
      settings: { ...settings, ...test.settings },
      rules: { [`streaming-import/${name}`]: ["error", ...(test.options ?? [])] },
    } as never,
    { filename: test.filename ?? "" },
  );
  return messages.map(
    ({ ruleId, messageId, message, line, column, endLine, endColumn, fix, suggestions }) => ({
      ruleId,
      messageId,
      message,
      place: [line, column, endLine, endColumn],
      fix,
      suggestions,
    }),
  );
}

/** A case named by its statements, so that a failure is found. */
export function body(code: string): { name: string; code: string } {
  return { name: code, code: inMutation(code) };
}

/** A case of a whole module behind the usual imports. */
export function moduleOf(code: string): { name: string; code: string } {
  return { name: code, code: IMPORTS + code };
}

/** The expected reports of an invalid case. */
export function errors(...ids: string[]): { errors: { messageId: string }[] } {
  return { errors: ids.map((messageId) => ({ messageId })) };
}
