/**
 * Our path beside a plain upsert, in one run: `npm run bench -- speed`. On the local server with fresh contexts, where
 * each call evaluates its bundle again, as on Convex's backend. Rows of about 300 bytes, one sender. What counts are
 * ratios: the database is a stand-in, and slower than a real one.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { spawnLocalConvex, type SpawnedLocalConvex } from "../tools/local-convex/spawn.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const FILES: Record<string, string> = {
  "package.json": '{ "type": "module", "private": true, "dependencies": { "convex": "*" } }',
  "convex/convex.config.ts": `import { defineApp } from "convex/server";
import streamingImport from "convex-streaming-import/convex.config";
const app = defineApp();
app.use(streamingImport);
export default app;`,
  "convex/schema.ts": `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";
const fields = { id: v.number(), name: v.string(), note: v.string(), at: v.number(), open: v.boolean() };
export default defineSchema({
  mirrored: mirrorTable(fields, { primaryKey: ["id"] }),
  plain: defineTable(fields).index("by_key", ["id"]),
});`,
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
  "convex/plain.ts": `import { mutationGeneric } from "convex/server";
import { v } from "convex/values";
const row = v.object({ id: v.number(), name: v.string(), note: v.string(), at: v.number(), open: v.boolean() });
export const upsert = mutationGeneric({
  args: { rows: v.array(row) },
  returns: v.null(),
  handler: async ({ db }, { rows }) => {
    await Promise.all(rows.map(async (row) => {
      const stored = await db.query("plain").withIndex("by_key", (q) => q.eq("id", row.id)).unique();
      if (stored === null) await db.insert("plain", row);
      else if (Object.keys(row).some((name) => row[name] !== stored[name])) await db.replace(stored._id, row);
    }));
    return null;
  },
});`,
};

/** Milliseconds of one way to write so many rows. */
export interface Speed {
  rows: number;
  /** What becomes of them. */
  work: "insert" | "unchanged" | "changed";
  plainMs: number;
  oursMs: number;
  /** Our rows per second, over those of the plain mutation. */
  ratio: number;
}

/** @param repeats Measurements of which the median counts, by the number of rows. */
export async function measureSpeed(repeats: ReadonlyMap<number, number>): Promise<Speed[]> {
  const directory = await mkdtemp(path.join(tmpdir(), "speed-"));
  let server: SpawnedLocalConvex | null = null;
  try {
    const modules = path.join(directory, "node_modules");
    await mkdir(modules);
    await mkdir(path.join(directory, "convex"));
    for (const [file, text] of Object.entries(FILES)) await writeFile(path.join(directory, file), text);
    await symlink(path.join(ROOT, "node_modules/convex"), path.join(modules, "convex"), "junction");
    await symlink(ROOT, path.join(modules, "convex-streaming-import"), "junction");
    server = await spawnLocalConvex({ freshContext: true });
    await push(directory, server);
    return await measure(server, repeats);
  } finally {
    await server?.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(server: SpawnedLocalConvex, repeats: ReadonlyMap<number, number>): Promise<Speed[]> {
  await call(server, "function", "imports:declare", {});
  const token = (await call(
    server,
    "function",
    "tokens:create",
    { name: "bench", mirrors: ["*"] },
    "streamingImport",
  )) as string;
  const ways = {
    plain: async (rows: readonly object[]) => {
      await call(server, "mutation", "plain:upsert", { rows });
    },
    ours: async (rows: readonly object[]) => {
      await post(`${server.siteUrl}/api/streaming_import/import_airbyte_records`, token, {
        tables: { mirrored: { jsonSchema: {}, syncMode: "deduplicate", primaryKey: [["id"]] } },
        messages: rows.map((data) => ({ tableName: "mirrored", data })),
      });
    },
  };
  const speeds: Speed[] = [];
  let firstId = 0;
  for (const [rows, times] of repeats) {
    const measured = new Map<string, number[]>();
    // The first round warms up, and is not counted.
    for (let round = 0; round <= times; round++) {
      const ids = Array.from({ length: rows }, () => firstId++);
      for (const work of ["insert", "unchanged", "changed"] as const) {
        const version = work === "changed" ? 2 : 1;
        const batch = ids.map((id) => rowOf(id, version));
        for (const [way, send] of Object.entries(ways)) {
          const startedAt = performance.now();
          await send(batch);
          const ms = performance.now() - startedAt;
          const key = `${work} ${way}`;
          if (round > 0) measured.set(key, [...(measured.get(key) ?? []), ms]);
        }
      }
    }
    for (const work of ["insert", "unchanged", "changed"] as const) {
      const [plainMs, oursMs] = [
        median(measured.get(`${work} plain`)!),
        median(measured.get(`${work} ours`)!),
      ];
      speeds.push({ rows, work, plainMs, oursMs, ratio: plainMs / oursMs });
    }
  }
  return speeds;
}

function rowOf(id: number, version: number): object {
  return {
    id,
    name: `Customer ${String(id)}`,
    note: "x".repeat(220),
    at: 1_700_000_000_000 + version,
    open: version === 1,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

async function call(
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

async function post(url: string, token: string, body: object): Promise<unknown> {
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
