import ts from "typescript";
import { lintConfigOf, lints } from "../../project/parts.js";
import type { Module, Project } from "../../project/project.js";
import { bare, defaultExport, initializerOf, localOf, topLevelNames } from "../../project/syntax.js";
import { append, importInsertion } from "../../project/edit.js";
import { byHand, create, edit, keep, type Planning, type Step } from "../edit.js";

const PLUGIN = "convex-streaming-import/eslint";
const LOCAL = "streamingImport";

/** Adds the plugin to the flat config of ESLint. */
export function planEslintConfig({ project }: Planning): Step {
  const config = lintConfigOf(project);
  if (config === null) {
    // In a package that is not a module, only .mjs may say `import`.
    const file = project.manifest.type === "module" ? "eslint.config.js" : "eslint.config.mjs";
    return create(file, whole(project));
  }
  if (lints(config)) return keep(config.file, config.text);
  const { file, text, source } = config;
  if (isCommonJs(config)) {
    return byHand(
      file,
      text,
      "The plugin is an ES module, and this file is CommonJS. Make it export a promise:",
      `module.exports = (async () => [\n  ...yourConfig,\n  ...(await import("${PLUGIN}")).default.configs.${preset(project)},\n])();`,
    );
  }
  const names = topLevelNames(source);
  const local = names.has(LOCAL) ? `${LOCAL}Lint` : LOCAL;
  const imported =
    localOf(source, "default", /^typescript-eslint$/) ?? localOf(source, "*", /^typescript-eslint$/);
  const isTyped = project.language === "js" || /\bprojectService\b|\bproject:|TypeChecked\b/.test(text);
  const tseslint = imported ?? (names.has("tseslint") ? "typescriptEslint" : "tseslint");
  const imports = [
    `import ${local} from "${PLUGIN}";`,
    ...(isTyped || imported !== null ? [] : [`import ${tseslint} from "typescript-eslint";`]),
  ];
  const entries = [
    ...(isTyped ? [] : [typed(project, tseslint)]),
    `...${local}.configs.${preset(project)},`,
  ].join("\n");
  const otherwise = {
    why: "The configuration that this file exports is not written as a list. Add to it:",
    paste: `${imports.join("\n")}\n\n${entries}`,
  };
  const list = listOf(source);
  if (list === null) return byHand(file, text, otherwise.why, otherwise.paste);
  return edit(config, [...importInsertion(config, imports), ...append(config, list, entries)], otherwise);
}

/** The rules need types; JavaScript has none, so that it gets those that do without. */
function preset({ language }: Project): string {
  return language === "ts" ? "recommended" : "syntax";
}

/** Gives the functions' files a parser that knows types. */
function typed({ functionsDir }: Project, tseslint: string): string {
  return `{
  files: ["${functionsDir}/**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}"],
  languageOptions: { parser: ${tseslint}.parser, parserOptions: { projectService: true } },
},`;
}

function whole(project: Project): string {
  const isTypeScript = project.language === "ts";
  const entries = [
    `{ ignores: ["${project.functionsDir}/_generated/**"] },`,
    ...(isTypeScript ? [typed(project, "tseslint")] : []),
    `...${LOCAL}.configs.${preset(project)},`,
  ];
  const lines = entries.flatMap((entry) => entry.split("\n")).map((line) => `  ${line}`);
  return `import ${LOCAL} from "${PLUGIN}";
${isTypeScript ? 'import tseslint from "typescript-eslint";\n' : ""}
export default [
${lines.join("\n")}
];
`;
}

function isCommonJs({ file, source }: Module): boolean {
  return (
    /\.ct?s$|\.cjs$/.test(file) || (defaultExport(source) === null && /\bmodule\.exports\b/.test(source.text))
  );
}

/** Functions that make a flat config of a list, or of their arguments. */
const MAKERS = new Set(["defineConfig", "config", "antfu", "withNuxt"]);

/** Where the entries of a configuration are written: an array, or the arguments of a call. */
function listOf(source: ts.SourceFile): ts.ArrayLiteralExpression | ts.CallExpression | null {
  const exported = defaultExport(source);
  if (exported === null) return null;
  let expression = bare(exported.expression);
  if (ts.isIdentifier(expression)) {
    const initializer = initializerOf(source, expression.text);
    if (initializer === null) return null;
    expression = bare(initializer);
  }
  if (ts.isArrayLiteralExpression(expression)) return expression;
  if (!ts.isCallExpression(expression)) return null;
  const maker = expression.expression;
  const name = ts.isPropertyAccessExpression(maker)
    ? maker.name.text
    : ts.isIdentifier(maker)
      ? maker.text
      : "";
  if (!MAKERS.has(name)) return null;
  const [only, another] = expression.arguments;
  // defineConfig([…]): the list is the only argument.
  return only !== undefined && another === undefined && ts.isArrayLiteralExpression(only) ? only : expression;
}
