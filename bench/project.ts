/** An app with the component on the local server, for benches that need a server of its own. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { spawnLocalConvex, type SpawnedLocalConvex, type SpawnOptions } from "../tools/local-convex/spawn.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What each app has, unless it has its own. */
const FILES: Record<string, string> = {
  "package.json": '{ "type": "module", "private": true, "dependencies": { "convex": "*" } }',
  "convex/convex.config.ts": `import { defineApp } from "convex/server";
import streamingImport from "convex-streaming-import/convex.config";
const app = defineApp();
app.use(streamingImport);
export default app;`,
  "convex/imports.ts": `import { StreamingImport } from "convex-streaming-import";
import { componentsGeneric } from "convex/server";
import schema from "./schema";
// No budget: the path is measured, not its pauses.
export const streamingImport = new StreamingImport(componentsGeneric().streamingImport as never, schema, {
  writeBudget: { bytesPerSecond: 1e9 },
});
export const { read, write, declare, replayQuarantine } = streamingImport.internalFunctions();`,
  "convex/http.ts": `import { httpRouter } from "convex/server";
import { streamingImport } from "./imports";
const http = httpRouter();
streamingImport.registerRoutes(http);
export default http;`,
};

/** A deployed app, and a token for all of its mirrors. */
export interface Deployed {
  server: SpawnedLocalConvex;
  token: string;
}

/** Deploys an app of these files beside the common ones, for as long as the work takes. */
export async function withApp<T>(
  files: Readonly<Record<string, string>>,
  options: SpawnOptions,
  work: (deployed: Deployed) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(path.join(tmpdir(), "bench-"));
  let server: SpawnedLocalConvex | null = null;
  try {
    const modules = path.join(directory, "node_modules");
    await mkdir(modules);
    for (const [file, text] of Object.entries({ ...FILES, ...files })) {
      await mkdir(path.join(directory, path.dirname(file)), { recursive: true });
      await writeFile(path.join(directory, file), text);
    }
    await symlink(path.join(ROOT, "node_modules/convex"), path.join(modules, "convex"), "junction");
    await symlink(ROOT, path.join(modules, "convex-streaming-import"), "junction");
    server = await spawnLocalConvex(options);
    await push(directory, server);
    await call(server, "function", "imports:declare", {});
    const named = { name: "bench", mirrors: ["*"] };
    const token = (await call(server, "function", "tokens:create", named, "streamingImport")) as string;
    return await work({ server, token });
  } finally {
    await server?.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Calls a function with the admin key. */
export async function call(
  { url, adminKey }: SpawnedLocalConvex,
  kind: string,
  name: string,
  args: object,
  componentPath?: string,
): Promise<unknown> {
  const answer = (await post(`${url}/api/${kind}`, adminKey, { path: name, args, componentPath })) as {
    status: string;
    value?: unknown;
  };
  if (answer.status !== "success") throw new Error(`${name}: ${JSON.stringify(answer)}`);
  return answer.value;
}

/** Sends JSON. */
export async function post(url: string, token: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { Authorization: `Convex ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${String(response.status)} ${text}`);
  return JSON.parse(text === "" ? "null" : text) as unknown;
}

async function push(directory: string, { url, adminKey }: SpawnedLocalConvex): Promise<void> {
  const cli = createRequire(import.meta.url)
    .resolve("convex/package.json")
    .replace("package.json", "bin/main.js");
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CONVEX_")));
  const options = ["--typecheck", "disable", "--codegen", "disable", "--url", url, "--admin-key", adminKey];
  const child = spawn(process.execPath, [cli, "deploy", ...options], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output += text.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`The push failed:\n${output}`);
}
