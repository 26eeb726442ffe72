import type { Command } from "commander";
import { collect, withDeployment, type CommonOptions } from "../deployment/options.js";
import type { Io } from "../terminal/io.js";

/** The commands of operators. What they do is loaded when they run. */
export function addOperateCommands(parent: Command, io: Io): void {
  add(
    parent,
    "status [mirror]",
    "show mirrors: state, reason, rows, lag, quarantine and the progress of their runs",
    ["status", "status --watch"],
  )
    .option("-w, --watch", "refresh every two seconds, until Ctrl-C")
    .action(async (mirror: string | undefined, options: CommonOptions) => {
      await (await import("./status.js")).status(io, mirror, options);
    });

  add(parent, "runs <mirror>", "show the newest runs of a mirror", ["runs customers --limit 5"])
    .option("--limit <number>", "how many runs to show", "20")
    .action(async (mirror: string, options: CommonOptions & { limit: string }) => {
      await (await import("./runs.js")).runs(io, mirror, options);
    });

  add(
    parent,
    "audit <mirror>",
    "find rows that were written outside the importer; exits with 3 if there are any",
    ["audit customers", "audit customers --repair --remove-added"],
  )
    .option("--last", "show the last report instead of a new audit")
    .option("--repair", "request edited or deleted rows from the source again")
    .option("--remove-added", "with --repair: delete rows that were added")
    .action(async (mirror: string, options: CommonOptions) => {
      await (await import("./runs.js")).audit(io, mirror, options);
    });

  add(parent, "pause <mirror>", "refuse deliveries for a mirror; its rows stay readable", [
    'pause customers --reason "the source is being migrated"',
  ])
    .option("--reason <text>", "shown in the status and to senders")
    .action(async (mirror: string, options: CommonOptions & { reason?: string }) => {
      await (await import("./runs.js")).pause(io, mirror, options);
    });

  add(parent, "resume <mirror>", "accept deliveries for a paused mirror again", ["resume customers"]).action(
    async (mirror: string, options: CommonOptions) => {
      await (await import("./runs.js")).resume(io, mirror, options);
    },
  );

  add(
    parent,
    "sweep <mirror>",
    "delete the rows that the last refresh did not deliver, if its sweep is held",
    ["sweep customers"],
  )
    .option("-y, --yes", "do not ask for confirmation")
    .action(async (mirror: string, options: CommonOptions & { yes?: boolean }) => {
      await (await import("./runs.js")).sweep(io, mirror, options);
    });

  add(parent, "clear <mirror>", "delete every row of a mirror whose source is really empty", [
    "clear customers",
  ])
    .option("-y, --yes", "do not ask for confirmation")
    .action(async (mirror: string, options: CommonOptions & { yes?: boolean }) => {
      await (await import("./runs.js")).clear(io, mirror, options);
    });

  add(parent, "streams", "list streams that connectors send but no mirror declares, with the code to add", [
    "streams",
  ]).action(async (options: CommonOptions) => {
    await (await import("./runs.js")).streams(io, options);
  });

  add(parent, "drift <mirror>", "show what the source sends but the schema lacks, with the lines to paste", [
    "drift customers",
    "drift customers --forget",
  ])
    .option("--forget", "clear this report, once the schema declares the fields or if they do not matter")
    .action(async (mirror: string, options: CommonOptions & { forget?: boolean }) => {
      await (await import("./drift.js")).drift(io, mirror, options);
    });

  add(
    parent,
    "reset-generation <mirror>",
    "reset the generation count after a sender has restarted the numbering of its refreshes",
    ["reset-generation customers"],
  ).action(async (mirror: string, options: CommonOptions) => {
    await (await import("./runs.js")).resetGeneration(io, mirror, options);
  });

  addQuarantine(
    parent.command("quarantine").description("list, replay or discard rows that could not be stored"),
    io,
  );
  addTokens(parent.command("token").description("manage the tokens of connectors"), io);
}

function addQuarantine(quarantine: Command, io: Io): void {
  add(quarantine, "list <mirror>", "list quarantined rows, oldest first", ["quarantine list customers"])
    .option("--limit <number>", "how many rows to show", "100")
    .action(async (mirror: string, options: CommonOptions & { limit: string }) => {
      await (await import("./quarantine.js")).list(io, mirror, options);
    });
  add(quarantine, "show <mirror> <id>", "show one quarantined row in full", [
    "quarantine show customers k17…",
  ]).action(async (mirror: string, id: string, options: CommonOptions) => {
    await (await import("./quarantine.js")).show(io, mirror, id, options);
  });
  add(quarantine, "replay <mirror>", "apply quarantined rows again with the currently deployed schema", [
    "quarantine replay customers",
  ]).action(async (mirror: string, options: CommonOptions) => {
    await (await import("./quarantine.js")).replay(io, mirror, options);
  });
  add(quarantine, "discard <mirror> [ids...]", "discard the rows with these ids, or all", [
    "quarantine discard customers k17…",
    "quarantine discard customers --yes",
  ])
    .option("-y, --yes", "do not ask for confirmation")
    .action(async (mirror: string, ids: string[], options: CommonOptions & { yes?: boolean }) => {
      await (await import("./quarantine.js")).discard(io, mirror, ids, options);
    });
}

function addTokens(token: Command, io: Io): void {
  add(token, "create <name>", "create a token and print it once", [
    "token create airbyte --mirror customers --mirror orders",
    'token create dashboard --mirror "*" --access read --expires-in-days 30',
  ])
    .option(
      "-m, --mirror <name>",
      'a mirror that the token gives access to; repeatable. "*" means all; default: the only mirror',
      collect,
    )
    .option("--access <access>", "write, read, or export (--mirror then names exported tables)", "write")
    .option("--expires-in-days <days>", "days until it expires")
    .option("--signed", "require signed bodies")
    .action(async (name: string, options: CommonOptions & { mirror?: string[]; access: string }) => {
      await (await import("./tokens.js")).create(io, name, options);
    });
  add(
    token,
    "rotate <name>",
    "create a replacement with the same rights and print it; the old token keeps working for a while",
    ["token rotate airbyte --overlap-hours 4"],
  )
    .option("--overlap-hours <hours>", "how long the old token keeps working (default: 24)")
    .option("--signed", "require signed bodies")
    .action(async (name: string, options: CommonOptions) => {
      await (await import("./tokens.js")).rotate(io, name, options);
    });
  add(token, "revoke <name>", "revoke a token immediately", ["token revoke airbyte"])
    .option("-y, --yes", "do not ask for confirmation")
    .action(async (name: string, options: CommonOptions & { yes?: boolean }) => {
      await (await import("./tokens.js")).revoke(io, name, options);
    });
  add(token, "list", "list the names and last use of all tokens, never the tokens themselves", ["token list"])
    .option("-a, --all", "include temporary tokens of finished commands")
    .action(async (options: CommonOptions) => {
      await (await import("./tokens.js")).list(io, options);
    });
}

function add(parent: Command, usage: string, description: string, examples: string[]): Command {
  const shown = examples.map((example) => `  $ streaming-import ${example}`).join("\n");
  return withDeployment(parent.command(usage))
    .description(description)
    .addHelpText("after", `\nExample${examples.length > 1 ? "s" : ""}:\n${shown}`);
}
