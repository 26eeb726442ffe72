import type { Command } from "commander";
import { withDeployment, type CommonOptions } from "../deployment/options.js";

interface CliOptions extends CommonOptions {
  offline?: boolean;
  cwd?: string;
}

/** Adds `doctor`, which finds the usual mistakes. */
export function addDoctorCommand(parent: Command): void {
  withDeployment(parent.command("doctor"))
    .description(
      "find what is wrong with a project and its deployment, and say how to mend it; ends with 1 on errors",
    )
    .option("--offline", "look at the project's files alone")
    .option("--cwd <directory>", "the project; default: here")
    .addHelpText(
      "after",
      `
Examples:
  $ streaming-import doctor
  $ streaming-import doctor --offline --json`,
    )
    .action(async ({ cwd, ...options }: CliOptions) => {
      // The Convex CLI, which some questions are asked through, looks for its project there, too.
      if (cwd !== undefined) process.chdir(cwd);
      const { runDoctor } = await import("./command.js");
      process.exitCode = await runDoctor(process.cwd(), options);
    });
}
