import type { Command } from "commander";
import { withDeployment } from "../deployment/options.js";
import type { Io } from "../terminal/io.js";
import type { ExportCommandOptions } from "./run.js";

export function addExportCommand(parent: Command, io: Io): void {
  withDeployment(parent.command("export"))
    .description("write the rows of exported tables, and then their changes, to files or to stdout")
    .option("-t, --tables <names>", "the tables, separated by commas; default: all that the token can read")
    .option("-o, --out <folder>", "a folder for the files, one folder per table; without it, stdout")
    .option("-f, --format <format>", "jsonl, csv or parquet; stdout takes jsonl", "jsonl")
    .option("--follow", "keep running, and write changes as they arrive")
    .option("--interval <seconds>", "how often --follow checks for changes", "10")
    .option("--rows-per-file <count>", "the most rows that a file gets", "100000")
    .option(
      "--state <file>",
      "the file that keeps the progress; default: _state.json in the folder, none for stdout",
    )
    .option(
      "--restart",
      "discard the progress of an earlier export into this folder, and delete its files of these tables",
    )
    .option("--token <token>", "an export token (default: STREAMING_IMPORT_TOKEN)")
    .addHelpText(
      "after",
      `
The first run writes every row; each later run writes what has changed since. An interrupted run resumes where it stopped.
A deleted row is a line with _deleted: true.

Examples:
  $ streaming-import export --tables orders,customers --out export --format parquet
  $ streaming-import export --tables orders --follow | my-program`,
    )
    .action(async (options: ExportCommandOptions) => {
      await (await import("./run.js")).exportTables(io, options);
    });
}
