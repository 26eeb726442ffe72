import type { TSESLint } from "@typescript-eslint/utils";
import { functionsDirectories } from "./engine/options.js";
import type { RuleName } from "./engine/model.js";
import { SETTINGS_KEY, type GuardOptions } from "./engine/options.js";
import { PRESETS, type PresetName } from "./engine/presets.js";
import { ownTypescript } from "./engine/typescript.js";
import { NAME, plugin } from "./plugin.js";

/** An object of ESLint's flat config. */
export type Config = TSESLint.FlatConfig.Config;

/** What the presets can be made for. */
export interface ConfigOptions {
  /** The functions directories; default: that of convex.json, and every directory called `convex`. */
  readonly functionsDir?: string | readonly string[];
  /** Options of the guard, put into ESLint's settings. */
  readonly settings?: Partial<GuardOptions>;
}

const EXTENSIONS = "{ts,tsx,mts,cts,js,jsx,mjs,cjs}";

/** The presets. Each is an array, to be spread into a flat config. */
export function createConfigs(options: ConfigOptions = {}): Record<PresetName | "syntax", Config[]> {
  return {
    recommended: [typed("recommended", options)],
    strict: [typed("strict", options)],
    syntax: [syntax(options)],
  };
}

function typed(preset: PresetName, options: ConfigOptions): Config {
  const rules: Record<string, TSESLint.FlatConfig.RuleEntry> = {};
  for (const [name, { severity, options: option }] of Object.entries(PRESETS[preset])) {
    rules[`${NAME}/${name}`] = option === undefined ? severity : [severity, option];
  }
  // explicit-write-table says the same about writes, and never touches a receiver that is not Convex's.
  if (preset === "strict") rules["@convex-dev/explicit-table-ids"] = "off";
  return build(preset, options, rules);
}

/** The rules that work without types; a hint, not a guarantee. */
const SYNTAX_RULES: Partial<Record<RuleName, TSESLint.FlatConfig.RuleEntry>> = {
  "no-mirror-writes": ["error", { types: false }],
  "no-mirror-factories": ["error", { types: false }],
  "explicit-write-table": ["warn", { types: false }],
  "mirror-schema": ["warn", { types: false }],
  "no-raw-syscalls": "error",
  "no-unreasoned-disable": ["warn", { check: "comments" }],
};

function syntax(options: ConfigOptions): Config {
  const rules = Object.fromEntries(
    Object.entries(SYNTAX_RULES).map(([name, entry]) => [`${NAME}/${name}`, entry]),
  );
  return build("syntax", options, rules);
}

function build(
  preset: string,
  options: ConfigOptions,
  rules: Record<string, TSESLint.FlatConfig.RuleEntry>,
): Config {
  return {
    name: `${NAME}/${preset}`,
    files: directories(options).map((directory) => `${directory}/**/*.${EXTENSIONS}`),
    // Convex writes these files itself. What lies beside them, or in another directory of that name, is deployed.
    ignores: [
      ...directories(options).map((directory) => `${directory}/_generated/${WRITTEN_BY_CONVEX}`),
      "**/*.test.*",
      "**/*.spec.*",
    ],
    plugins: { [NAME]: plugin as unknown as TSESLint.FlatConfig.Plugin },
    rules,
    ...(options.settings === undefined ? {} : { settings: { [SETTINGS_KEY]: options.settings } }),
  };
}

/** The files of `isWrittenByConvex` in engine/deployed.ts. */
const WRITTEN_BY_CONVEX = "{api,component,dataModel,server}{,_cjs}.*";

function directories({ functionsDir }: ConfigOptions): readonly string[] {
  if (typeof functionsDir === "string") return [clean(functionsDir)];
  if (functionsDir !== undefined) return functionsDir.map(clean);
  const typescript = ownTypescript();
  const configured = typescript === null ? [] : functionsDirectories(typescript, process.cwd());
  // `../backend/functions` lies outside of the app: the pattern finds it from the repository's root.
  const patterns = configured.map((directory) => `**/${clean(directory).replace(/^(?:\.\.\/)+/, "")}`);
  return [...new Set(["**/convex", ...patterns])];
}

function clean(directory: string): string {
  return directory.replace(/^\.\//, "").replace(/\/$/, "");
}
