#!/usr/bin/env node
import { CliError, EXIT, messageOf } from "./terminal/exit.js";
import { createProgram } from "./program.js";

// Whoever reads has gone (`| head`): there is nobody to tell anything.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.failure);
  throw error;
});

try {
  await createProgram().parseAsync();
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
