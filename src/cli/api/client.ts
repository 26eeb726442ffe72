import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { signingKeyOf } from "../../core/token.js";
import { ApiError, networkError, refusalOf } from "./apiError.js";
import { DEFAULT_RETRY, retrying, type Retry, type RetryPolicy } from "./retry.js";
import type { BudgetUse } from "../../core/wire/budget.js";
import type {
  BegunRun,
  Delivered,
  FinishedRun,
  MirrorInfo,
  RunOptions,
  SourceDigest,
} from "../../core/wire/v1.js";
import type { SenderStatus } from "../../core/wire/senderStatus.js";

/** A delivery of 5,000 changes takes seconds; a request that takes longer than this has been lost. */
const TIMEOUT_MS = 5 * 60_000;

/** How long a sweep is waited for, and how often it is asked for, in milliseconds. */
const SWEEP_PATIENCE_MS = 60_000;
const SWEEP_POLL_MS = 250;

/** Below this, compressing costs more than it saves. */
const MIN_GZIP_BYTES = 1024;

const gzipAsync = promisify(gzip);

export interface ClientOptions {
  /** Where the import API is: the deployment's site URL, with the path prefix if there is one. */
  url: string;
  token: string;
  /** Whether bodies are compressed. Default: unless the deployment is on this machine. */
  gzip?: boolean;
  retry?: Partial<RetryPolicy>;
  onRetry?: (retry: Retry) => void;
  /** Ends waiting and requests under way. */
  signal?: AbortSignal;
  /** For tests. */
  timeoutMs?: number;
}

/**
 * A typed client of our own protocol (docs/protocol.md). Every request may be repeated: beginning a run twice leaves the
 * second one, deliveries have identities, and finishing twice is no error.
 */
export class V1Client {
  readonly url: string;
  readonly #options: ClientOptions;
  readonly #retry: RetryPolicy;
  readonly #gzip: boolean;
  #signingKey: Buffer | null = null;

  constructor(options: ClientOptions) {
    this.url = options.url.replace(/\/+$/, "");
    this.#options = options;
    this.#retry = { ...DEFAULT_RETRY, ...options.retry };
    this.#gzip = options.gzip ?? !isLoopback(this.url);
  }

  /** The mirrors that the token opens, as their contracts describe them. */
  async mirrors(): Promise<MirrorInfo[]> {
    const { mirrors } = await this.#get<{ mirrors: MirrorInfo[] }>("/v1/mirrors");
    return mirrors;
  }

  /** The mirrors that the token opens, as the registry knows them, and the write budget where it is known. */
  async status(): Promise<{ mirrors: SenderStatus[]; budget: BudgetUse | null }> {
    const { mirrors, budget } = await this.#get<{ mirrors: SenderStatus[]; budget?: BudgetUse }>(
      "/v1/status",
    );
    return { mirrors, budget: budget ?? null };
  }

  async digest(mirror: string): Promise<SourceDigest> {
    return await this.#get(`/v1/digest?mirror=${encodeURIComponent(mirror)}`);
  }

  /** Begins a run. The run before it may no longer write. */
  async begin(options: RunOptions): Promise<BegunRun> {
    return await this.#post("/v1/runs", options);
  }

  /** Sends a delivery as NDJSON: its head on the first line, a change on each of the others. */
  async deliver(body: Uint8Array): Promise<Delivered> {
    return await this.#send("POST", "/v1/deliveries", body, "application/x-ndjson");
  }

  async finish(
    run: string,
    outcome: "complete" | "incomplete",
    reason: string,
    { allowShrink = false }: { allowShrink?: boolean } = {},
  ): Promise<FinishedRun> {
    return await this.#post(`/v1/runs/${encodeURIComponent(run)}/finish`, {
      outcome,
      reason: reason.slice(0, 500),
      ...(allowShrink && { allowShrink }),
    });
  }

  /** Waits, up to a minute, until the sweep of a refresh that was finished as complete is over, or held. */
  async swept(finished: FinishedRun): Promise<FinishedRun> {
    let last = finished;
    for (const end = Date.now() + SWEEP_PATIENCE_MS; last.state === "sweeping" && Date.now() < end;) {
      await sleep(SWEEP_POLL_MS, undefined, { signal: this.#options.signal });
      last = await this.finish(last.run, "complete", "Complete.");
    }
    return last;
  }

  /**
   * Whether the token may write a mirror, found out without a trace: a run that asks for an epoch that cannot be is
   * refused as stale, but only after the token was checked.
   */
  async canWrite(mirror: string): Promise<{ ok: true } | { ok: false; status: number; reason: string }> {
    try {
      await this.begin({ mirror, syncMode: "append", epoch: Number.MAX_SAFE_INTEGER });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "StaleRun") return { ok: true };
      const { status, message: reason } = error;
      if (error.isConfiguration || error.code === "MirrorPaused") return { ok: false, status, reason };
      throw error;
    }
    return { ok: true };
  }

  async #get<T>(path: string): Promise<T> {
    return await this.#send("GET", path, null, null);
  }

  async #post<T>(path: string, body: unknown): Promise<T> {
    return await this.#send("POST", path, Buffer.from(JSON.stringify(body)), "application/json");
  }

  async #send<T>(
    method: string,
    path: string,
    body: Uint8Array | null,
    contentType: string | null,
  ): Promise<T> {
    const compress = this.#gzip && body !== null && body.length >= MIN_GZIP_BYTES;
    const sent = compress ? await gzipAsync(body, { level: 1 }) : body;
    const headers = {
      ...(contentType !== null && { "Content-Type": contentType }),
      ...(compress && { "Content-Encoding": "gzip" }),
    };
    const { signal, onRetry } = this.#options;
    return await retrying(async () => this.#attempt<T>(method, path, sent, headers), this.#retry, {
      signal,
      onRetry,
    });
  }

  async #attempt<T>(
    method: string,
    path: string,
    body: Uint8Array | null,
    headers: Record<string, string>,
  ): Promise<T> {
    const url = this.url + path;
    const { status, statusText, text, retryAfter } = await this.#fetch(method, url, body, headers);
    if (status === 200) return readAnswer(text, url) as T;
    const refusal = refusalOf(status, statusText, text, retryAfter);
    if (refusal.code !== "InvalidSignature" || this.#signingKey !== null) throw refusal;
    // The token demands signed bodies, which a token does not show.
    this.#signingKey = Buffer.from(signingKeyOf(this.#options.token), "hex");
    return await this.#attempt<T>(method, path, body, headers);
  }

  async #fetch(method: string, url: string, body: Uint8Array | null, headers: Record<string, string>) {
    const signed = { ...headers, ...this.#signature(method, url, body) };
    return await fetchText(method, url, this.#options, signed, body);
  }

  #signature(method: string, url: string, body: Uint8Array | null): Record<string, string> {
    if (this.#signingKey === null) return {};
    const time = String(Math.floor(Date.now() / 1000));
    const { pathname, search } = new URL(url);
    const hmac = createHmac("sha256", this.#signingKey).update(`${time}.${method} ${pathname}${search}.`);
    if (body !== null) hmac.update(body);
    return { "X-Signature": `t=${time},v1=${hmac.digest("hex")}` };
  }
}

/** One request and its complete answer. @throws ApiError when there is none. */
export async function fetchText(
  method: string,
  url: string,
  { token, signal, timeoutMs = TIMEOUT_MS }: Pick<ClientOptions, "token" | "signal" | "timeoutMs">,
  headers: Record<string, string> = {},
  body: Uint8Array | null = null,
) {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers: { Authorization: `Convex ${token}`, "Convex-Client": "streaming-import-cli", ...headers },
      ...(body !== null && { body: body as Uint8Array<ArrayBuffer> }),
      redirect: "error",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const { status, statusText } = response;
    return {
      status,
      statusText,
      text: await response.text(),
      retryAfter: response.headers.get("Retry-After"),
    };
  } catch (error) {
    signal?.throwIfAborted();
    throw networkError(error, url);
  }
}

/** @throws ApiError when something else than the import API answers. */
function readAnswer(text: string, url: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = `${new URL(url).origin} answers, but not as the import API does. Use the deployment's site URL (https://….convex.site).`;
    throw new ApiError(404, "NotTheImportApi", message, null, { cause: error });
  }
}

/** True for a server on this machine, to which bytes cost nothing. */
function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
}
