import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { SpawnedLocalConvex } from "../local-convex/spawn.js";
import { check, type Connection } from "./connector.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CONVEX_CLI = fileURLToPath(new URL("../../node_modules/convex/bin/main.js", import.meta.url));

/** The name under which the example uses the component. */
export const COMPONENT = "streamingImport";

/** Calls a function of the app, or of a component, as an administrator does: internal and system functions included. */
export type AdminCall = (path: string, args: object, component?: string) => Promise<unknown>;

/** A running deployment with the example pushed to it. */
export interface Deployment {
  url: string;
  siteUrl: string;
  call: AdminCall;
}

/**
 * Builds what the example uses of the package, into `dist`: JavaScript alone, in a second. Types and their check are for
 * `npm run build`.
 */
export async function buildPackage(): Promise<void> {
  const files = (await Promise.all(["convex", "src"].map((folder) => sourcesIn(folder)))).flat();
  await build({
    absWorkingDir: ROOT,
    entryPoints: files.filter(
      (file) => !/\.test(-d)?\.tsx?$|\.d\.ts$|^src\/(cli\/|test\.ts)|\/testing\//.test(file),
    ),
    outdir: "dist",
    outbase: ".",
    format: "esm",
    jsx: "automatic",
    target: "es2022",
    sourcemap: true,
    logLevel: "silent",
  });
}

async function sourcesIn(folder: string): Promise<string[]> {
  const files = await readdir(path.join(ROOT, folder), { recursive: true });
  return files.filter((file) => /\.tsx?$/.test(file)).map((file) => path.posix.join(folder, file));
}

/** Pushes the example to a local server with the real CLI, without its check of types. `signal` ends it. */
export async function pushExample(server: SpawnedLocalConvex, signal: AbortSignal): Promise<Deployment> {
  const target = ["--url", server.url, "--admin-key", server.adminKey, "--yes"];
  const less = ["--codegen", "disable", "--typecheck", "disable"];
  await run(process.execPath, [CONVEX_CLI, "deploy", ...target, ...less], signal);
  return {
    url: server.url,
    siteUrl: server.siteUrl,
    call: adminOf(server),
  };
}

/** Makes a token for what the demo feeds, no more, and tests the connection as Airbyte does. */
export async function connect(deployment: Pick<Deployment, "siteUrl" | "call">): Promise<Connection> {
  await deployment.call("imports:declare", {});
  const token = { name: "demo", mirrors: ["airports", "flights", "measurements"] };
  const accessKey = await deployment.call("tokens:create", token, COMPONENT);
  const connection = { deploymentUrl: deployment.siteUrl, accessKey: accessKey as string };
  await check(connection);
  return connection;
}

/** The administrator of a deployment. */
export function adminOf({ url, adminKey }: { url: string; adminKey: string }): AdminCall {
  return async (path, args, component) => await call(url, adminKey, path, args, component);
}

async function call(
  url: string,
  adminKey: string,
  path: string,
  args: object,
  componentPath?: string,
): Promise<unknown> {
  const response = await fetch(`${url}/api/function`, {
    method: "POST",
    headers: { Authorization: `Convex ${adminKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({ componentPath, path, args: [args], format: "convex_encoded_json" }),
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
