import { usageError } from "../terminal/exit.js";

/**
 * The address of a deployment's HTTP actions. Convex serves them on another host than its API: `….convex.cloud` becomes
 * `….convex.site`. Anything else stays as it is, with its path.
 * @throws CliError for what is no http(s) URL.
 */
export function siteUrlOf(url: string): string {
  const parsed = parseUrl(url);
  parsed.hostname = parsed.hostname.replace(/\.convex\.cloud$/, ".convex.site");
  parsed.search = "";
  parsed.hash = "";
  return parsed.href.replace(/\/+$/, "");
}

/** @throws CliError */
export function parseUrl(url: string): URL {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw usageError(`"${url}" is no URL. Write it as https://happy-otter-123.convex.site.`);
  }
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") {
    throw usageError(`"${url}" is no http or https URL.`);
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw usageError("The URL must not hold a name or a password; the token goes elsewhere.");
  }
  return parsed;
}
