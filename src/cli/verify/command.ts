import type { Command } from "commander";
import { collect, withDeployment, type CommonOptions } from "../deployment/options.js";

export function addVerifyCommand(parent: Command): void {
  withDeployment(parent.command("verify"))
    .description("prove or disprove that a mirror equals its source; ends with 3 when it does not")
    .argument("<mirror>", "the mirror")
    .option(
      "--file <file>",
      "an export of the source: CSV, TSV, JSON or JSON by lines, gzip or not; - is stdin",
    )
    .option("--digest <file>", "a digest of the source, as JSON (docs/protocol.md)")
    .option("-f, --format <format>", "csv, tsv, json or jsonl; default: by the file's name")
    .option("--null <text>", "CSV: an unquoted text that means NULL; repeatable", collect)
    .addHelpText(
      "after",
      `
Examples:
  $ streaming-import verify customers --file export.jsonl
  $ streaming-import verify customers --digest digest.json --json`,
    )
    .action(async (mirror: string, options: CommonOptions) => {
      await (await import("./verify.js")).verify(mirror, options);
    });
}
