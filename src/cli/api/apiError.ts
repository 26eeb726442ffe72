/** Statuses that say "not now": the same request may succeed later. */
const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A refusal of the import API, or no answer at all (status 0). */
export class ApiError extends Error {
  override name = "ApiError";

  constructor(
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    /** The API's stable code (docs/errors.md), or a code of the network (`ECONNREFUSED`). */
    readonly code: string,
    message: string,
    /** When the deployment asks to be asked again, in milliseconds. */
    readonly retryAfterMs: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** True when the same request may succeed later without a person. */
  get isTransient(): boolean {
    return !this.isConfiguration && (this.status === 0 || RETRYABLE.has(this.status));
  }

  /** True when only a person can help: another token, another schema, another configuration. */
  get isConfiguration(): boolean {
    return [400, 401, 403, 404].includes(this.status) || this.code === "NotSetUp";
  }
}

/** The refusal that an answer carries. Never repeats what was sent: it may hold rows. */
export function refusalOf(
  status: number,
  statusText: string,
  body: string,
  retryAfter: string | null,
): ApiError {
  const { code, message, retryAfterMs } = readBody(body);
  const shown = message ?? `The deployment answered ${String(status)} ${statusText}.${hint(status)}`;
  return new ApiError(
    status,
    code ?? `HTTP${String(status)}`,
    shown,
    retryAfterMs ?? readRetryAfter(retryAfter),
  );
}

/** What a bare status most often means. */
function hint(status: number): string {
  return status === 404 || status === 405
    ? " There is no import API at this address: it is on the deployment's site URL (https://….convex.site), under the prefix that http.ts gives to registerRoutes."
    : "";
}

function readBody(body: string): { code?: string; message?: string; retryAfterMs?: number } {
  try {
    const json = JSON.parse(body) as Record<string, unknown> | null;
    return {
      ...(typeof json?.code === "string" && { code: json.code }),
      ...(typeof json?.message === "string" && { message: json.message }),
      ...(typeof json?.retryAfterMs === "number" && { retryAfterMs: json.retryAfterMs }),
    };
  } catch {
    return {};
  }
}

/** The time that `Retry-After` tells, as seconds or as a date, in milliseconds from now. */
function readRetryAfter(header: string | null, now = Date.now()): number | null {
  if (header === null) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

/** The error of a request that got no answer. Says what the network said, whose reason `fetch` hides in a cause. */
export function networkError(error: unknown, url: string): ApiError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  const shown = typeof code === "string" ? code : error instanceof Error ? error.name : "NetworkError";
  return new ApiError(0, shown, `No answer from ${new URL(url).origin}: ${reason || shown}.`, null, {
    cause: error,
  });
}
