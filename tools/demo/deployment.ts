import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { spawnLocalConvex } from "../local-convex/spawn.js";
import { check, type Connection } from "./connector.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CONVEX_CLI = fileURLToPath(new URL("../../node_modules/convex/bin/main.js", import.meta.url));

/** Calls a function as an administrator does, internal and system functions included. */
export type AdminCall = (kind: "query" | "mutation", path: string, args: object) => Promise<unknown>;

/** A running deployment with the example pushed to it. */
export interface Deployment {
  url: string;
  siteUrl: string;
  call: AdminCall;
  close: () => Promise<void>;
}

/** Builds the package: the example uses it as an installed one, from `dist`. */
export async function buildPackage(signal: AbortSignal): Promise<void> {
  await run("npm", ["run", "--silent", "build"], signal);
}

/**
 * Starts the local server and pushes the example to it with the real CLI.
 * @param signal Ends the push; the caller closes what was returned before.
 */
export async function startDeployment(signal: AbortSignal): Promise<Deployment> {
  const server = await spawnLocalConvex({ optimistic: true });
  try {
    await run(
      process.execPath,
      [
        CONVEX_CLI,
        "deploy",
        "--url",
        server.url,
        "--admin-key",
        server.adminKey,
        "--codegen",
        "disable",
        "--yes",
      ],
      signal,
    );
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    url: server.url,
    siteUrl: server.siteUrl,
    call: adminOf(server),
    close: async () => {
      await server.close();
    },
  };
}

/** Makes a token for what the demo feeds, no more, and tests the connection as Airbyte does. */
export async function connect(deployment: Pick<Deployment, "siteUrl" | "call">): Promise<Connection> {
  const accessKey = await deployment.call("mutation", "imports:createToken", {
    name: "demo",
    mirrors: ["airports", "flights", "measurements"],
  });
  const connection = { deploymentUrl: deployment.siteUrl, accessKey: accessKey as string };
  await check(connection);
  return connection;
}

/** The administrator of a deployment. */
export function adminOf({ url, adminKey }: { url: string; adminKey: string }): AdminCall {
  return async (kind, path, args) => await call(url, adminKey, kind, path, args);
}

async function call(
  url: string,
  adminKey: string,
  kind: "query" | "mutation",
  path: string,
  args: object,
): Promise<unknown> {
  const response = await fetch(`${url}/api/${kind}`, {
    method: "POST",
    headers: { Authorization: `Convex ${adminKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({ path, args: [args], format: "convex_encoded_json" }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} was answered with ${String(response.status)}: ${text}`);
  const result = JSON.parse(text) as { status: string; value?: unknown; errorMessage?: string };
  if (result.status !== "success") throw new Error(`${path} failed: ${result.errorMessage ?? text}`);
  return result.value;
}

/** Runs a command to its end, silently. @throws Error with what it printed when it fails */
async function run(command: string, args: string[], signal: AbortSignal): Promise<void> {
  // Someone's own deployment, chosen in the shell, must not be the one that is pushed to.
  const { CONVEX_DEPLOYMENT: _deployment, CONVEX_DEPLOY_KEY: _key, ...env } = process.env;
  const child = spawn(command, args, { cwd: ROOT, env, signal, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${[command, ...args.slice(0, 2)].join(" ")} failed:\n${output}`);
}
