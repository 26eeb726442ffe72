import type { Command } from "commander";
import { withDeployment, type CommonOptions } from "../deployment/options.js";
import type { Io } from "../terminal/io.js";
import { projectRoot } from "../project/root.js";
import { requireTypescript } from "../project/typescript.js";

interface CliOptions extends CommonOptions {
  offline?: boolean;
  cwd?: string;
}

/** Adds `doctor`, which finds the usual mistakes. */
export function addDoctorCommand(parent: Command, io: Io): void {
  withDeployment(parent.command("doctor"))
    .description(
      "find problems in a project and its deployment, and show how to fix them; exits with 1 on errors",
    )
    .option("--offline", "check only the project's files")
    .option("--cwd <directory>", "the project; default: the current directory")
    .addHelpText(
      "after",
      `
Examples:
  $ streaming-import doctor
  $ streaming-import doctor --offline --json`,
    )
    .action(async ({ cwd, ...options }: CliOptions) => {
      const root = projectRoot(io, cwd);
      await requireTypescript(root);
      const { runDoctor } = await import("./run.js");
      io.exitCode = await runDoctor({ ...io, cwd: root }, options);
    });
}
