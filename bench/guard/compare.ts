/** What ESLint finds in an app beside what the command finds: both front ends share the analysis, but not the program. */
import { ESLint } from "eslint";
import { relative } from "node:path";
import tseslint from "typescript-eslint";
import { createConfigs } from "../../eslint-rules/index.js";
import type { App } from "./app.js";
import type { Verdict } from "./verdicts.js";

export interface Difference {
  readonly preset: string;
  /** Findings of both. */
  readonly same: number;
  /** `file:line messageId` of those that only one has. */
  readonly onlyCommand: readonly string[];
  readonly onlyEslint: readonly string[];
}

/** Lints an app with both typed presets, and compares the places and messages with the command's. */
export async function differencesOf(
  app: App,
  mirrors: readonly string[],
  findings: readonly Verdict[],
): Promise<Difference[]> {
  const presets = createConfigs({ functionsDir: app.functions, settings: { tables: [...mirrors] } });
  const differences: Difference[] = [];
  for (const preset of ["recommended", "strict"] as const) {
    const command = findings
      .filter(({ presets }) => presets.includes(preset))
      .map(({ file, line, messageId }) => `${file}:${String(line)} ${messageId}`);
    const linted = await lint(app, presets[preset]);
    differences.push({
      preset,
      same: command.filter((one) => linted.includes(one)).length,
      onlyCommand: command.filter((one) => !linted.includes(one)),
      onlyEslint: linted.filter((one) => !command.includes(one)),
    });
  }
  return differences;
}

async function lint(app: App, preset: readonly object[]): Promise<string[]> {
  const parserOptions = { projectService: true, tsconfigRootDir: app.root };
  const eslint = new ESLint({
    cwd: app.root,
    overrideConfigFile: true,
    overrideConfig: [
      { ignores: ["**/_generated/**", "**/*.{test,spec}.*"] },
      {
        files: ["**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}"],
        languageOptions: { parser: tseslint.parser, parserOptions },
        linterOptions: { reportUnusedDisableDirectives: "off" },
      },
      ...preset,
    ] as never,
    // The command honours no comment that turns a rule off.
    allowInlineConfig: false,
  });
  const results = await eslint.lintFiles([app.functions]);
  return results.flatMap(({ filePath, messages }) =>
    messages.map(
      ({ line, messageId, message }) =>
        `${relative(app.root, filePath)}:${String(line)} ${messageId ?? message}`,
    ),
  );
}
