import type { Deployment } from "../../deployment/environment.js";
import { messageOf } from "../../terminal/exit.js";
import { error, ok, warning, type Check } from "../check.js";

/** A deployment that is asleep answers within seconds. */
const TIMEOUT_MS = 15_000;

/** Signatures are refused at five minutes; times of runs and lags mislead before that. */
const MAX_SKEW_MS = 60_000;

/** Whether the deployment's API answers. Null where its address is not known, only its name. */
export async function checkReachable({ url }: Deployment): Promise<Check | null> {
  if (url === null) return null;
  const code = "deployment-reachable";
  try {
    const { ok: isOk, status } = await ask(`${url}/version`);
    if (isOk) return ok(code, `${url} answers.`);
    return error(
      code,
      `${url} answers, but not as a Convex deployment does (${String(status)}).`,
      "Set CONVEX_URL or CONVEX_SELF_HOSTED_URL to the address of the deployment's API (https://….convex.cloud).",
    );
  } catch (thrown) {
    return error(
      code,
      `${url} does not answer: ${reasonOf(thrown)}.`,
      "Start the deployment (npx convex dev), or correct CONVEX_URL or CONVEX_SELF_HOSTED_URL.",
    );
  }
}

export interface Routes {
  checks: Check[];
  /** Where the import API is; null when it is nowhere. */
  api: string | null;
}

/**
 * Whether the import API answers where the project's http.ts puts it, and whether the clocks agree.
 * @param prefixes those that http.ts registers; the root is looked at in any case
 */
export async function checkRoutesReachable(
  { siteUrl }: Deployment,
  prefixes: readonly string[],
  deploy: string,
  now: () => number,
): Promise<Routes> {
  const code = "routes-reachable";
  const setSite = "Set CONVEX_SITE_URL (https://….convex.site) in .env.local, or pass --site-url.";
  if (siteUrl === null) {
    return {
      checks: [error(code, "The address of the deployment's HTTP actions is not known.", setSite)],
      api: null,
    };
  }
  // A site URL with a path says already where the API is.
  const hasPath = new URL(siteUrl).pathname !== "/";
  const candidates = hasPath ? [siteUrl] : [...new Set([...prefixes, ""])].map((prefix) => siteUrl + prefix);
  let last = "";
  for (const api of candidates) {
    try {
      const askedAt = now();
      const response = await ask(`${api}/v1/mirrors`);
      if (await isImportApi(response))
        return {
          checks: [ok(code, `The import API answers at ${api}.`), checkClock(response, askedAt)],
          api,
        };
      last = `${api} answers ${String(response.status)}`;
    } catch (thrown) {
      return {
        checks: [error(code, `${siteUrl} does not answer: ${reasonOf(thrown)}.`, setSite)],
        api: null,
      };
    }
  }
  const fix = hasPath
    ? `Correct the path of the site URL: http.ts serves ${prefixes.map((prefix) => prefix || "the root").join(", ") || "nothing"}.`
    : `Deploy http.ts: ${deploy}. If this is the address of the API (….convex.cloud), set CONVEX_SITE_URL.`;
  return { checks: [error(code, `The import API is not there: ${last}.`, fix)], api: null };
}

/** Without a token the import API refuses in its own words. */
async function isImportApi(response: Response): Promise<boolean> {
  const body: unknown = await response.json().catch(() => null);
  return typeof body === "object" && body !== null && "code" in body && body.code === "BadDeployKey";
}

function checkClock(response: Response, askedAt: number): Check {
  const code = "clock";
  const theirs = Date.parse(response.headers.get("Date") ?? "");
  const skew = Math.abs(theirs - askedAt);
  if (Number.isNaN(skew) || skew <= MAX_SKEW_MS)
    return ok(code, "This machine's clock agrees with the deployment's.");
  return warning(
    code,
    `This machine's clock is ${String(Math.round(skew / 1000))} seconds ${theirs > askedAt ? "behind" : "ahead of"} the deployment's; from five minutes on, signed bodies are refused.`,
    "Synchronise the clock with a time server (NTP).",
  );
}

async function ask(url: string): Promise<Response> {
  return await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
}

/** The reason of a failed fetch, which hides it one level below. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return messageOf(cause ?? thrown);
}
