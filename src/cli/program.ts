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
import { CliError, type ErrorCode, ERRORS, EXIT, messageOf, type ExitCode } from "./terminal/exit.js";
import type { Io } from "./terminal/io.js";
import { print, say } from "./terminal/output.js";
import { addVerifyCommand } from "./verify/command.js";

/** Runs a command line. It writes to `io` and nowhere else, and returns the exit code. */
export async function main(args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    await loadScripts();
    await createProgram(io).parseAsync(args, { from: "user" });
    return io.exitCode;
  } catch (error) {
    if (isCommanderError(error) && error.exitCode === 0) return EXIT.ok;
    return report(io, error, asksForJson(args));
  }
}

/**
 * Prints what was thrown: the sentence to stderr, and with `--json` its code and the sentence to stdout, where a program
 * reads the result.
 * @returns the exit code that belongs to it
 */
function report(io: Io, error: unknown, json: boolean): ExitCode {
  const code = codeOf(error);
  const message = sentenceOf(error);
  if (json) print(io, true, { error: { code, message } }, () => "");
  // Commander has said it.
  if (!isCommanderError(error)) say(io.stderr, `${message}${more(error)}`);
  return isOwn(code) ? ERRORS[code] : EXIT.failure;
}

/** The stable code of an error: one of ours, or that with which the deployment refuses. */
function codeOf(error: unknown): string {
  if (error instanceof CliError) return error.code;
  if (error instanceof ApiError) return error.status === 0 ? "NoAnswer" : error.code;
  if (isCommanderError(error)) return "InvalidUsage";
  return error instanceof Error && "syscall" in error ? "SystemError" : "InternalError";
}

function isOwn(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

function sentenceOf(error: unknown): string {
  if (!isCommanderError(error)) return messageOf(error);
  // Where no command is named, commander prints the help and says nothing.
  return error.code === "commander.help"
    ? "Name a command. Add --help for a list."
    : error.message.replace(/^error: /, "");
}

function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  // Airbyte's messages alone are on the stdout of its commands.
  return args[0] !== "airbyte" && (end < 0 ? args : args.slice(0, end)).includes("--json");
}

/** Where a refusal of the API is explained. */
function more(error: unknown): string {
  const isExplained = error instanceof ApiError && /^[A-Z][A-Za-z]+[a-z]$/.test(error.code);
  return isExplained ? `\nMore: ${pageOf(error.code)}` : "";
}

/** Thrown by commander instead of ending the process; it has said what there is to say. */
function isCommanderError(error: unknown): error is Error & { code: string; exitCode: number } {
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
      writeOut: (text) => {
        say(io.stdout, text.replace(/\n$/, ""));
      },
      writeErr: (text) => {
        say(io.stderr, text.replace(/\n$/, ""));
      },
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
