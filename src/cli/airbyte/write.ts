import type { Readable, Writable } from "node:stream";
import { V1Client } from "../api/client.js";
import { EXIT, type ExitCode } from "../terminal/exit.js";
import type { RetryPolicy } from "../api/retry.js";
import { matchMirrors, readCatalog } from "./catalog.js";
import { readConfig, type AirbyteConfig } from "./config.js";
import { DEFAULT_LIMITS, type DispatchLimits } from "./dispatcher.js";
import { Emitter } from "./emitter.js";
import { configError, toFailure, type SyncFailure } from "./failure.js";
import { LineSplitter } from "../files/lines.js";
import { Sync } from "./sync.js";

/** How long deliveries under way may take to be acknowledged when the command is told to stop: `docker stop` waits 10 s. */
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
    const reason = interrupted ? "The sync was told to stop." : failure!.message;
    await leave(sync, config, abort, options.graceMs ?? GRACE_MS, reason);
  }
  sync?.logSummary();
  if (interrupted)
    emitter.log(
      "WARN",
      "Stopped. States that were not emitted are not acknowledged: the next attempt sends their rows again.",
    );
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

function internalOf(failure: SyncFailure): string | undefined {
  return failure.cause instanceof Error ? `${failure.cause.name}: ${failure.cause.message}` : undefined;
}
