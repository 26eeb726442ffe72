import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { ConvexError, type Value } from "convex/values";
import { ApiError } from "../api/apiError.js";
import { type Deployment, findDeployment, KEY_WITHHELD, readVariables } from "./environment.js";
import { CliError, messageOf } from "../terminal/exit.js";
import type { CommonOptions } from "./options.js";
import type { Place } from "../terminal/io.js";

/** Calls functions as `npx convex run` does. */
export interface Admin {
  /** Where the command runs. */
  place: Place;
  /** An internal function of the app's importer: `declare`. */
  call: <T>(name: string, args?: Record<string, unknown>) => Promise<T>;
  /** A function of the component: `registry:list`, as with `npx convex run --component`. */
  component: <T>(path: string, args?: Record<string, unknown>) => Promise<T>;
}

/** What `ConvexHttpClient` can do beyond its public types. */
interface AdminClient {
  setAdminAuth: (key: string) => void;
  function: (
    reference: unknown,
    componentPath: string | undefined,
    args: Record<string, Value>,
  ) => Promise<unknown>;
}

/** Whether there is a way to operate a deployment: its key, or the Convex CLI's. */
export function isOperated({ adminKey, name }: Deployment): boolean {
  return adminKey !== null || name !== null;
}

/**
 * The operator's access to a deployment: with its admin or deploy key; without one, through the Convex CLI of the project,
 * which knows the deployments of the user who is logged in.
 * @throws CliError when there is neither
 */
export function openAdmin(place: Place, deployment: Deployment): Admin {
  const { url, adminKey, name, module, component } = deployment;
  if (url !== null && adminKey !== null) {
    return {
      place,
      call: async (fn, args) => callWithKey(url, adminKey, { path: `${module}:${fn}` }, args),
      component: async (path, args) => callWithKey(url, adminKey, { component, path }, args),
    };
  }
  if (name !== null) {
    return {
      place,
      call: async (fn, args) => callWithCli(place, { path: `${module}:${fn}` }, args),
      component: async (path, args) => callWithCli(place, { component, path }, args),
    };
  }
  throw new CliError(
    "NoDeployKey",
    deployment.isKeyWithheld
      ? KEY_WITHHELD
      : "This needs the deployment's key. Set CONVEX_DEPLOY_KEY, or CONVEX_SELF_HOSTED_URL and CONVEX_SELF_HOSTED_ADMIN_KEY, or run it in a project that `npx convex dev` has set up (CONVEX_DEPLOYMENT in .env.local).",
  );
}

/** A function of the app, or of a component of it. */
interface Target {
  component?: string;
  path: string;
}

async function callWithKey<T>(
  url: string,
  key: string,
  target: Target,
  args: Record<string, unknown> = {},
): Promise<T> {
  const client = new ConvexHttpClient(url, { skipConvexDeploymentUrlCheck: true, logger: false });
  const admin = client as unknown as AdminClient;
  admin.setAdminAuth(key);
  try {
    const reference = makeFunctionReference(target.path);
    return (await admin.function(reference, target.component, args as Record<string, Value>)) as T;
  } catch (error) {
    throw explain(error, target);
  }
}

/** What went wrong, in a sentence: the app's own message where there is one. Never the key. */
function explain(error: unknown, { component, path }: Target): CliError | ApiError {
  if (error instanceof ConvexError) return refusalIn(error.data, error) ?? failed(error.message, error);
  const message = messageOf(error);
  if (/fetch failed/.test(message)) {
    const cause = error instanceof Error ? messageOf(error.cause) : "";
    return new CliError("NoAnswer", `The deployment does not answer: ${cause || message}.`, { cause: error });
  }
  if (
    /Could not find (public )?function|[Cc]omponent .*not found|Couldn't (find|resolve) .*component/.test(
      message,
    )
  ) {
    return new CliError(
      "NotDeployed",
      component === undefined
        ? `The deployment has no function ${path}. If nothing is deployed yet, run npx convex dev. Otherwise export it from convex/${path.split(":")[0]!}.ts and deploy, or name another module with --module.`
        : `The deployment's component "${component}" has no function ${path}. If nothing is deployed yet, run npx convex dev. Otherwise deploy with this version of the package, or name the component with --component.`,
      { cause: error },
    );
  }
  // "[Request ID: …] Server Error\nUncaught Error: <what the function said>\n    at …", with one "Uncaught" per call.
  const said = /(?:Uncaught (?:\w*Error: )?)+([^]*?)(?:\n\s+at |$)/.exec(message)?.[1];
  const sentence = (said ?? message).trim();
  return refusalIn(parsed(sentence), error) ?? failed(sentence, error);
}

/** A refusal by the code of the component or of the app, from its data; null for data that has no message. */
function refusalIn(data: unknown, cause: unknown): CliError | ApiError | null {
  if (typeof data === "string") return failed(data, cause);
  const { code, message } = (data ?? {}) as { code?: unknown; message?: unknown };
  if (typeof message !== "string") return null;
  return typeof code === "string"
    ? new ApiError(400, code, message, null, { cause })
    : failed(message, cause);
}

function failed(message: string, cause: unknown): CliError {
  return new CliError("DeploymentFailed", message, { cause });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

async function callWithCli<T>(
  place: Place,
  { component, path: name }: Target,
  args: Record<string, unknown> = {},
): Promise<T> {
  const require = createRequire(path.join(place.cwd, "package.json"));
  let cli: string;
  try {
    cli = path.join(path.dirname(require.resolve("convex/package.json")), "bin", "main.js");
  } catch {
    throw new CliError(
      "PackageMissing",
      "The package convex is not installed here. Run this in your project.",
    );
  }
  const inComponent = component === undefined ? [] : ["--component", component];
  const child = spawn(process.execPath, [cli, "run", ...inComponent, name, JSON.stringify(args)], {
    cwd: place.cwd,
    env: place.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0)
    throw explain(new Error(err.trim() || `convex run ${name} ended with ${String(code)}.`), {
      ...(component !== undefined && { component }),
      path: name,
    });
  // The CLI prints nothing for null.
  return (out.trim() === "" ? null : JSON.parse(out)) as T;
}

/** What operating commands start from: the deployment, and its key at work. */
export interface Session {
  deployment: Deployment;
  admin: Admin;
}

/** @throws CliError when there is no key */
export function openSession(place: Place, options: CommonOptions): Session {
  const deployment = findDeployment(options, readVariables(place));
  return { deployment, admin: openAdmin(place, deployment) };
}
