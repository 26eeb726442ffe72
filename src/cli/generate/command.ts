import type { Command } from "commander";
import { collect } from "../deployment/options.js";
import type { Io } from "../terminal/io.js";
import { projectRoot } from "../project/root.js";
import { requireTypescript } from "../project/typescript.js";
import type { GenerateCommandOptions } from "./run.js";

/** Adds `generate`, which writes the mirrors of a source into the schema. */
export function addGenerateCommand(parent: Command, io: Io): void {
  parent
    .command("generate")
    .description(
      "write mirrors for a source's tables to schema.ts, or check that schema.ts still fits the source",
    )
    .option("--postgres [url]", "a Postgres database; default: DATABASE_URL")
    .option("--airbyte <file>", "an Airbyte catalog: a configured one, or the output of discover")
    .option("--fivetran <file>", "a Fivetran schema: from the REST API, or from a Connector SDK connector")
    .option(
      "--sample <file>",
      "rows of a table: CSV, TSV, JSON or JSON Lines, plain or gzipped; - reads stdin",
    )
    .option("--schema <names>", "Postgres: the schemas to read; default: public", collect)
    .option("--tables <names>", "only these tables, separated by commas; * matches any characters", collect)
    .option("--exclude <names>", "all tables except these", collect)
    .option("--version-column <name>", "the column that orders the changes of a row, for tables that have it")
    .option("--table <name>", "sample: the table's name; default: the file's name")
    .option("--key <columns>", "sample: the key columns, separated by commas", collect)
    .option("--rows <number>", "sample: how many rows to read; default: 10000")
    .option("-f, --format <format>", "sample: csv, tsv, copy, json or jsonl; default: by the file's name")
    .option("--encoding <name>", "sample: the text encoding; default: UTF-8")
    .option("--delimiter <character>", "sample, CSV: the separator of fields")
    .option("--null <text>", "sample, CSV: an unquoted field that means NULL; repeatable", collect)
    .option("--out <file>", "the schema file; default: schema.ts in the functions directory")
    .option("--cwd <directory>", "the project; default: the current directory")
    .option("--check", "write nothing; exit with 3 if the schema does not fit the source")
    .option("--dry-run", "show the diff and write nothing; exit with 3 if there is something to do")
    .option("-y, --yes", "write without asking")
    .option("--json", "print JSON for machines; never ask")
    .addHelpText(
      "after",
      `
Adds mirrors, and adds columns to existing mirrors. It never changes what exists: types, options, indexes and comments stay
as they are. It lists what you have to decide.

Examples:
  $ streaming-import generate --postgres postgres://reader@db.example.com/shop
  $ streaming-import generate --airbyte catalog.json --tables 'public.*' --exclude audit_log
  $ streaming-import generate --sample customers.csv --key id --yes
  $ streaming-import generate --postgres --check`,
    )
    .action(async (options: GenerateCommandOptions) => {
      const root = projectRoot(io, options.cwd);
      await requireTypescript(root);
      const { runGenerate } = await import("./run.js");
      io.exitCode = await runGenerate(io, root, options);
    });
}
