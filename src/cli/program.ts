import { Command } from "commander";
import { addAirbyteCommands } from "./airbyte/command.js";
import { addDoctorCommand } from "./doctor/cli.js";
import { addGenerateCommand } from "./generate/command.js";
import { addGuardCommand } from "./guard/command.js";
import { addInitCommand } from "./init/cli.js";
import { ownManifest } from "./project/manifests.js";
import { addPushCommand } from "./push/command.js";
import { addOperateCommands } from "./operate/command.js";
import { addVerifyCommand } from "./verify/command.js";

/** The command `streaming-import`. What a command needs is loaded when it runs, so that `--help` is quick. */
export function createProgram(): Command {
  const program = new Command("streaming-import")
    .description("Stream tables of your existing databases into Convex, and keep watch over them.")
    .version(ownManifest().version, "-V, --version")
    .showHelpAfterError("(add --help for more)")
    .exitOverride();
  addInitCommand(program);
  addDoctorCommand(program);
  addGenerateCommand(program);
  addAirbyteCommands(program);
  addPushCommand(program);
  addVerifyCommand(program);
  addOperateCommands(program);
  addGuardCommand(program);
  return program;
}
