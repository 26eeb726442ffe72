import type { Command } from "commander";

interface GuardOptions {
  strict?: boolean;
  json?: boolean;
  sarif?: boolean;
  functions?: string;
  tsconfig?: string;
}

/** Adds `guard`, the gate before `npx convex deploy`. */
export function addGuardCommand(parent: Command): void {
  parent
    .command("guard")
    .description("prove that no code of an app writes a mirror; ends with 1 when some may")
    .option("--strict", "the level with the claim: whatever could hide a write is a finding")
    .option("--json", "the report as JSON")
    .option("--sarif", "the report as SARIF, for code hosts")
    .option("--functions <dir>", "the functions directory; default: as convex.json says")
    .option("--tsconfig <file>", "the tsconfig of the functions; default: the one in their directory")
    .addHelpText(
      "after",
      `
Examples:
  $ streaming-import guard --strict && npx convex deploy
  $ streaming-import guard --sarif > guard.sarif`,
    )
    .action(async ({ strict, json, sarif, functions, tsconfig }: GuardOptions) => {
      const { runGuard } = await import("./command.js");
      const { exitCode, output } = await runGuard({
        cwd: process.cwd(),
        strict: strict ?? false,
        format: sarif === true ? "sarif" : json === true ? "json" : "text",
        ...(functions !== undefined && { functionsDir: functions }),
        ...(tsconfig !== undefined && { tsconfig }),
      });
      process.stdout.write(output);
      process.exitCode = exitCode;
    });
}
