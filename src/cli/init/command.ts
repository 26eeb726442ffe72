import type { Command } from "commander";
import type { Io } from "../terminal/io.js";
import path from "node:path";
import { requireTypescript } from "../project/typescript.js";

/** The first mirror's source, where nobody says another. */
const DEFAULT_SOURCE = "public.customers";

interface CliOptions {
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
  cwd?: string;
  pathPrefix: string;
  source: string;
}

/** Adds `init`, which sets a project up. */
export function addInitCommand(parent: Command, io: Io): void {
  parent
    .command("init")
    .description("set up a project: show what to create and edit, ask, and write it")
    .option("-y, --yes", "write without asking")
    .option("--dry-run", "write nothing; exit with 3 if there is something to do")
    .option("--path-prefix <path>", 'the path of the import API; "/" is the root', "/airbyte")
    .option("--source <table>", "the source of the first mirror, if the schema has no mirror", DEFAULT_SOURCE)
    .option("--cwd <directory>", "the project; default: the current directory")
    .option("--json", "print JSON for machines; never ask")
    .addHelpText(
      "after",
      `
Existing code stays: a second run changes nothing. If the command cannot edit a file safely, it leaves the file alone and
shows what to paste into it.

Examples:
  $ streaming-import init
  $ streaming-import init --source public.orders --yes
  $ streaming-import init --dry-run --json`,
    )
    .action(async ({ cwd, ...options }: CliOptions) => {
      await requireTypescript();
      const { runInit } = await import("./run.js");
      io.exitCode = await runInit(io, path.resolve(io.cwd, cwd ?? "."), options);
    });
}
