import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { unifiedDiff } from "../terminal/diff.js";
import { CliError, EXIT, usageError } from "../terminal/exit.js";
import { readProject, type Project } from "../project/project.js";
import { nextSteps } from "./next.js";
import { plan } from "./plan.js";
import { actionOf, type Action, type InitOptions, type Step } from "./step.js";

/** What became, or would become, of a project. */
export interface InitResult {
  functionsDir: string;
  files: { file: string; action: Action; diff: string; manual: string | null }[];
  written: boolean;
  /** What remains for a person to do, in order. */
  next: string[];
}

/** Reads a project and works out what is to do. */
export function prepare(root: string, options: InitOptions): { project: Project; steps: Step[] } {
  const project = readProject(root);
  const steps = plan(project, options);
  return { project, steps };
}

export function resultOf(project: Project, steps: readonly Step[], written: boolean): InitResult {
  return {
    functionsDir: project.functionsDir,
    files: steps.map((step) => ({
      file: step.file,
      action: actionOf(step),
      diff: unifiedDiff(step.file, step.before, step.after),
      manual: step.manual,
    })),
    written,
    next: nextSteps(project, steps),
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
    mkdirSync(path.dirname(full), { recursive: true });
    try {
      // "wx" refuses a file that has come into being while somebody looked at the diff.
      writeFileSync(full, after ?? "", { flag: before === null ? "wx" : "w" });
    } catch (error) {
      throw new CliError(`${file} cannot be written. Run the command again.`, EXIT.failure, { cause: error });
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
