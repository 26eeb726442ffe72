import { jsonPlace } from "../../core/jsonPlace.js";
import { cleanFieldName, cleanTableName } from "../../core/rows/names.js";
import { mirrorSnippet } from "../../schema/snippet.js";
import type { Json } from "../../core/rows/values.js";
import { messageOf } from "../terminal/exit.js";
import type { MirrorInfo, RunOptions } from "../../core/wire/v1.js";
import type { SyncMode } from "../../core/wire/changes.js";
import {
  configError,
  type ConfiguredCatalog,
  type ConfiguredStream,
  type StreamDescriptor,
  streamName,
} from "./protocol.js";

/**
 * How long a source may be silent before its run counts as died, in seconds. Airbyte gives up on a source that has sent
 * nothing for three hours.
 */
const SILENCE_SECONDS = 4 * 60 * 60;

/** A stream of the catalog with the mirror that it feeds. */
export interface Target {
  descriptor: StreamDescriptor;
  /** As people know it. */
  stream: string;
  mirror: MirrorInfo;
  run: RunOptions;
  /** The run brings all rows: those that it does not bring go when it is complete. */
  refresh: boolean;
  /** The platform numbers its syncs; part of the names of deliveries. */
  syncId: number | null;
}

/** @throws SyncFailure for a catalog that is none. */
export function readCatalog(text: string): ConfiguredCatalog {
  let catalog: Partial<ConfiguredCatalog> | null;
  try {
    catalog = JSON.parse(text) as Partial<ConfiguredCatalog> | null;
  } catch {
    throw configError(`The catalog is not JSON: ${jsonPlace(text)}.`);
  }
  const streams: unknown = catalog?.streams;
  if (!Array.isArray(streams) || !streams.every(isConfiguredStream)) {
    throw configError(
      'The catalog is not a ConfiguredAirbyteCatalog: "streams" must be an array of configured streams.',
    );
  }
  return { streams };
}

function isConfiguredStream(value: unknown): value is ConfiguredStream {
  const { stream, destination_sync_mode: mode } = (value ?? {}) as Partial<ConfiguredStream>;
  return typeof stream?.name === "string" && typeof mode === "string";
}

/** Finds the mirror of each stream of a catalog. `problems` has a sentence for each that has none or does not fit. */
export function matchMirrors(
  catalog: ConfiguredCatalog,
  mirrors: readonly MirrorInfo[],
): { targets: Target[]; problems: string[] } {
  const find = mirrorFinder(mirrors);
  const targets: Target[] = [];
  const problems: string[] = [];
  for (const configured of catalog.streams) {
    const found = matchStream(configured, find);
    if (typeof found === "string") problems.push(found);
    else targets.push(found);
  }
  const byMirror = new Map<string, string>();
  for (const { mirror, stream } of targets) {
    const other = byMirror.get(mirror.name);
    if (other === undefined) byMirror.set(mirror.name, stream);
    else
      problems.push(
        `The streams "${other}" and "${stream}" both feed the mirror "${mirror.name}". Leave one of them out.`,
      );
  }
  return { targets, problems };
}

type Find = (stream: StreamDescriptor) => MirrorInfo | null;

/** Looks mirrors up as the importer does: by their source, else by their own name. */
function mirrorFinder(mirrors: readonly MirrorInfo[]): Find {
  const byName = new Map(mirrors.map((mirror) => [mirror.name, mirror]));
  const bySource = new Map(
    mirrors.map((mirror) => [cleanTableName((mirror.source ?? mirror.name).replace(".", "_")), mirror]),
  );
  const byBareName = (name: string): MirrorInfo | null => {
    const [only, another] = mirrors.filter(({ source, name: own }) => bareName(source ?? own) === name);
    return only !== undefined && another === undefined ? only : null;
  };
  return ({ name, namespace }) => {
    const hasNamespace = namespace !== null && namespace !== undefined && namespace !== "";
    const cleaned = cleanTableName(hasNamespace ? `${namespace}_${name}` : name);
    const found = bySource.get(cleaned) ?? byName.get(cleaned) ?? null;
    // A platform that has no namespaces to tell means the only stream of that name.
    return found ?? (hasNamespace ? null : byBareName(cleaned));
  };
}

function bareName(source: string): string {
  return cleanTableName(source.slice(source.indexOf(".") + 1));
}

/** The target of a stream, or what stands in its way. */
function matchStream(configured: ConfiguredStream, find: Find): Target | string {
  const { stream, sync_id: syncId } = configured;
  const name = streamName(stream);
  const syncMode = syncModeOf(configured.destination_sync_mode);
  if (syncMode === null) {
    return `The stream "${name}" has the sync mode "${configured.destination_sync_mode}"; append, append_dedup and overwrite are supported.`;
  }
  let mirror: MirrorInfo | null;
  try {
    mirror = find(stream);
  } catch (error) {
    return messageOf(error);
  }
  if (mirror === null) return undeclared(configured, name);
  const key = syncMode === "append_dedup" ? (configured.primary_key ?? []) : [];
  const mismatch = syncMode === "append_dedup" ? keyMismatch(mirror, key, name) : null;
  if (mismatch !== null) return mismatch;
  const run = runOptions(configured, mirror, syncMode);
  if (typeof run === "string") return run;
  const refresh = syncMode === "overwrite" || (run.minimumGeneration ?? 0) > 0;
  const { namespace } = stream;
  // Alone: the stream itself has its schema with it, which is no business of a TRACE message.
  const descriptor = { name: stream.name, ...((namespace ?? "") !== "" && { namespace }) };
  return { descriptor, stream: name, mirror, run, refresh, syncId: syncId ?? null };
}

function syncModeOf(mode: string): SyncMode | null {
  if (mode === "append" || mode === "append_dedup" || mode === "overwrite") return mode;
  // The key is the mirror's business; either way the result is exactly what this sync brings.
  return mode === "overwrite_dedup" ? "overwrite" : null;
}

function runOptions(
  configured: ConfiguredStream,
  mirror: MirrorInfo,
  syncMode: SyncMode,
): RunOptions | string {
  const generation = configured.generation_id ?? null;
  const minimum = configured.minimum_generation_id ?? 0;
  if (minimum !== 0 && minimum !== generation) {
    return `The stream "${streamName(configured.stream)}" asks to keep generations from ${String(minimum)} to ${String(generation)}; a mirror keeps either all generations (0) or only the newest.`;
  }
  return {
    mirror: mirror.name,
    syncMode,
    silenceSeconds: SILENCE_SECONDS,
    ...(generation !== null && {
      generation,
      minimumGeneration: minimum,
      ...counterOf(configured),
    }),
  };
}

/**
 * Platforms count the generations of each connection on its own, and none says which connection it is. A source that is
 * read from its beginning in every sync brings every row, also under a number that was there before; an attempt to
 * repeat the same sync goes on where the one before was cut off.
 */
function counterOf({
  sync_mode: mode,
  sync_id: syncId,
}: ConfiguredStream): Pick<RunOptions, "counter" | "again"> {
  if (mode !== "full_refresh") return { counter: "airbyte" };
  return { counter: `airbyte, sync ${String(syncId ?? "of no number")}`, again: true };
}

function undeclared({ stream, primary_key: key }: ConfiguredStream, name: string): string {
  const { namespace } = stream;
  const table = cleanTableName(
    namespace === null || namespace === undefined || namespace === ""
      ? stream.name
      : `${namespace}_${stream.name}`,
  );
  const paths = (key ?? []).map((path) => path.map(cleanFieldName).join("."));
  const snippet = mirrorSnippet(
    table,
    (stream.json_schema ?? null) as Json,
    paths.length === 0 ? null : paths,
  );
  return `No mirror that this token opens accepts the stream "${name}". Declare it in convex/schema.ts and deploy (and name it in the token), or leave the stream out of the connection:\n\n${snippet}`;
}

function keyMismatch(mirror: MirrorInfo, key: readonly string[][], name: string): string | null {
  const wanted = key.map((path) => path.map(cleanFieldName).join("."));
  if (mirror.primaryKey === null) {
    return `The stream "${name}" is deduplicated, but the mirror "${mirror.name}" has no primary key. Add primaryKey: ${JSON.stringify(wanted)} to mirrorTable in schema.ts, or choose another sync mode.`;
  }
  const declared = mirror.primaryKey.map((path) => sourcePath(mirror, path));
  if (declared.length === wanted.length && declared.every((path) => wanted.includes(path))) return null;
  const shown = wanted.length === 0 ? "empty" : wanted.join(", ");
  return `The primary key of the stream "${name}" is ${shown}, that of the mirror "${mirror.name}" is ${declared.join(", ")}. Make them the same.`;
}

/** The path of a mirror's field in the rows of its source: `columns` of the contract renames fields. */
function sourcePath({ columns }: MirrorInfo, path: string): string {
  const [field = "", ...rest] = path.split(".");
  return [cleanFieldName(columns?.[field] ?? field), ...rest].join(".");
}
