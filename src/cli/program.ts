import { createRequire } from "node:module";
import { Command } from "commander";
import { addAirbyteCommands } from "./airbyte/command.js";
import { addGuardCommand } from "./guard/cli.js";
import { addInitCommand } from "./init/cli.js";
import { addPushCommand } from "./push/command.js";
import { addOperateCommands } from "./operate/command.js";
import { addVerifyCommand } from "./verify/command.js";

/** The command `streaming-import`. What a command needs is loaded when it runs, so that `--help` is quick. */
export function createProgram(): Command {
  const program = new Command("streaming-import")
    .description("Stream tables of your existing databases into Convex, and keep watch over them.")
    .version(versionOfPackage(), "-V, --version")
    .showHelpAfterError("(add --help for more)")
    .exitOverride();
  addInitCommand(program);
  addAirbyteCommands(program);
  addPushCommand(program);
  addVerifyCommand(program);
  addOperateCommands(program);
  addGuardCommand(program);
  return program;
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
