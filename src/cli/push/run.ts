import { print, say, visible } from "../terminal/output.js";
import type { CommonOptions } from "../deployment/options.js";
import { V1Client } from "../api/client.js";
import { findDeployment, importApi, readVariables } from "../deployment/environment.js";
import { isOperated, openAdmin } from "../deployment/admin.js";
import { borrowToken, onlyMirror, onlyOf, openedMirror } from "../deployment/token.js";
import { twoColumns } from "../files/columns.js";
import { readCopy, readCsv } from "../files/csv.js";
import { Mapping } from "../files/mapping.js";
import { readJson, readNdjson, type RawRow, type Rows } from "../files/rows.js";
import { isRereadable, openSource } from "../files/source.js";
import { CliError, EXIT, usageError } from "../terminal/exit.js";
import type { Io } from "../terminal/io.js";
import { CheckpointFile } from "./checkpoint.js";
import { push, type Mode } from "./push.js";
import { ProgressDisplay, summary } from "./report.js";
import type { MirrorInfo } from "../../core/wire/v1.js";
import { eachMember } from "../files/jsonSpan.js";
import { ask } from "../terminal/ask.js";
import { describePreview, previewOf, type Preview } from "./preview.js";
import { didYouMean } from "../../core/suggest.js";

export interface PushCommandOptions extends CommonOptions {
  mirror?: string;
  mode?: string;
  format?: string;
  delimiter?: string;
  columns?: string;
  map?: string[];
  only?: string[];
  drop?: string[];
  null?: string[];
  encoding?: string;
  yes?: boolean;
  waitPaused: string;
  restart?: boolean;
  allowEmpty?: boolean;
  allowShrink?: boolean;
}

const MODES = ["upsert", "append", "refresh"];

/** `streaming-import push`. */
export async function pushFile(io: Io, file: string, options: PushCommandOptions): Promise<void> {
  if (options.mode !== undefined && !MODES.includes(options.mode))
    throw usageError(`--mode is one of ${MODES.join(", ")}.`);
  const pausedMinutes = Number(options.waitPaused);
  if (!(pausedMinutes >= 0)) throw usageError("--wait-paused is a number of minutes, from 0.");
  const deployment = findDeployment(options, readVariables(io));
  const url = await importApi(deployment, io.cwd);
  const mapping = new Mapping(options.map ?? [], options.only ?? [], options.drop ?? []);
  let fraction: () => number | null = () => null;
  const display = new ProgressDisplay(io.stderr, () => fraction(), options.json === true);
  const note = (text: string) => {
    display.note(visible(text));
  };
  const wanted =
    options.mirror ??
    (deployment.token === null && isOperated(deployment)
      ? await onlyMirror(openAdmin(io, deployment))
      : null);
  // Without a mirror's name there is a token, or none can be made, which is said here.
  const { token, giveBack } = await borrowToken(io, deployment, wanted === null ? [] : [wanted], "write");
  const { signal, kill, off } = onInterrupt(io, note);
  let isPauseSaid = false;
  try {
    const client = new V1Client({
      url,
      token,
      signal: kill,
      retry: { maxPausedMs: pausedMinutes * 60_000 },
      onRetry: ({ error, waitMs }) => {
        if (error.code === "MirrorPaused") {
          if (!isPauseSaid) note(`${error.message} Waiting up to ${String(pausedMinutes)} min for it.`);
          isPauseSaid = true;
          return;
        }
        if (waitMs > 2_000) note(`${error.message} Next attempt in ${(waitMs / 1000).toFixed(0)} s.`);
      },
    });
    const mirrors = await client.mirrors();
    const mirror = await openedMirror(io, mirrors, wanted ?? onlyOf(mirrors.map(({ name }) => name)));
    const mode = modeOf(options.mode, mirror.primaryKey !== null, mirror.name);
    let isChecked = false;
    const startedAt = performance.now();
    const pushed = await push({
      client,
      mirror,
      mode,
      rereadable: await isRereadable(io, file),
      allowEmpty: options.allowEmpty === true,
      allowShrink: options.allowShrink === true,
      checkpoints: new CheckpointFile(io, { url, mirror: mirror.name, mode, file }),
      restart: options.restart === true,
      signal,
      onNote: note,
      onProgress: (count) => {
        display.update(count);
      },
      open: async () => {
        const opened = await open(io, file, options, mirror, mapping);
        fraction = opened.progress;
        if (!isChecked) await check(io, opened, mirror, mode, options, client);
        isChecked = true;
        return opened;
      },
    }).finally(() => {
      display.stop();
    });
    const seconds = (performance.now() - startedAt) / 1000;
    print(io, options.json, { mirror: mirror.name, mode, seconds, ...pushed }, () =>
      summary(mirror, mode, pushed, seconds),
    );
    if (!pushed.finished) io.exitCode = EXIT.interrupted;
    else if (pushed.held !== null) io.exitCode = EXIT.held;
  } finally {
    off();
    await giveBack().catch(() => undefined);
  }
}

interface Opened {
  rows: Rows;
  /** What is still to be done to the rows. */
  mapping: Mapping;
  /** The columns of the file; of JSON, those of its first rows. Null where there is no row. */
  columns: readonly string[] | null;
  delimiter: string | null;
  isEmpty: boolean;
  progress: () => number | null;
}

/** Opens the file and reads its first rows. */
async function open(
  io: Io,
  file: string,
  options: PushCommandOptions,
  mirror: MirrorInfo,
  mapping: Mapping,
): Promise<Opened> {
  const source = await openSource(io, file, options);
  const { format, progress } = source;
  if (format === "ndjson" || format === "json") {
    const rows = (format === "json" ? readJson : readNdjson)(source.bytes);
    const first = await rows.next();
    const columns = first.done === true ? null : columnsOf(first.value);
    const isEmpty = first.done === true;
    return { rows: continued(first, rows), mapping, columns, delimiter: null, isEmpty, progress };
  }
  let columns: readonly string[] | null = null;
  const delimiter = options.delimiter ?? source.delimiter;
  const csv = {
    delimiter,
    header: options.columns?.split(",").map((name) => name.trim()) ?? null,
    nulls: options.null ?? null,
    onColumns: (names: readonly string[]) => (columns = names),
  };
  const rows = (format === "copy" ? readCopy : readCsv)(source.bytes, csv, mirror, mapping);
  const first = await rows.next();
  // The mapping has done its work when rows are made of columns.
  const done = new Mapping([], [], []);
  const isEmpty = first.done === true;
  return { rows: continued(first, rows), mapping: done, columns, delimiter, isEmpty, progress };
}

async function* continued(first: IteratorResult<RawRow[], void>, rest: Rows): Rows {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

function columnsOf(rows: readonly RawRow[]): string[] {
  const names = new Set<string>();
  for (const { bytes, start, end } of rows)
    eachMember(bytes, start, end, (keyStart, keyEnd) => {
      names.add(JSON.parse(bytes.toString("utf8", keyStart - 1, keyEnd + 1)) as string);
    });
  return [...names];
}

/**
 * Says what the file will do before a run begins.
 * @throws CliError for a file without the key, and where fields would be erased and nobody agrees
 */
async function check(
  io: Io,
  { columns, delimiter }: Opened,
  mirror: MirrorInfo,
  mode: Mode,
  options: PushCommandOptions,
  client: V1Client,
): Promise<void> {
  if (columns === null || mirror.fields === undefined) return;
  const mapping = new Mapping(options.map ?? [], options.only ?? [], options.drop ?? []);
  const preview = previewOf(columns, mirror, mapping);
  const [unknown] = mapping.notAmong(columns);
  // Rows of JSON need not have the same columns.
  if (unknown !== undefined && delimiter !== null)
    throw new CliError(
      "UnknownColumn",
      `The file has no column "${unknown}", which an option names.${didYouMean(unknown, columns)} Its columns: ${columns.map((name) => JSON.stringify(name)).join(", ")}. Nothing was sent.`,
    );
  const names = columns.flatMap((column) => mapping.nameOf(column) ?? []);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new CliError(
      "DuplicateColumn",
      `${twoColumns(twice)} If they are called differently there, --drop leaves one out.`,
    );
  const separated = delimiter === null ? "" : `, separated by ${JSON.stringify(delimiter)}`;
  if (preview.missingKey.length > 0)
    throw new CliError("ColumnMismatch", withoutKey(preview, columns, mirror, separated));
  if (preview.feeds.length === 0 && (mirror.overflow ?? null) === null)
    throw new CliError("ColumnMismatch", withoutField(preview, columns, mirror, separated));
  if (options.json !== true) say(io.stderr, describePreview(preview, mirror, separated).join("\n"));
  const replacesRows = mirror.primaryKey !== null || mode === "refresh";
  if (preview.empty.length === 0 || !replacesRows || options.yes === true) return;
  const { mirrors } = await client.status();
  if ((mirrors.find(({ name }) => name === mirror.name)?.rows ?? 0) === 0) return;
  const question = `Stored rows that are in the file lose ${preview.empty.join(", ")}. Continue?`;
  await ask(io, question, {
    json: options.json === true,
    nobody: new CliError(
      "NotConfirmed",
      `${question} Add --yes to confirm, or --map column=field. Nothing was sent.`,
    ),
    declined: "Nothing was sent.",
  });
}

function withoutKey(preview: Preview, columns: readonly string[], mirror: MirrorInfo, separated: string) {
  return `The file has no column for ${preview.missingKey.join(", ")}, the key of "${mirror.name}", so no row can be matched. ${columnsFound(preview, columns, preview.missingKey, separated)}`;
}

function withoutField(preview: Preview, columns: readonly string[], mirror: MirrorInfo, separated: string) {
  return `No column of the file feeds a field of "${mirror.name}" (${Object.keys(mirror.fields ?? {}).join(", ")}), so its rows would be empty. ${columnsFound(preview, columns, preview.empty, separated)}`;
}

function columnsFound(
  { unused }: Preview,
  columns: readonly string[],
  wanted: readonly string[],
  separated: string,
): string {
  const names = columns.map((name) => JSON.stringify(name)).join(", ");
  const meant = unused.flatMap(({ column, meant: field }) =>
    field !== null && wanted.includes(field) ? [` Did you mean --map "${column}=${field}"?`] : [],
  );
  return `${names === "" ? "Its rows have no columns." : `Its columns${separated}: ${names}.`}${meant.join("")} Nothing was sent.`;
}

function modeOf(wanted: string | undefined, keyed: boolean, mirror: string): Mode {
  if (keyed) return (wanted as Mode | undefined) ?? "upsert";
  if (wanted === "append" || wanted === "refresh") return wanted;
  throw new CliError(
    "NoPrimaryKey",
    `The mirror "${mirror}" has no primary key, so rows cannot be matched. Use --mode append (add the rows) or --mode refresh (replace all rows).`,
  );
}

/** The first Ctrl-C stops after the delivery under way, the second at once. */
function onInterrupt(io: Io, note: (text: string) => void) {
  const [stop, kill] = [new AbortController(), new AbortController()];
  const handle = () => {
    if (stop.signal.aborted) {
      kill.abort(new CliError("Interrupted", "Stopped immediately. Run the same command again to resume."));
      return;
    }
    note("Finishing the current delivery. Press Ctrl-C again to stop now.");
    stop.abort();
  };
  return { signal: stop.signal, kill: kill.signal, off: io.onStop(handle) };
}
