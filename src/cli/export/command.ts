import type { Command } from "commander";
import { withDeployment } from "../deployment/options.js";
import type { Io } from "../terminal/io.js";
import type { ExportCommandOptions } from "./run.js";

export function addExportCommand(parent: Command, io: Io): void {
  withDeployment(parent.command("export"))
    .description("write the rows of exported tables, and then their changes, to files or to stdout")
    .option("-t, --tables <names>", "the tables, by commas; default: all that the token opens")
    .option("-o, --out <folder>", "a folder for the files, one folder per table; without it, stdout")
    .option("-f, --format <format>", "jsonl, csv or parquet; stdout takes jsonl", "jsonl")
    .option("--follow", "stay, and write changes as they come")
    .option("--interval <seconds>", "how often --follow asks for changes", "10")
    .option("--rows-per-file <count>", "at most so many rows in a file", "100000")
    .option(
      "--state <file>",
      "where to keep how far it is; default: _state.json in the folder, nowhere for stdout",
    )
    .option("--restart", "forget an earlier export into this folder, and remove its files of these tables")
    .option("--token <token>", "an export token (default: STREAMING_IMPORT_TOKEN)")
    .addHelpText(
      "after",
      `
The first run writes every row, each later one what has changed since. One that was cut off goes on where it stopped.
A deleted row is a line with _deleted: true.

Examples:
  $ streaming-import export --tables orders,customers --out export --format parquet
  $ streaming-import export --tables orders --follow | my-program`,
    )
    .action(async (options: ExportCommandOptions) => {
      await (await import("./run.js")).exportTables(io, options);
    });
}
