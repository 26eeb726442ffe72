import { confirm, isCancel } from "@clack/prompts";
import pc from "picocolors";
import { coloured } from "../terminal/diff.js";
import { CliError, EXIT, usageError, type ExitCode } from "../terminal/exit.js";
import { print } from "../terminal/output.js";
import { changes, checkOptions, prepare, resultOf, write, type InitResult } from "./init.js";
import type { Action } from "./step.js";

interface RunOptions {
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
  pathPrefix: string;
  source: string;
}

/**
 * `streaming-import init`: shows the diff, asks, writes.
 * @returns 0 when the project is set up; 3 when something is left to do, by hand or (`--dry-run`) at all
 * @throws CliError when there is nobody to ask, or the answer is no; nothing was written then
 */
export async function runInit(root: string, options: RunOptions): Promise<ExitCode> {
  const { project, steps } = prepare(root, checkOptions(options));
  const pending = changes(steps);
  const isAsked = options.dryRun !== true && options.yes !== true && pending.length > 0;
  const isByHand = steps.some(({ manual }) => manual !== null);
  if (options.json !== true) process.stdout.write(describe(resultOf(project, steps, false)));
  if (isAsked) await ask(options.json === true);
  const writes = options.dryRun !== true && pending.length > 0;
  if (writes) write(project, steps);

  const result = resultOf(project, steps, writes);
  if (options.json === true) print(true, result, () => "");
  else process.stdout.write(`${ending(result, pending.length, options.dryRun === true)}\n`);
  return isByHand || (pending.length > 0 && !writes) ? EXIT.differs : EXIT.ok;
}

/** @throws CliError unless somebody says yes */
async function ask(json: boolean): Promise<void> {
  if (!process.stdin.isTTY || json)
    throw usageError("Nothing was written. Add --yes to write it, or --dry-run to only look.");
  const answer = await confirm({ message: "Write these files?" });
  if (isCancel(answer)) throw new CliError("Nothing was written.", EXIT.interrupted);
  if (!answer) throw new CliError("Nothing was written.");
}

const MARKS: Record<Action, string> = {
  create: pc.green("create "),
  edit: pc.cyan("edit   "),
  keep: pc.dim("keep   "),
  "by hand": pc.yellow("by hand"),
};

function describe({ files }: InitResult): string {
  const list = files.map(({ file, action }) => `${MARKS[action]}  ${file}`).join("\n");
  const diffs = files.filter(({ diff }) => diff !== "").map(({ diff }) => `\n${coloured(diff)}\n`);
  const manual = files.flatMap(({ file, manual: text }) =>
    text === null ? [] : [`\n${pc.bold(file)}: ${text}\n`],
  );
  return [`${list}\n`, ...diffs, ...manual].join("");
}

function ending({ written, next }: InitResult, pending: number, dryRun: boolean): string {
  const first = written
    ? `\n${pc.green("Written.")}`
    : pending > 0
      ? "\nNothing was written."
      : `\n${pc.green("Nothing to write: the project is set up.")}`;
  if (dryRun && pending > 0) return first;
  return [first, "Next:", ...next.map((step, i) => `  ${String(i + 1)}. ${step}`)].join("\n");
}
