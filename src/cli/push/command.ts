import type { Command } from "commander";
import { collect, withDeployment } from "../deployment/options.js";
import type { Io } from "../terminal/io.js";
import type { PushCommandOptions } from "./run.js";

export function addPushCommand(parent: Command, io: Io): void {
  withDeployment(parent.command("push"))
    .description(
      "bring the rows of a file to a mirror: CSV, TSV, JSON or JSON by lines, gzip or not; - is stdin",
    )
    .argument("<file>", "the file, or - for stdin")
    .requiredOption("-m, --mirror <name>", "the mirror")
    .option(
      "--mode <mode>",
      "upsert, append, or refresh (rows that the file does not bring go). Default: upsert",
    )
    .option(
      "-f, --format <format>",
      "csv, tsv, copy (backslashes, as COPY and OUTFILE write), json or jsonl; default: by the file's name, else by its first character",
    )
    .option("--map <column=field>", "call a column otherwise; repeatable", collect)
    .option("--only <column>", "take this column, and no other that is not named; repeatable", collect)
    .option("--drop <column>", "leave a column out; repeatable", collect)
    .option(
      "--null <text>",
      "CSV: an unquoted text that means NULL; repeatable. Default: the empty field",
      collect,
    )
    .option("--delimiter <character>", "CSV: what separates fields; default: found in the first line")
    .option("--encoding <name>", "how the text is encoded, as windows-1252; default: UTF-8")
    .option("--columns <names>", "CSV: names of the columns, by commas, for a file without a header line")
    .option("-y, --yes", "go on where fields of stored rows would be erased")
    .option("--wait-paused <minutes>", "how long a paused mirror is waited for; then it ends with 4", "10")
    .option("--restart", "forget an earlier push of this file that was cut off")
    .option("--allow-empty", "refresh: a file without rows empties the mirror")
    .option("--allow-shrink", "refresh: delete more of the mirror than its shrinkLimit allows unasked")
    .addHelpText(
      "after",
      `
A push that was cut off (Ctrl-C, a crash) goes on where it stopped when the same command runs again.

Examples:
  $ streaming-import push customers.csv --mirror customers
  $ streaming-import push customers.jsonl.gz --mirror customers --mode refresh
  $ psql -c "copy orders to stdout csv header" | streaming-import push - --format csv --mirror orders`,
    )
    .action(async (file: string, options: PushCommandOptions) => {
      await (await import("./run.js")).pushFile(io, file, options);
    });
}
