import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { CliError } from "../terminal/exit.js";
import type { Place } from "../terminal/io.js";

/** Frameworks give the variables prefixes of their own; the Convex CLI writes these. */
const PREFIXES = ["", "VITE_", "NEXT_PUBLIC_", "PUBLIC_", "EXPO_PUBLIC_", "REACT_APP_"];

/** Reads a variable, or undefined. */
export type Variables = (name: string) => string | undefined;

/** The variables of the process, then of `.env.local`, then of `.env`: as the Convex CLI reads them. */
export function readVariables({ cwd, env }: Place): Variables {
  const files = [".env.local", ".env"].map((name) => parseFile(path.join(cwd, name)));
  return (name) => {
    const value = env[name] ?? files.find((file) => file[name] !== undefined)?.[name];
    return value === undefined || value.trim() === "" ? undefined : value.trim();
  };
}

function parseFile(file: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}

/** What the command line says about where the deployment is. */
export interface DeploymentOptions {
  /** The deployment's API, `https://….convex.cloud`. */
  url?: string;
  adminKey?: string;
  /** The import API. */
  siteUrl?: string;
  token?: string;
  /** The module that exports `internalFunctions()`. */
  module?: string;
  /** The name under which the app uses the component. */
  component?: string;
}

/** What a person does about {@link Deployment.isKeyWithheld}. */
export const KEY_WITHHELD =
  "--url names another deployment than the environment and .env.local, so their key is not sent there. Add --admin-key with the key of that deployment.";

/** Where the deployment is, as far as command line and environment tell. */
export interface Deployment {
  url: string | null;
  /** An admin or deploy key. */
  adminKey: string | null;
  /** The environment has a key or a login, but `--url` names another deployment, to which it is not sent. */
  isKeyWithheld: boolean;
  siteUrl: string | null;
  /** The command line names it, with its path. */
  isSiteGiven: boolean;
  /** An import token. */
  token: string | null;
  module: string;
  component: string;
  /** `CONVEX_DEPLOYMENT`: the Convex CLI knows how to reach it. */
  name: string | null;
}

/** Finds the deployment. Self-hosted settings win over a deploy key, that over `CONVEX_DEPLOYMENT`: as in the Convex CLI. */
export function findDeployment(options: DeploymentOptions, variables: Variables): Deployment {
  const anyOf = (name: string) =>
    PREFIXES.map((prefix) => variables(prefix + name)).find((value) => value !== undefined);
  const selfHosted = variables("CONVEX_SELF_HOSTED_URL");
  const deployKey = variables("CONVEX_DEPLOY_KEY");
  const url = options.url ?? selfHosted ?? urlOfDeployKey(deployKey) ?? anyOf("CONVEX_URL") ?? null;
  const key =
    options.adminKey ?? (selfHosted === undefined ? deployKey : variables("CONVEX_SELF_HOSTED_ADMIN_KEY"));
  // A key of the environment belongs to the deployment of the environment.
  const own = selfHosted ?? urlOfDeployKey(deployKey);
  const isForeign = options.url !== undefined && (own === undefined || !isSame(options.url, own));
  const isWithheld = isForeign && options.adminKey === undefined;
  const name = variables("CONVEX_DEPLOYMENT") ?? null;
  const site = options.siteUrl ?? (options.url === undefined ? anyOf("CONVEX_SITE_URL") : undefined);
  return {
    url: url === null ? null : parseUrl(url, "cloud").href.replace(/\/+$/, ""),
    adminKey: isWithheld ? null : (key ?? null),
    isKeyWithheld: isWithheld && (key !== undefined || name !== null),
    siteUrl: site === undefined ? siteOf(url) : siteUrlOf(site),
    isSiteGiven: options.siteUrl !== undefined,
    token: options.token ?? variables("STREAMING_IMPORT_TOKEN") ?? null,
    module: options.module ?? variables("STREAMING_IMPORT_MODULE") ?? "imports",
    component: options.component ?? variables("STREAMING_IMPORT_COMPONENT") ?? "streamingImport",
    name: options.url === undefined ? name : null,
  };
}

/** Whether two addresses are of one deployment, however they are written. */
function isSame(a: string, b: string): boolean {
  return parseUrl(a, "cloud").href.replace(/\/+$/, "") === parseUrl(b, "cloud").href.replace(/\/+$/, "");
}

/** `prod:happy-otter-123|…` is a key of https://happy-otter-123.convex.cloud. Keys of previews and projects name none. */
function urlOfDeployKey(key: string | undefined): string | undefined {
  const name = /^(?:prod|dev):([a-z0-9-]+)\|/.exec(key ?? "")?.[1];
  return name === undefined ? undefined : `https://${name}.convex.cloud`;
}

/** The site URL that belongs to an API URL; null where there is no rule. */
function siteOf(url: string | null): string | null {
  if (url === null) return null;
  const parsed = parseUrl(url, "cloud");
  if (parsed.hostname.endsWith(".convex.cloud")) return siteUrlOf(url);
  // Local and self-hosted backends serve HTTP actions on the next port.
  if (parsed.port === "") return null;
  parsed.port = String(Number(parsed.port) + 1);
  return parsed.href.replace(/\/+$/, "");
}

/** @throws CliError with the variables that would help */
function requireSite({ siteUrl }: Deployment): string {
  if (siteUrl !== null) return siteUrl;
  throw new CliError(
    "NoDeployment",
    "Which deployment? Set CONVEX_SITE_URL (https://….convex.site), in .env.local or in the environment, or pass --site-url.",
  );
}

/**
 * Where the import API is. A site URL of the environment is the deployment's, without a path; the path is what the
 * project's `http.ts` registers, unless it serves the root, too. A URL with a path, or one of the command line, is taken
 * as it is.
 * @throws CliError when there is no site URL
 */
export async function importApi(deployment: Deployment, directory: string): Promise<string> {
  const site = requireSite(deployment);
  if (deployment.isSiteGiven || new URL(site).pathname !== "/") return site;
  if (!existsSync(path.join(directory, "package.json"))) return site;
  // Reading http.ts takes the project's TypeScript; without one the site URL has to say the path.
  const prefix = await import("../project/parts.js").then(
    async ({ registeredPrefix }) => await registeredPrefix(directory),
    () => "",
  );
  return `${site}${prefix}`;
}

/**
 * The address of a deployment's HTTP actions. Convex serves them on another host than its API: `….convex.cloud` becomes
 * `….convex.site`. Anything else stays as it is, with its path.
 * @throws CliError for what is no http(s) URL.
 */
export function siteUrlOf(url: string): string {
  const parsed = parseUrl(url, "site");
  parsed.hostname = parsed.hostname.replace(/\.convex\.cloud$/, ".convex.site");
  parsed.search = "";
  parsed.hash = "";
  return parsed.href.replace(/\/+$/, "");
}

/**
 * @param domain where Convex serves what the address is of: its API, or HTTP actions
 * @throws CliError
 */
function parseUrl(url: string, domain: "cloud" | "site"): URL {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new CliError(
      "InvalidUrl",
      `"${url}" is not a URL. Write it as https://happy-otter-123.convex.${domain}.`,
    );
  }
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") {
    throw new CliError("InvalidUrl", `"${url}" is not an http or https URL.`);
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new CliError(
      "InvalidUrl",
      "The URL must not contain a user name or a password. Pass the token separately.",
    );
  }
  return parsed;
}
