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
    .description("set a project up: shows what it would create and edit, asks, and writes it")
    .option("-y, --yes", "write without asking")
    .option("--dry-run", "write nothing; ends with 3 when there is something to do")
    .option("--path-prefix <path>", 'where the import API is served; "/" is the root', "/airbyte")
    .option("--source <table>", "the source of the first mirror, where the schema has none", DEFAULT_SOURCE)
    .option("--cwd <directory>", "the project; default: here")
    .option("--json", "print JSON for machines; does not ask")
    .addHelpText(
      "after",
      `
What is there already stays: running it again changes nothing. A file that is too unusual to be edited is left alone,
and you are told what to paste where.

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
