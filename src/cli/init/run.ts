import { coloured, unifiedDiff } from "../terminal/diff.js";
import { CliError, EXIT, type ExitCode, usageError } from "../terminal/exit.js";
import { print, say } from "../terminal/output.js";
import { type Action, actionOf, type InitOptions, type Step } from "./edit.js";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Project, readProject } from "../project/project.js";
import { plan } from "./plan.js";
import { installed } from "../project/manifests.js";
import { guardOf, missingLintScript, rawBuildersOf } from "../project/parts.js";
import { cleanTableName } from "../../core/rows/names.js";
import { readSource } from "../generate/run.js";
import type { SourceSchema } from "../generate/model.js";
import { type Origin, originOf } from "./origin.js";
import { style } from "../terminal/style.js";
import type { Io } from "../terminal/io.js";
import { ask } from "../terminal/ask.js";

export interface RunOptions extends Origin {
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
  pathPrefix: string;
  source: string;
  /** Whether somebody has named the source of a mirror to complete by hand. */
  isNamed?: boolean;
}

/**
 * `streaming-import init`: shows the diff, asks, writes.
 * @returns 0 when the project is set up; 3 when something is left to do, by hand or (`--dry-run`) at all
 * @throws CliError when there is nobody to ask, or the answer is no; nothing was written then
 */
export async function runInit(io: Io, root: string, options: RunOptions): Promise<ExitCode> {
  const checked = checkOptions(options);
  const { yes, dryRun, json, isNamed } = options;
  const isQuiet = [yes, dryRun, json, isNamed].includes(true);
  const origin = await originOf(io, root, { ...originIn(options), isQuiet });
  const tables = origin === null ? undefined : await readSource(io, origin, root);
  const from = origin !== null && tables !== undefined ? { ...origin, tables } : null;
  const { project, steps } = await prepare(root, { ...checked, ...(tables !== undefined && { tables }) });
  const pending = changes(steps);
  const isAsked = options.dryRun !== true && options.yes !== true && pending.length > 0;
  const isByHand = steps.some(({ manual }) => manual !== null);
  if (options.json !== true) say(io.stdout, describe(resultOf(project, steps, false, from)));
  if (isAsked)
    await ask(io, "Write these files?", {
      json: options.json === true,
      nobody: new CliError("NotConfirmed", LOOK),
      declined: "Nothing was written.",
      suggested: true,
    });
  const writes = options.dryRun !== true && pending.length > 0;
  if (writes) write(project, steps);

  const result = resultOf(project, steps, writes, from);
  if (options.json === true) print(io, true, result, () => "");
  else say(io.stdout, ending(result, pending.length, options.dryRun === true));
  return isByHand || (pending.length > 0 && !writes) ? EXIT.differs : EXIT.ok;
}

/** The options that say where rows come from. */
function originIn({ sample, key, postgres, airbyte, fivetran }: RunOptions): Origin {
  return { sample, key, postgres, airbyte, fivetran };
}

const LOOK = "Nothing was written. Add --yes to write it, or --dry-run to see it only.";

const MARKS: Record<Action, string> = {
  create: style.green("create "),
  edit: style.cyan("edit   "),
  keep: style.dim("keep   "),
  "by hand": style.yellow("by hand"),
};

function describe({ files }: InitResult): string {
  const list = files.map(({ file, action }) => `${MARKS[action]}  ${file}`).join("\n");
  const diffs = files.filter(({ diff }) => diff !== "").map(({ diff }) => `\n${coloured(diff)}`);
  const manual = files.flatMap(({ file, manual: text }) =>
    text === null ? [] : [`\n${style.bold(file)}: ${text}`],
  );
  return [list, ...diffs, ...manual].join("\n");
}

function ending({ written, next }: InitResult, pending: number, dryRun: boolean): string {
  const first = written
    ? `\n${style.green("Written.")}`
    : pending > 0
      ? "\nNothing was written."
      : `\n${style.green("Nothing to write: the project is set up.")}`;
  if (dryRun && pending > 0) return first;
  return [first, "Next:", ...next.map((step, i) => `  ${String(i + 1)}. ${step}`)].join("\n");
}

/** What became, or would become, of a project. */
export interface InitResult {
  functionsDir: string;
  files: { file: string; action: Action; diff: string; manual: string | null }[];
  written: boolean;
  /** What remains for a person to do, in order. */
  next: string[];
}

/** Reads a project and works out what is to do. */
export async function prepare(
  root: string,
  options: InitOptions,
): Promise<{ project: Project; steps: Step[] }> {
  const project = await readProject(root);
  const steps = plan(project, options);
  return { project, steps };
}

export function resultOf(
  project: Project,
  steps: readonly Step[],
  written: boolean,
  from: From | null = null,
): InitResult {
  return {
    functionsDir: project.functionsDir,
    files: steps.map((step) => ({
      file: step.file,
      action: actionOf(step),
      diff: unifiedDiff(step.file, step.before, step.after),
      manual: step.manual,
    })),
    written,
    next: nextSteps(project, steps, from),
  };
}

/** Whether files would be created or edited. */
export function changes(steps: readonly Step[]): Step[] {
  return steps.filter(({ before, after }) => before !== after);
}

/**
 * Writes what was planned.
 * @throws CliError when a file has changed since it was read, or cannot be written; the ones before it are written then
 */
export function write({ root }: Project, steps: readonly Step[]): void {
  for (const { file, before, after } of changes(steps)) {
    const full = path.join(root, file);
    try {
      mkdirSync(path.dirname(full), { recursive: true });
      // "wx" refuses a file that has come into being while somebody looked at the diff.
      writeFileSync(full, after ?? "", { flag: before === null ? "wx" : "w" });
    } catch (error) {
      throw new CliError("FileUnwritable", `${file} cannot be written. Run the command again.`, {
        cause: error,
      });
    }
  }
}

/** @throws CliError for options that make no sense */
export function checkOptions({ pathPrefix, source }: { pathPrefix: string; source: string }): InitOptions {
  const prefix = pathPrefix.replace(/^\/+|\/+$/g, "");
  if (!/^[\w\-./]*$/.test(prefix))
    throw usageError('--path-prefix is a path, as "/airbyte"; "/" is the root.');
  if (!/^[^\s."'`\\]+(\.[^\s."'`\\]+)?$/.test(source))
    throw usageError('--source is a table, as "public.customers" or "customers".');
  return { pathPrefix: prefix === "" ? "" : `/${prefix}`, source };
}

const PACKAGE = "convex-streaming-import";

/** What is left to do after init has written its files: commands and edits, in order. */
function nextSteps(project: Project, steps: readonly Step[], from: From | null): string[] {
  const { root, manifest, packageManager, functionsDir } = project;
  const { add, addDev, exec } = packageManager;
  const declared = { ...manifest.dependencies, ...manifest.devDependencies };
  const missing = [PACKAGE, "convex"].filter((name) => declared[name] === undefined);
  const config = steps.find(({ file }) => file.startsWith("eslint.config."))?.after ?? "";
  const linters = ["eslint", "typescript-eslint"].filter(
    (name) => (name === "eslint" || config.includes(`"${name}"`)) && installed(root, name) === null,
  );
  const lint = missingLintScript(project);
  const guard = guardOf(project)?.file ?? `${functionsDir}/functions.${project.language}`;
  const raw = rawBuildersOf(project, guardOf(project)).filter((file) => file !== guard);
  const schema = steps.find(({ file }) => /\/schema\.\w+$/.test(file));
  const isNewMirror = schema !== undefined && schema.before !== schema.after;
  return [
    ...steps.flatMap((step) => (actionOf(step) === "by hand" ? [`Edit ${step.file} as shown above.`] : [])),
    ...(missing.length > 0 ? [`${add} ${missing.join(" ")}`] : []),
    ...(linters.length > 0 ? [`${addDev} ${linters.join(" ")}`] : []),
    ...(lint === null ? [] : [`${lint.fix}. ${lint.why}.`]),
    ...(isNewMirror && from === null
      ? [`Give the mirror in ${schema.file} the name, key and columns of your table.`]
      : []),
    ...(raw.length > 0
      ? [
          `Import mutation and internalMutation from ${guard} in ${raw.join(", ")}, instead of _generated/server.`,
        ]
      : []),
    `${exec} convex dev`,
    ...firstRows(exec, from),
    `${exec} streaming-import doctor`,
  ];
}

/** Where the rows of the first mirrors come from, and the tables found there. */
type From = Origin & { tables: SourceSchema };

/** How the first rows come, from where they are. */
function firstRows(exec: string, from: From | null): string[] {
  const [first] = from?.tables.tables ?? [];
  const mirror = first === undefined ? "<mirror>" : cleanTableName(first.name);
  const push = `${exec} streaming-import push`;
  // Rows without a key cannot be matched: the file replaces what is there.
  const mode = first?.primaryKey === null ? " --mode refresh" : "";
  if (from?.sample !== undefined) return [`${push} ${from.sample} --mirror ${mirror}${mode}`];
  if (from?.postgres !== undefined)
    return [
      `psql -c "copy ${first!.name} to stdout csv header" | ${push} - --format csv --mirror ${mirror} --mode refresh`,
    ];
  const connector =
    from?.airbyte !== undefined ? "airbyte" : from?.fivetran !== undefined ? "fivetran" : "<connector>";
  return [`${exec} streaming-import token create ${connector} --mirror ${mirror}`];
}
