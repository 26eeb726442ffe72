import type { Command } from "commander";
import { CliError, EXIT, usageError } from "../terminal/exit.js";
import { collect, withDeployment, type CommonOptions } from "../deployment/options.js";
import type { Mode } from "./push.js";

interface PushCommandOptions extends CommonOptions {
  mirror: string;
  mode?: string;
  format?: string;
  delimiter?: string;
  columns?: string;
  map?: string[];
  only?: string[];
  drop?: string[];
  null?: string[];
  restart?: boolean;
  allowEmpty?: boolean;
}

const MODES = ["upsert", "append", "refresh"];

export function addPushCommand(parent: Command): void {
  withDeployment(parent.command("push"))
    .description(
      "bring the rows of a file to a mirror: CSV, TSV, JSON or JSON by lines, gzip or not; - is stdin",
    )
    .argument("<file>", "the file, or - for stdin")
    .requiredOption("-m, --mirror <name>", "the mirror")
    .option(
      "--mode <mode>",
      "upsert, append, or refresh (rows that the file does not bring go). Default: upsert",
    )
    .option(
      "-f, --format <format>",
      "csv, tsv, json or jsonl; default: by the file's name, else by its first character",
    )
    .option("--map <column=field>", "call a column otherwise; repeatable", collect)
    .option("--only <column>", "take this column, and no other that is not named; repeatable", collect)
    .option("--drop <column>", "leave a column out; repeatable", collect)
    .option(
      "--null <text>",
      "CSV: an unquoted text that means NULL; repeatable. Default: the empty field",
      collect,
    )
    .option("--delimiter <character>", "CSV: what separates fields")
    .option("--columns <names>", "CSV: names of the columns, by commas, for a file without a header line")
    .option("--restart", "forget an earlier push of this file that was cut off")
    .option("--allow-empty", "refresh: a file without rows empties the mirror")
    .addHelpText(
      "after",
      `
A push that was cut off (Ctrl-C, a crash) goes on where it stopped when the same command runs again.

Examples:
  $ streaming-import push customers.csv --mirror customers
  $ streaming-import push customers.jsonl.gz --mirror customers --mode refresh
  $ psql -c "copy orders to stdout csv header" | streaming-import push - --format csv --mirror orders`,
    )
    .action(pushFile);
}

async function pushFile(file: string, options: PushCommandOptions): Promise<void> {
  if (options.mode !== undefined && !MODES.includes(options.mode))
    throw usageError(`--mode is one of ${MODES.join(", ")}.`);
  const [
    { V1Client },
    environment,
    { importApi },
    { borrowToken },
    { push },
    { CheckpointFile },
    { openSource },
    { readCsv },
    rows,
    { Mapping },
    report,
  ] = await Promise.all([
    import("../api/client.js"),
    import("../deployment/environment.js"),
    import("../deployment/importApi.js"),
    import("../deployment/token.js"),
    import("./push.js"),
    import("./checkpoint.js"),
    import("../files/source.js"),
    import("../files/csv.js"),
    import("../files/rows.js"),
    import("../files/mapping.js"),
    import("./report.js"),
  ]);
  const deployment = environment.findDeployment(options, environment.readVariables());
  const url = await importApi(deployment);
  const mapping = new Mapping(options.map ?? [], options.only ?? [], options.drop ?? []);
  const note = (text: string) => process.stderr.write(`${text}\n`);
  const { token, giveBack } = await borrowToken(deployment, options.mirror, "write");
  const { signal, kill, off } = onInterrupt(note);
  try {
    const client = new V1Client({
      url,
      token,
      signal: kill,
      onRetry: ({ error, waitMs }) => {
        if (waitMs > 2_000) note(`${error.message} Next attempt in ${(waitMs / 1000).toFixed(0)} s.`);
      },
    });
    const mirror = (await client.mirrors()).find(({ name }) => name === options.mirror);
    if (mirror === undefined)
      throw new CliError(
        `The token opens no mirror "${options.mirror}". streaming-import status lists the mirrors.`,
      );
    const mode = modeOf(options.mode, mirror.primaryKey !== null, mirror.name);
    let fraction: () => number | null = () => null;
    const display = new report.ProgressDisplay(
      () => fraction(),
      process.stderr.isTTY && options.json !== true,
    );
    const startedAt = performance.now();
    const pushed = await push({
      client,
      mirror,
      mode,
      rereadable: file !== "-",
      allowEmpty: options.allowEmpty === true,
      checkpoints: new CheckpointFile({ url, mirror: mirror.name, mode, file }),
      restart: options.restart === true,
      signal,
      onNote: note,
      onProgress: (count) => {
        display.update(count);
      },
      open: async () => {
        const source = await openSource(file, options.format);
        fraction = source.progress;
        if (source.format === "ndjson") return { rows: rows.readNdjson(source.bytes), mapping };
        if (source.format === "json") return { rows: rows.readJson(source.bytes), mapping };
        const header = options.columns?.split(",").map((name) => name.trim()) ?? null;
        const csv = { delimiter: options.delimiter ?? source.delimiter, header, nulls: options.null ?? null };
        // The mapping has done its work when rows are made of columns.
        return { rows: readCsv(source.bytes, csv, mirror, mapping), mapping: new Mapping([], [], []) };
      },
    }).finally(() => {
      display.stop();
    });
    const seconds = (performance.now() - startedAt) / 1000;
    if (options.json === true)
      process.stdout.write(`${JSON.stringify({ mirror: mirror.name, mode, seconds, ...pushed })}\n`);
    else process.stdout.write(`${report.summary(mirror.name, pushed, seconds)}\n`);
    if (!pushed.finished) process.exitCode = EXIT.interrupted;
  } finally {
    off();
    await giveBack().catch(() => undefined);
  }
}

function modeOf(wanted: string | undefined, keyed: boolean, mirror: string): Mode {
  if (keyed) return (wanted as Mode | undefined) ?? "upsert";
  if (wanted === "append" || wanted === "refresh") return wanted;
  throw usageError(
    `The mirror "${mirror}" has no primary key, so that rows cannot be matched. Say --mode append (add the rows) or --mode refresh (be exactly these rows).`,
  );
}

/** The first Ctrl-C stops after the delivery under way, the second at once. */
function onInterrupt(note: (text: string) => void) {
  const [stop, kill] = [new AbortController(), new AbortController()];
  const handle = () => {
    if (stop.signal.aborted) {
      kill.abort(new CliError("Stopped at once. Run the same command again to go on.", EXIT.interrupted));
      return;
    }
    note("Stopping after the delivery under way; Ctrl-C once more stops at once.");
    stop.abort();
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  const off = () => {
    process.off("SIGINT", handle);
    process.off("SIGTERM", handle);
  };
  return { signal: stop.signal, kill: kill.signal, off };
}
