import { V1Client } from "../api/client.js";
import { findDeployment, importApi, readVariables } from "../deployment/environment.js";
import { borrowToken } from "../deployment/token.js";
import { readCsv } from "../files/csv.js";
import { Mapping } from "../files/mapping.js";
import { readJson, readNdjson } from "../files/rows.js";
import { openSource } from "../files/source.js";
import { CliError, EXIT, usageError } from "../terminal/exit.js";
import type { Io } from "../terminal/io.js";
import { CheckpointFile } from "./checkpoint.js";
import type { PushCommandOptions } from "./command.js";
import { push, type Mode } from "./push.js";
import { ProgressDisplay, summary } from "./report.js";

const MODES = ["upsert", "append", "refresh"];

/** `streaming-import push`. */
export async function pushFile(io: Io, file: string, options: PushCommandOptions): Promise<void> {
  if (options.mode !== undefined && !MODES.includes(options.mode))
    throw usageError(`--mode is one of ${MODES.join(", ")}.`);
  const deployment = findDeployment(options, readVariables(io));
  const url = await importApi(deployment, io.cwd);
  const mapping = new Mapping(options.map ?? [], options.only ?? [], options.drop ?? []);
  const note = (text: string) => io.stderr.write(`${text}\n`);
  const { token, giveBack } = await borrowToken(io, deployment, options.mirror, "write");
  const { signal, kill, off } = onInterrupt(io, note);
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
    const display = new ProgressDisplay(io.stderr, () => fraction(), options.json === true);
    const startedAt = performance.now();
    const pushed = await push({
      client,
      mirror,
      mode,
      rereadable: file !== "-",
      allowEmpty: options.allowEmpty === true,
      checkpoints: new CheckpointFile(io, { url, mirror: mirror.name, mode, file }),
      restart: options.restart === true,
      signal,
      onNote: note,
      onProgress: (count) => {
        display.update(count);
      },
      open: async () => {
        const source = await openSource(io, file, options.format);
        fraction = source.progress;
        if (source.format === "ndjson") return { rows: readNdjson(source.bytes), mapping };
        if (source.format === "json") return { rows: readJson(source.bytes), mapping };
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
      io.stdout.write(`${JSON.stringify({ mirror: mirror.name, mode, seconds, ...pushed })}\n`);
    else io.stdout.write(`${summary(mirror.name, pushed, seconds)}\n`);
    if (!pushed.finished) io.exitCode = EXIT.interrupted;
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
function onInterrupt(io: Io, note: (text: string) => void) {
  const [stop, kill] = [new AbortController(), new AbortController()];
  const handle = () => {
    if (stop.signal.aborted) {
      kill.abort(new CliError("Stopped at once. Run the same command again to go on.", EXIT.interrupted));
      return;
    }
    note("Stopping after the delivery under way; Ctrl-C once more stops at once.");
    stop.abort();
  };
  return { signal: stop.signal, kill: kill.signal, off: io.onStop(handle) };
}
