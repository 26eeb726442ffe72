import type { Command } from "commander";
import { collect, withDeployment } from "../deployment/options.js";
import type { Io } from "../terminal/io.js";
import type { PushCommandOptions } from "./run.js";

export function addPushCommand(parent: Command, io: Io): void {
  withDeployment(parent.command("push"))
    .description("import the rows of a file: CSV, TSV, JSON or JSON Lines, plain or gzipped; - reads stdin")
    .argument("<file>", "the file, or - for stdin")
    .option("-m, --mirror <name>", "the mirror; default: the only one")
    .option(
      "--mode <mode>",
      "upsert, append, or refresh (also deletes rows that are not in the file). Default: upsert",
    )
    .option(
      "-f, --format <format>",
      "csv, tsv, copy (with backslashes, as COPY and OUTFILE write it), json or jsonl; default: by the file's name, else by its first character",
    )
    .option("--map <column=field>", "map a column to a field of another name; repeatable", collect)
    .option("--only <column>", "import only this column; repeatable", collect)
    .option("--drop <column>", "leave out a column; repeatable", collect)
    .option(
      "--null <text>",
      "CSV: unquoted text that means NULL; repeatable. Default: the empty field",
      collect,
    )
    .option("--delimiter <character>", "CSV: the separator of fields; default: detected in the first line")
    .option("--encoding <name>", "the text encoding, such as windows-1252; default: UTF-8")
    .option(
      "--columns <names>",
      "CSV: the column names, separated by commas, for a file without a header line",
    )
    .option("-y, --yes", "continue even if this erases fields of stored rows")
    .option("--wait-paused <minutes>", "how long to wait for a paused mirror before exiting with 4", "10")
    .option("--restart", "ignore an earlier, interrupted push of this file")
    .option("--allow-empty", "refresh: let a file without rows empty the mirror")
    .option("--allow-shrink", "refresh: delete more rows than the mirror's shrinkLimit allows")
    .addHelpText(
      "after",
      `
To resume an interrupted push (Ctrl-C, a crash), run the same command again.

Examples:
  $ streaming-import push customers.csv --mirror customers
  $ streaming-import push customers.jsonl.gz --mirror customers --mode refresh
  $ psql -c "copy orders to stdout csv header" | streaming-import push - --format csv --mirror orders`,
    )
    .action(async (file: string, options: PushCommandOptions) => {
      await (await import("./run.js")).pushFile(io, file, options);
    });
}
