import type { Command } from "commander";
import { requireTypescript } from "../project/typescript.js";
import type { Io } from "../terminal/io.js";
import { say } from "../terminal/output.js";

interface Options {
  strict?: boolean;
  json?: boolean;
  sarif?: boolean;
  verbose?: boolean;
  functions?: string;
  tsconfig?: string;
}

/** Adds `guard`, the gate before `npx convex deploy`. */
export function addGuardCommand(parent: Command, io: Io): void {
  parent
    .command("guard")
    .description("prove that no code of an app writes a mirror; exits with 1 if any might")
    .option("--strict", "also report everything that could hide a write; required for the proof")
    .option("--json", "print the report as JSON")
    .option("--sarif", "print the report as SARIF, for code hosts")
    .option("--verbose", "also list what no analysis of the code can see")
    .option("--functions <dir>", "the functions directory; default: the one that convex.json names")
    .option("--tsconfig <file>", "the functions' tsconfig; default: the one in their directory")
    .addHelpText(
      "after",
      `
Examples:
  $ streaming-import guard --strict && npx convex deploy
  $ streaming-import guard --sarif > guard.sarif`,
    )
    .action(async ({ strict, json, sarif, verbose, functions, tsconfig }: Options) => {
      await requireTypescript(io.cwd);
      // Loaded here, so that no other command loads TypeScript.
      const { checkApp } = await import("./check.js");
      const { formatText } = await import("./report.js");
      const { formatSarif } = await import("./sarif.js");
      const { exitCode, report } = checkApp({
        cwd: io.cwd,
        strict: strict ?? false,
        functionsDir: functions,
        tsconfig,
      });
      const output =
        sarif === true
          ? formatSarif(report)
          : json === true
            ? JSON.stringify(report, null, 2)
            : formatText(report, verbose);
      say(io.stdout, output);
      io.exitCode = exitCode;
    });
}
