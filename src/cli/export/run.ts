import path from "node:path";
import type { CommonOptions } from "../deployment/options.js";
import { findDeployment, importApi, readVariables } from "../deployment/environment.js";
import { CliError, EXIT, usageError, type ExitCode } from "../terminal/exit.js";
import { borrowToken } from "../deployment/token.js";
import type { Io } from "../terminal/io.js";
import { print, say } from "../terminal/output.js";
import { count } from "../../core/words.js";
import { didYouMean } from "../../core/suggest.js";
import { ExportClient } from "./client.js";
import { DISK, removeUnknown, StateFile, type State } from "./files.js";
import { follow } from "./follow.js";
import { FORMATS, type Format } from "./formats.js";
import { FolderSink, StreamSink } from "./sinks.js";

export interface ExportCommandOptions extends CommonOptions {
  tables?: string;
  out?: string;
  format: string;
  follow?: boolean;
  interval: string;
  rowsPerFile: string;
  state?: string;
  restart?: boolean;
}

/** Writes the rows of exported tables and their changes. */
export async function exportTables(io: Io, options: ExportCommandOptions): Promise<void> {
  const format = formatOf(options);
  const intervalMs = positive(options.interval, "--interval") * 1000;
  const rowsPerFile = positive(options.rowsPerFile, "--rows-per-file");
  const deployment = findDeployment(options, readVariables(io));
  const named = namesIn(options.tables);
  if (options.follow === true && deployment.token === null) {
    throw new CliError(
      "NoToken",
      "--follow needs a token that stays. Set STREAMING_IMPORT_TOKEN to a token that may export (streaming-import token create <name> --access export), or pass --token.",
    );
  }
  const url = await importApi(deployment, io.cwd);
  const folder = options.out === undefined ? null : path.resolve(io.cwd, options.out);
  const file = new StateFile(stateOf(io, options, folder));

  // An object, because the compiler does not see that a callback assigns to a variable.
  const stopped: { by: ExitCode | null } = { by: null };
  const stop = new AbortController();
  const requests = new AbortController();
  const off = io.onStop((code) => {
    // A second time: at once.
    if (stopped.by !== null)
      requests.abort(new CliError(code === EXIT.terminated ? "Terminated" : "Interrupted", "Stopped."));
    else if (io.stderr.isTTY === true)
      say(io.stderr, "Writing what has been read. Press Ctrl-C again to stop now.");
    stopped.by = code;
    stop.abort();
  });
  const { token, giveBack } = await borrowToken(io, deployment, named ?? ["*"], "export");
  try {
    const client = new ExportClient({
      url,
      token,
      signal: requests.signal,
      onRetry: ({ error, waitMs }) => {
        say(io.stderr, `${error.message} Trying again in ${String(Math.ceil(waitMs / 1000))} s.`);
      },
    });
    const schemas = await client.schemas();
    const tables = tablesOf(named, Object.keys(schemas));
    if (options.restart === true) {
      file.remove();
      if (folder !== null) for (const table of tables) removeUnknown(DISK, folder, table, 0);
    }
    const state = file.read(url, format);
    const before = new Map(tables.map((table) => [table, state.tables[table]?.rows ?? 0]));
    let shownAt = 0;
    await follow(
      client,
      folder === null ? new StreamSink(io.stdout) : new FolderSink(folder, format),
      state,
      file,
      {
        tables,
        schemas,
        rowsPerFile,
        intervalMs: options.follow === true ? intervalMs : null,
        signal: stop.signal,
        onProgress: (table, { rows, at }) => {
          if (io.stderr.isTTY !== true || options.json === true || Date.now() - shownAt < 1000) return;
          shownAt = Date.now();
          say(io.stderr, `${table}: ${count(rows, "row")}${at.phase === "snapshot" ? ", loading" : ""}`);
        },
      },
    );
    report(io, options, state, before);
    if (stopped.by !== null) io.exitCode = stopped.by;
  } finally {
    off();
    await giveBack();
  }
}

/** Results go to stdout, unless the rows do. */
function report(
  io: Io,
  options: ExportCommandOptions,
  state: State,
  before: ReadonlyMap<string, number>,
): void {
  const result = [...before].map(([table, rowsBefore]) => {
    const { rows, files, at } = state.tables[table]!;
    return { table, rows: rows - rowsBefore, files, complete: at.phase === "changes", position: at };
  });
  const out = options.out === undefined ? { ...io, stdout: io.stderr } : io;
  print(out, options.json, result, () =>
    result
      .map(({ table, rows, complete }) => {
        const what = complete ? "" : "; not every row is written yet, run the command again";
        return `${table}: ${count(rows, "row")}${what}`;
      })
      .join("\n"),
  );
}

function formatOf({ format, out }: ExportCommandOptions): Format {
  const known = FORMATS.find((each) => each === format);
  if (known === undefined) {
    throw usageError(`"${format}" is not a format: ${FORMATS.join(", ")}.${didYouMean(format, FORMATS)}`);
  }
  if (out === undefined && known !== "jsonl") {
    throw usageError(`${known} needs a folder: add --out <folder>. Stdout takes jsonl.`);
  }
  return known;
}

function stateOf(io: Io, { state }: ExportCommandOptions, folder: string | null): string | null {
  if (state !== undefined) return path.resolve(io.cwd, state);
  return folder === null ? null : path.join(folder, "_state.json");
}

/** The tables that are asked for; null for all. */
function namesIn(option: string | undefined): string[] | null {
  if (option === undefined) return null;
  const names = [...new Set(option.split(",").map((name) => name.trim()))].filter((name) => name !== "");
  if (names.length === 0) throw new CliError("NoTables", "--tables names no table.");
  return names;
}

function tablesOf(tables: string[] | null, known: readonly string[]): string[] {
  if (tables === null) {
    if (known.length > 0) return [...known];
    throw new CliError(
      "NoTables",
      "The token opens no exported table. Declare one with exportTable in schema.ts, or use another token.",
    );
  }
  const unknown = tables.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new CliError(
      "UnknownTable",
      `The token opens no exported table "${unknown}".${didYouMean(unknown, known)} It opens: ${known.join(", ") || "none"}.`,
    );
  }
  return tables;
}

function positive(text: string, option: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw usageError(`${option} takes a number above 0, not "${text}".`);
}
