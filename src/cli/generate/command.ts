import type { Command } from "commander";
import { collect } from "../deployment/options.js";
import type { Io } from "../terminal/io.js";
import { requireTypescript } from "../project/typescript.js";
import type { GenerateCommandOptions } from "./run.js";

/** Adds `generate`, which writes the mirrors of a source into the schema. */
export function addGenerateCommand(parent: Command, io: Io): void {
  parent
    .command("generate")
    .description("write the mirrors of a source's tables into schema.ts, or check that it still fits them")
    .option("--postgres [url]", "a Postgres database; default: DATABASE_URL")
    .option("--airbyte <file>", "an Airbyte catalog: configured, or as discover prints it")
    .option("--fivetran <file>", "a Fivetran schema: of the REST API, or of a Connector SDK connector")
    .option("--sample <file>", "rows of a table: CSV, TSV, JSON or JSON by lines, gzip or not; - is stdin")
    .option("--schema <names>", "Postgres: its schemas; default: public", collect)
    .option("--tables <names>", "only these tables, by commas; * stands for any characters", collect)
    .option("--exclude <names>", "not these tables", collect)
    .option("--version-column <name>", "the column that orders the changes of a row, in tables that have it")
    .option("--table <name>", "sample: the table; default: the name of the file")
    .option("--key <columns>", "sample: the columns that name a row, by commas", collect)
    .option("--rows <number>", "sample: how many rows are looked at; default: 10000")
    .option(
      "-f, --format <format>",
      "sample: csv, tsv, copy, json or jsonl; default: by the name of the file",
    )
    .option("--encoding <name>", "sample: how its text is encoded; default: UTF-8")
    .option("--delimiter <character>", "sample, CSV: what separates fields")
    .option("--null <text>", "sample, CSV: an unquoted field that means NULL; repeatable", collect)
    .option("--out <file>", "the schema; default: schema.ts of the functions directory")
    .option("--cwd <directory>", "the project; default: here")
    .option("--check", "write nothing; ends with 3 when the schema does not fit the source")
    .option("--dry-run", "show the diff and write nothing; ends with 3 when there is something to do")
    .option("-y, --yes", "write without asking")
    .option("--json", "print JSON for machines; does not ask")
    .addHelpText(
      "after",
      `
Adds mirrors, and columns to mirrors that are there. What is there stays as it is: types, options, indexes and comments
that somebody has edited are never changed. What only people can decide is listed.

Examples:
  $ streaming-import generate --postgres postgres://reader@db.example.com/shop
  $ streaming-import generate --airbyte catalog.json --tables 'public.*' --exclude audit_log
  $ streaming-import generate --sample customers.csv --key id --yes
  $ streaming-import generate --postgres --check`,
    )
    .action(async (options: GenerateCommandOptions) => {
      await requireTypescript();
      const { runGenerate } = await import("./run.js");
      io.exitCode = await runGenerate(io, options);
    });
}
