#!/usr/bin/env node
import { createRequire } from "node:module";
import { Command } from "commander";
import { addAirbyteCommands } from "./airbyte/command.js";
import { addGuardCommand } from "./guard/cli.js";
import { addPushCommand } from "./push/command.js";
import { addOperateCommands } from "./operate/command.js";
import { addVerifyCommand } from "./verify/command.js";
import { CliError, EXIT, messageOf } from "./exit.js";

/** The command `streaming-import`. What a command needs is loaded when it runs, so that `--help` is quick. */
const program = new Command("streaming-import")
  .description("Stream tables of your existing databases into Convex, and keep watch over them.")
  .version(versionOfPackage(), "-V, --version")
  .showHelpAfterError("(add --help for more)")
  .exitOverride();

addAirbyteCommands(program);
addPushCommand(program);
addVerifyCommand(program);
addOperateCommands(program);
addGuardCommand(program);

// Whoever reads has gone (`| head`): there is nobody to tell anything.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.failure);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = fail(error);
}

/** Says what went wrong, and returns the exit code for it. */
function fail(error: unknown): number {
  if (isCommanderError(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  process.stderr.write(`${messageOf(error)}\n`);
  return error instanceof CliError ? error.exitCode : EXIT.failure;
}

/** Thrown by commander instead of ending the process; it has said what there is to say. */
function isCommanderError(error: unknown): error is { exitCode: number } {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

function versionOfPackage(): string {
  const require = createRequire(import.meta.url);
  // The sources are one level higher than the build, which keeps the folder.
  for (const path of ["../../package.json", "../../../package.json"]) {
    try {
      const { name, version } = require(path) as { name?: string; version?: string };
      if (name === "convex-streaming-import") return version ?? "0.0.0";
    } catch {
      continue;
    }
  }
  return "0.0.0";
}
