import type { Command } from "commander";
import { messageOf } from "../terminal/exit.js";
import { CONNECTION_SPECIFICATION } from "./config.js";
import { Emitter } from "./protocol.js";
import type { Io } from "../terminal/io.js";
import path from "node:path";

const DOCUMENTATION_URL = "https://www.npmjs.com/package/convex-streaming-import";

/** The commands that Airbyte runs in a destination's container. */
export function addAirbyteCommands(parent: Command, io: Io): void {
  const airbyte = parent
    .command("airbyte")
    .description("the Airbyte destination: spec, check and write of the Airbyte protocol")
    .addHelpText(
      "after",
      "\nExample:\n  $ cat messages.jsonl | streaming-import airbyte write --config config.json --catalog catalog.json",
    );

  tolerant(airbyte.command("spec"))
    .description("print the specification of the destination's configuration")
    .addHelpText("after", "\nExample:\n  $ streaming-import airbyte spec")
    .action(async () => {
      const emitter = new Emitter(io.stdout);
      emitter.message({
        type: "SPEC",
        spec: {
          protocol_version: "0.2.0",
          documentationUrl: DOCUMENTATION_URL,
          supportsIncremental: true,
          supported_destination_sync_modes: ["append", "append_dedup", "overwrite"],
          connectionSpecification: CONNECTION_SPECIFICATION,
        },
      });
      await emitter.flush();
    });

  tolerant(airbyte.command("check"))
    .description("test the token and, with --catalog, the mirror of every stream")
    .requiredOption("--config <file>", "the destination's configuration, as JSON")
    .option("--catalog <file>", "a configured catalog, whose streams are also checked")
    .addHelpText(
      "after",
      "\nExample:\n  $ streaming-import airbyte check --config config.json --catalog catalog.json",
    )
    .action(async ({ config, catalog }: { config: string; catalog?: string }) => {
      const { check } = await import("./run.js");
      const emitter = new Emitter(io.stdout);
      const texts = await readFiles(io, emitter, config, catalog);
      const problem = await check(texts[0]!, texts[1] ?? null);
      emitter.message({
        type: "CONNECTION_STATUS",
        connectionStatus: problem === null ? { status: "SUCCEEDED" } : { status: "FAILED", message: problem },
      });
      await emitter.flush();
    });

  tolerant(airbyte.command("write"))
    .description(
      "write the messages from stdin to the mirrors; print each state on stdout when its rows are durable",
    )
    .requiredOption("--config <file>", "the destination's configuration, as JSON")
    .requiredOption("--catalog <file>", "the configured catalog")
    .addHelpText(
      "after",
      "\nExample:\n  $ source read … | streaming-import airbyte write --config config.json --catalog catalog.json",
    )
    .action(async ({ config, catalog }: { config: string; catalog: string }) => {
      const { write } = await import("./run.js");
      const emitter = new Emitter(io.stdout);
      const texts = await readFiles(io, emitter, config, catalog);
      const abort = new AbortController();
      const off = io.onStop((code) => {
        abort.abort(code);
      });
      io.exitCode = await write({
        config: texts[0]!,
        catalog: texts[1]!,
        input: io.stdin,
        output: io.stdout,
        signal: abort.signal,
      }).finally(off);
    });
}

/** Platforms pass what they like: `--debug`, `--state`. */
function tolerant(command: Command): Command {
  return command.allowUnknownOption().allowExcessArguments();
}

/**
 * The texts of the files.
 * @throws CliError when one cannot be read: the platform has been told by then, and the exit code is that of the error
 */
async function readFiles(io: Io, emitter: Emitter, ...paths: (string | undefined)[]): Promise<string[]> {
  try {
    const { readText } = await import("../files/source.js");
    return await Promise.all(
      paths.flatMap((file) => (file === undefined ? [] : [readText(path.resolve(io.cwd, file))])),
    );
  } catch (error) {
    emitter.failure("config_error", messageOf(error));
    await emitter.flush();
    throw error;
  }
}
