import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { ESLint } from "eslint";
import { name } from "../../../../eslint-rules/manifest.js";
import { deployedOutside } from "../../guard/program.js";
import { lintConfigOf, lints } from "../../project/parts.js";
import type { Project } from "../../project/project.js";
import { messageOf } from "../../terminal/exit.js";
import { ok, warning, type Check } from "../check.js";

/** Code that may hold the writer: types and constants of another package are nobody's concern here. */
const MAY_WRITE = /\b(?:db|ctx|MutationCtx|DatabaseWriter)\b/;

/**
 * Whether the presets match the code outside of the functions directory that the functions import. The app's own ESLint
 * says which rules a file gets. Without the plugin there is nothing to say here: `eslint-plugin` says that.
 */
export async function checkHelpers(project: Project): Promise<Check[]> {
  const code = "helpers-linted";
  const { root, functionsDir, hasFunctions } = project;
  const config = lintConfigOf(project);
  if (!hasFunctions || config === null || !lints(config)) return [];
  try {
    // A linked package lies outside of node_modules, and this one writes mirrors: that is its job.
    const helpers = deployedOutside(path.join(root, functionsDir).replaceAll("\\", "/"))
      .filter((file) => packageAround(file) !== name)
      .filter((file) => MAY_WRITE.test(readFileSync(file, "utf8")));
    const Linter = helpers.length === 0 ? null : await eslintOf(root);
    const missed: string[] = [];
    for (const file of helpers)
      if (Linter !== null && !(await isChecked(Linter, file))) missed.push(path.relative(root, file));
    if (missed.length === 0)
      return [ok(code, `ESLint checks the helpers that functions import from outside of ${functionsDir}.`)];
    const directories = [...new Set(missed.map((file) => path.dirname(file)))];
    return [
      warning(
        code,
        `ESLint does not check ${missed.join(", ")}, which the functions import: it does not find writes to mirrors there. The command guard does.`,
        `Spread createConfigs({ functionsDir: ${JSON.stringify(directories)}, settings: { schema: "${functionsDir}/schema.ts" } }).recommended into the flat config at or above ${directories.length === 1 ? "this directory" : "these directories"}, with paths from there.`,
      ),
    ];
  } catch (thrown) {
    const problem = messageOf(thrown).split("\n")[0] ?? "";
    return [
      warning(
        code,
        `ESLint cannot say whether it checks the helpers outside of ${functionsDir}: ${problem}`,
        "Run ESLint and read what it says.",
      ),
    ];
  }
}

/** What the nearest package.json above a file calls its package. */
function packageAround(file: string): string | undefined {
  for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
    const manifest = path.join(directory, "package.json");
    if (existsSync(manifest)) return (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name;
    if (directory === path.dirname(directory)) return undefined;
  }
}

/** The app's own ESLint, which reads the app's configuration. */
async function eslintOf(root: string): Promise<typeof ESLint> {
  const require = createRequire(path.join(root, "package.json"));
  const module = (await import(pathToFileURL(require.resolve("eslint")).href)) as { ESLint: typeof ESLint };
  return module.ESLint;
}

/** Whether the configuration nearest to a file turns on the rule about writes for it. */
async function isChecked(Linter: typeof ESLint, file: string): Promise<boolean> {
  const linter = new Linter({ cwd: path.dirname(file) });
  const config = (await linter.calculateConfigForFile(file)) as
    { rules?: Record<string, [number]> } | undefined;
  return (config?.rules?.["streaming-import/no-mirror-writes"]?.[0] ?? 0) > 0;
}
