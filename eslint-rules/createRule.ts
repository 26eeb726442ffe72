import type { TSESLint } from "@typescript-eslint/utils";
import type { RuleDefinition } from "./engine/rule.js";
import { analyzeFile } from "./analyze.js";
import { appAround, loadConfigFile } from "./engine/options.js";
import { contextFor } from "./engine/context.js";
import type { Finding, RuleName, SchemaProblem, TextEdit, TypeScript } from "./engine/model.js";
import { formatMessage, MESSAGES, type MessageId } from "./engine/messages.js";
import { DEFAULT_OPTIONS, GuardConfigurationError, readOptions, SETTINGS_KEY } from "./engine/options.js";
import type { GuardOptions } from "./engine/options.js";
import { checkTrusted, checkTrustedIn } from "./engine/places.js";
import { ownTypescript, typescriptOf } from "./engine/typescript.js";
import { name, version } from "./manifest.js";
import { syntaxFindings } from "./syntaxMode.js";

type Context = Readonly<TSESLint.RuleContext<MessageId, readonly unknown[]>>;

const CONFIGURATION = ["needsTypes", "noSchema", "anySchema", "noMirrors", "badOptions"] as const;

/** Where the page of a rule is: it is published with the package, and unpkg shows the files of packages. */
const PAGES = `https://unpkg.com/${name}@${version}/docs/rules`;

/** Makes a thin ESLint rule: it asks the shared engine and reports the findings of its own name. */
export function createRule(
  definition: RuleDefinition,
): TSESLint.RuleModule<MessageId, readonly unknown[]> & { name: RuleName } {
  const ids = [...new Set<MessageId>([...CONFIGURATION, ...definition.messages])];
  const messages = Object.fromEntries(ids.map((id) => [id, MESSAGES[id]])) as Record<MessageId, string>;
  return {
    name: definition.name,
    meta: {
      type: definition.type ?? "problem",
      docs: { description: definition.description, url: `${PAGES}/${definition.name}.md` },
      messages,
      schema: definition.schema === undefined ? [] : [definition.schema],
      ...(definition.fixable === true ? { fixable: "code" as const } : {}),
      hasSuggestions: definition.hasSuggestions ?? false,
      defaultOptions: [],
    },
    create(context) {
      const option = (context.options[0] ?? {}) as Record<string, unknown>;
      return {
        Program() {
          run(context, definition, option);
        },
      };
    },
  };
}

function run(context: Context, definition: RuleDefinition, option: Record<string, unknown>): void {
  try {
    check(context, definition, option);
  } catch (error) {
    if (!(error instanceof GuardConfigurationError)) throw error;
    configuration(context, "badOptions", { problem: error.message });
  }
}

/** @throws GuardConfigurationError when the options are wrong */
function check(context: Context, definition: RuleDefinition, option: Record<string, unknown>): void {
  const typescript = ownTypescript();
  const options = optionsOf(context, typescript);
  const services = context.sourceCode.parserServices;
  const program = services?.program ?? null;
  const wantsSyntax = definition.typesOption === true && option["types"] === false;
  if (program === null || wantsSyntax) {
    if (!wantsSyntax && definition.syntactic !== true) configuration(context, "needsTypes");
    else bySyntax(context, definition, option, options, typescript);
    return;
  }
  const file = services?.esTreeNodeToTSNodeMap?.get(context.sourceCode.ast);
  const ofProgram = file === undefined ? null : typescriptOf(file);
  if (file === undefined || ofProgram === null) {
    configuration(context, "needsTypes");
    return;
  }
  const cx = contextFor(ofProgram, program, options);
  checkTrustedIn(cx, file.fileName);
  const analysis = analyzeFile(cx, file, definition.deep?.(option) ?? false);
  const { problem } = analysis.schema;
  if (problem !== null && definition.syntactic !== true && cx.packages.isProject(file)) {
    reportProblem(context, problem, analysis.schema.file?.fileName ?? "schema.ts");
  }
  report(context, definition, option, analysis.findings);
}

function bySyntax(
  context: Context,
  definition: RuleDefinition,
  option: Record<string, unknown>,
  options: GuardOptions,
  typescript: TypeScript | null,
): void {
  if (typescript === null) {
    configuration(context, "badOptions", {
      problem: "The package typescript is not installed; install it to lint by syntax.",
    });
    return;
  }
  checkTrusted(typescript, options, context.filename, context.cwd);
  const { findings, schema } = syntaxFindings(typescript, context.sourceCode, context.filename, options);
  if (definition.syntactic !== true && schema.problem !== null) {
    reportProblem(context, schema.problem, schema.file?.fileName ?? "schema.ts");
  }
  report(context, definition, option, findings);
}

function report(
  context: Context,
  definition: RuleDefinition,
  option: Record<string, unknown>,
  findings: readonly Finding[],
): void {
  for (const finding of findings) {
    if (finding.rule !== definition.name) continue;
    if (definition.accepts?.(finding, option) === false) continue;
    const { suggestion, fix } = finding;
    context.report({
      loc: location(context, finding.start, finding.end),
      messageId: finding.messageId as MessageId,
      data: finding.data,
      fix: fix === undefined || definition.fixable !== true ? null : (fixer) => apply(fixer, fix),
      suggest:
        suggestion === undefined
          ? []
          : [
              {
                messageId: suggestion.messageId as MessageId,
                data: finding.data,
                fix: (fixer) => apply(fixer, suggestion.edits),
              },
            ],
    });
  }
}

function apply(fixer: TSESLint.RuleFixer, edits: readonly TextEdit[]): TSESLint.RuleFix[] {
  return edits.map(({ start, end, text }) => fixer.replaceTextRange([start, end], text));
}

function location(context: Context, start: number, end: number) {
  const { sourceCode } = context;
  return { start: sourceCode.getLocFromIndex(start), end: sourceCode.getLocFromIndex(end) };
}

function reportProblem(context: Context, problem: SchemaProblem, schema: string): void {
  configuration(context, problem, {
    schema: schema.slice(schema.lastIndexOf("/", schema.lastIndexOf("/") - 1) + 1),
  });
}

/** Files that already got a configuration error: ten rules need not say the same. */
const told = new WeakMap<object, Set<string>>();

function configuration(
  context: Context,
  messageId: (typeof CONFIGURATION)[number],
  data: Record<string, string> = {},
): void {
  const key = formatMessage(messageId, data);
  const { ast } = context.sourceCode;
  let already = told.get(ast);
  if (already === undefined) told.set(ast, (already = new Set<string>()));
  if (already.has(key)) return;
  already.add(key);
  const start = { line: 1, column: 0 };
  context.report({ loc: { start, end: start }, messageId, data });
}

const fileOptions = new Map<string, GuardOptions>();

/** The options: of the app's file streaming-import.guard.json, and over them ESLint's settings. */
function optionsOf(context: Context, typescript: TypeScript | null): GuardOptions {
  const directory = typescript === null ? context.cwd : appAround(typescript, context.filename, context.cwd);
  let base = fileOptions.get(directory);
  if (base === undefined) {
    base = typescript === null ? DEFAULT_OPTIONS : loadConfigFile(typescript, directory);
    fileOptions.set(directory, base);
  }
  return readOptions(context.settings[SETTINGS_KEY], `settings["${SETTINGS_KEY}"]`, base);
}
