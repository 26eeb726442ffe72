import type { Command } from "commander";
import type { Io } from "../terminal/io.js";
import { collect } from "../deployment/options.js";
import { projectRoot } from "../project/root.js";
import { requireTypescript } from "../project/typescript.js";
import { CliError } from "../terminal/exit.js";
import type { RunOptions } from "./run.js";

/** The first mirror's source, where nobody says another. */
const DEFAULT_SOURCE = "public.customers";

interface CliOptions extends RunOptions {
  cwd?: string;
  example?: string;
}

/** Adds `init`, which sets a project up. */
export function addInitCommand(parent: Command, io: Io): void {
  parent
    .command("init")
    .description("set up a project: show the planned changes, ask, then write them")
    .option("-y, --yes", "write without asking")
    .option("--dry-run", "write nothing; exit with 3 if there is something to do")
    .option("--path-prefix <path>", 'the path of the import API; "/" is the root', "/airbyte")
    .option("--sample <file>", "declare a mirror for the rows of a CSV, TSV, JSON or JSON Lines file")
    .option("--key <columns>", "with --sample: the key columns, separated by commas", collect)
    .option(
      "--postgres [url]",
      "declare mirrors for the tables of a Postgres database; default: DATABASE_URL",
    )
    .option("--airbyte <file>", "declare mirrors for the streams of an Airbyte catalog")
    .option("--fivetran <file>", "declare mirrors for the tables of a Fivetran schema")
    .option(
      "--source <table>",
      "without any of these, if the schema has no mirror: the source of a first mirror to complete by hand",
      DEFAULT_SOURCE,
    )
    .option("--example <folder>", "create a new app with a mirror, a page and a panel in a folder instead")
    .option("--cwd <directory>", "the project; default: the current directory")
    .option("--json", "print JSON for machines; never ask")
    .addHelpText(
      "after",
      `
Existing code stays: a second run changes nothing. If the command cannot edit a file safely, it leaves the file alone and
shows what to paste into it.

On a terminal, the command asks where your rows come from, unless an option says so.

Examples:
  $ streaming-import init
  $ streaming-import init --sample customers.csv --key id
  $ streaming-import init --source public.orders --yes
  $ streaming-import init --example my-mirrors
  $ streaming-import init --dry-run --json`,
    )
    .action(async ({ cwd, example, ...options }: CliOptions, command: Command) => {
      const root = projectRoot(io, cwd);
      if (example !== undefined) {
        (await import("./example.js")).writeExample(io, root, example);
        return;
      }
      await requireTypescript(root);
      const { runInit } = await import("./run.js");
      const isNamed = command.getOptionValueSource("source") === "cli";
      io.exitCode = await runInit(io, root, { ...options, isNamed }).catch((error: unknown) => {
        throw withForeignOptions(error, command);
      });
    });
}

/** `init` reads files as `generate` does, and has not all of its options: an error that names one says whose it is. */
function withForeignOptions(error: unknown, { options }: Command): unknown {
  if (!(error instanceof CliError)) return error;
  const named = new Set(error.message.match(/(?<![\w-])--[a-z][a-z-]*/g));
  for (const { long } of options) named.delete(long ?? "");
  if (named.size === 0) return error;
  const names = [...named].join(" and ");
  return new CliError(
    error.code,
    `${error.message} Use ${names} with streaming-import generate, which declares the same mirror; then run init.`,
    { cause: error },
  );
}
