import { Command } from "commander";
import { loadScripts } from "../core/rows/transliterate.js";
import { addAirbyteCommands } from "./airbyte/command.js";
import { addDoctorCommand } from "./doctor/command.js";
import { addExportCommand } from "./export/command.js";
import { addGenerateCommand } from "./generate/command.js";
import { addGuardCommand } from "./guard/command.js";
import { addInitCommand } from "./init/command.js";
import { addOperateCommands } from "./operate/command.js";
import { pageOf } from "../core/docs.js";
import { ApiError } from "./api/apiError.js";
import { ownManifest } from "./project/manifests.js";
import { addPushCommand } from "./push/command.js";
import { CliError, EXIT, messageOf, type ExitCode } from "./terminal/exit.js";
import type { Io } from "./terminal/io.js";
import { visible } from "./terminal/output.js";
import { addVerifyCommand } from "./verify/command.js";

/** Runs a command line. It writes to `io` and nowhere else, and returns the exit code. */
export async function main(args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    await loadScripts();
    await createProgram(io).parseAsync(args, { from: "user" });
    return io.exitCode;
  } catch (error) {
    if (isCommanderError(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    io.stderr.write(`${visible(messageOf(error))}\n${more(error)}`);
    return error instanceof CliError ? error.exitCode : EXIT.failure;
  }
}

/** Where a refusal of the API is explained. */
function more(error: unknown): string {
  const isExplained = error instanceof ApiError && /^[A-Z][A-Za-z]+[a-z]$/.test(error.code);
  return isExplained ? `More: ${pageOf(error.code)}\n` : "";
}

/** Thrown by commander instead of ending the process; it has said what there is to say. */
function isCommanderError(error: unknown): error is { exitCode: number } {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

/** The command `streaming-import`. What a command needs is loaded when it runs, so that `--help` is quick. */
export function createProgram(io: Io): Command {
  const program = new Command("streaming-import")
    .description("Stream tables of your existing databases into Convex, and monitor them.")
    .version(ownManifest().version, "-V, --version")
    .showHelpAfterError("(add --help for more)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  addInitCommand(program, io);
  addDoctorCommand(program, io);
  addGenerateCommand(program, io);
  addAirbyteCommands(program, io);
  addPushCommand(program, io);
  addVerifyCommand(program, io);
  addExportCommand(program, io);
  addOperateCommands(program, io);
  addGuardCommand(program, io);
  return program;
}
