import { DOCS } from "../../core/docs.js";
import type { Command } from "commander";
import { collect, withDeployment, type CommonOptions } from "../deployment/options.js";
import type { Io } from "../terminal/io.js";

export function addVerifyCommand(parent: Command, io: Io): void {
  withDeployment(parent.command("verify"))
    .description("prove that a mirror equals its source; exits with 3 if it does not")
    .argument("<mirror>", "the mirror")
    .option(
      "--file <file>",
      "an export of the source: CSV, TSV, JSON or JSON Lines, plain or gzipped; - reads stdin",
    )
    .option("--digest <file>", `a digest of the source, as JSON: ${DOCS}/protocol.md`)
    .option("-f, --format <format>", "csv, tsv, copy, json or jsonl; default: by the file's name")
    .option("--encoding <name>", "the text encoding of the file; default: UTF-8")
    .option("--null <text>", "CSV: unquoted text that means NULL; repeatable", collect)
    .addHelpText(
      "after",
      `
Examples:
  $ streaming-import verify customers --file export.jsonl
  $ streaming-import verify customers --digest digest.json --json`,
    )
    .action(async (mirror: string, options: CommonOptions) => {
      await (await import("./run.js")).verify(io, mirror, options);
    });
}
