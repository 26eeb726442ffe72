import type { Readable, Writable } from "node:stream";
import { V1Client } from "../api/client.js";
import { EXIT, type ExitCode, messageOf } from "../terminal/exit.js";
import type { RetryPolicy } from "../api/retry.js";
import { matchMirrors, readCatalog } from "./catalog.js";
import { type AirbyteConfig, readConfig } from "./config.js";
import { DEFAULT_LIMITS, type DispatchLimits } from "./dispatcher.js";
import { configError, Emitter, type SyncFailure, toFailure } from "./protocol.js";
import { LineSplitter } from "../files/lines.js";
import { Sync } from "./sync.js";
import { ApiError } from "../api/apiError.js";
import { reasonWithoutRows } from "../../http/errors.js";
import { shorten } from "../../core/rows/text.js";

/** How long deliveries under way may take to be acknowledged after a signal to stop: `docker stop` waits 10 s. */
const GRACE_MS = 5_000;

/** How long ending runs may take then. */
const FAREWELL_MS = 3_000;

/** How long a paused mirror or a spent budget may hold one delivery up; then the platform's own retries are the better ones. */
const MAX_ASKED_MS = 30 * 60_000;

export interface WriteOptions {
  /** Texts of the files. */
  config: string;
  catalog: string;
  input: Readable;
  output: Writable;
  /** Aborted by SIGTERM or SIGINT, with the exit code as its reason. */
  signal?: AbortSignal;
  limits?: Partial<DispatchLimits>;
  retry?: Partial<RetryPolicy>;
  gzip?: boolean;
  graceMs?: number;
}

/** `airbyte write`: messages from the input to the mirrors, states back to the output. Returns the exit code. */
export async function write(options: WriteOptions): Promise<ExitCode> {
  const emitter = new Emitter(options.output);
  const abort = new AbortController();
  let sync: Sync | null = null;
  let config: AirbyteConfig | null = null;
  let failure: SyncFailure | null;
  options.signal?.addEventListener("abort", () => {
    options.input.destroy();
    // Before there are deliveries to wait for, there is nothing to be patient about.
    if (sync?.isOpen !== true) abort.abort();
  });
  try {
    config = readConfig(options.config);
    const client = clientOf(config, options, emitter, abort.signal);
    sync = await match(config, client, options, emitter);
    options.signal?.throwIfAborted();
    await sync.begin(options.limits?.concurrency ?? DEFAULT_LIMITS.concurrency);
    failure = await run(sync, options);
  } catch (error) {
    failure = toFailure(error);
  }
  const interrupted = options.signal?.aborted === true;
  if (config !== null && sync !== null && (interrupted || failure !== null)) {
    const reason = interrupted ? "The sync was stopped from outside." : reasonOf(failure!);
    await leave(sync, config, abort, options.graceMs ?? GRACE_MS, reason);
  }
  sync?.logSummary();
  if (interrupted)
    emitter.log("WARN", "Stopped. The next attempt sends the rows after the last emitted state again.");
  else if (failure !== null)
    emitter.failure(failure.type, failure.message, { internal: internalOf(failure), stream: failure.stream });
  await emitter.flush();
  if (interrupted) return options.signal!.reason as ExitCode;
  return failure === null ? EXIT.ok : EXIT.failure;
}

function clientOf(
  config: AirbyteConfig,
  options: WriteOptions,
  emitter: Emitter,
  signal: AbortSignal,
): V1Client {
  return new V1Client({
    url: config.url,
    token: config.token,
    gzip: options.gzip,
    retry: { maxAskedMs: MAX_ASKED_MS, ...options.retry },
    signal,
    onRetry: ({ error, attempt, waitMs }) => {
      const seconds = (waitMs / 1000).toFixed(1);
      emitter.log(
        error.status === 429 ? "INFO" : "WARN",
        `${error.message} Attempt ${String(attempt + 1)} in ${seconds} s.`,
      );
    },
  });
}

/** Finds the mirrors of the catalog. @throws SyncFailure */
async function match(
  config: AirbyteConfig,
  client: V1Client,
  options: WriteOptions,
  emitter: Emitter,
): Promise<Sync> {
  const catalog = readCatalog(options.catalog);
  const { targets, problems } = matchMirrors(catalog, await client.mirrors());
  if (problems.length > 0) throw configError(problems.join("\n\n"));
  return new Sync(targets, client, emitter, {
    limits: options.limits,
    trustEndOfInput: config.trustEndOfInput,
    // Wakes the reader, wherever it waits.
    onFailure: () => options.input.destroy(),
  });
}

/** Reads the input to its end. Returns why the sync is not a success, if it is not. */
async function run(sync: Sync, { input, signal }: WriteOptions): Promise<SyncFailure | null> {
  const lines = new LineSplitter((bytes, start, end) => {
    sync.line(bytes, start, end);
  });
  try {
    for await (const chunk of input) {
      lines.push(chunk as Buffer);
      if (sync.dispatcher.isFull) await sync.dispatcher.room();
      if (signal?.aborted === true || sync.failure !== null) break;
    }
  } catch (error) {
    // An input that we have closed ourselves ends with an error of its own.
    if (signal?.aborted !== true) return sync.failure ?? toFailure(error);
  }
  if (signal?.aborted === true || sync.failure !== null) return sync.failure;
  lines.end();
  const stop = () => void sync.dispatcher.stop(0);
  signal?.addEventListener("abort", stop, { once: true });
  return await sync.end();
}

/** Ends a sync early: lets deliveries under way be acknowledged, and their states go, then ends the runs. */
async function leave(
  sync: Sync,
  { url, token }: AirbyteConfig,
  abort: AbortController,
  graceMs: number,
  reason: string,
): Promise<void> {
  await sync.dispatcher.stop(graceMs);
  abort.abort();
  const farewell = new V1Client({
    url,
    token,
    signal: AbortSignal.timeout(FAREWELL_MS),
    retry: { giveUpAfterMs: 0 },
  });
  const left = sync.lanes.filter(({ run, finishing }) => run !== "" && finishing === null);
  await Promise.allSettled(left.map(async ({ run }) => farewell.finish(run, "incomplete", reason)));
}

/** Why the sync ends, for all who may see the mirror: no value of a row. */
function reasonOf({ cause, message }: SyncFailure): string {
  const reason = cause instanceof ApiError ? reasonWithoutRows(cause.code, message) : message;
  return shorten(reason, MAX_REASON);
}

/** The longest reason that the protocol takes, in characters. */
const MAX_REASON = 500;

function internalOf(failure: SyncFailure): string | undefined {
  return failure.cause instanceof Error ? `${failure.cause.name}: ${failure.cause.message}` : undefined;
}

/** People wait for the answer of a connection test. */
const RETRY = { giveUpAfterMs: 5_000, maxAskedMs: 0, maxFaults: 2 };

/**
 * `airbyte check`: whether the deployment answers, the token is one of its, opens mirrors and may write them; with a
 * catalog, whether every stream of it has a mirror that fits. Null when all is well, else what is missing.
 */
export async function check(configText: string, catalogText: string | null): Promise<string | null> {
  try {
    const { url, token } = readConfig(configText);
    const client = new V1Client({ url, token, retry: RETRY });
    const mirrors = await client.mirrors();
    if (mirrors.length === 0)
      return "The token opens no mirror. Create one that names the mirrors of this connection.";
    const { targets, problems } =
      catalogText === null ? { targets: [], problems: [] } : matchMirrors(readCatalog(catalogText), mirrors);
    // Access is the same for all mirrors of a token, so that one stands for all when there is no catalog.
    const tried = catalogText === null ? [mirrors[0]!.name] : targets.map(({ mirror }) => mirror.name);
    for (const name of tried) {
      const access = await client.canWrite(name);
      if (!access.ok) problems.push(access.reason);
    }
    return problems.length === 0 ? null : problems.join("\n\n");
  } catch (error) {
    return error instanceof ApiError ? `${error.message} (${error.code})` : messageOf(error);
  }
}
