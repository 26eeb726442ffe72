// @vitest-environment node
/** The server as a child process, used through the real CLI and the real clients. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { spawnLocalConvex, type SpawnedLocalConvex } from "./spawn.js";

const CLI = path.join(
  path.dirname(createRequire(import.meta.url).resolve("convex/package.json")),
  "bin",
  "main.js",
);
const api = anyApi;

let project: string;
let server: SpawnedLocalConvex;
let http: ConvexHttpClient;
const log: string[] = [];

async function cli(...args: string[]): Promise<{ ok: boolean; output: string }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CONVEX_")));
  const target = args.includes("--admin-key") ? [] : ["--admin-key", server.adminKey];
  return await new Promise((resolve) => {
    const allArgs = [CLI, ...args, "--url", server.url, ...target];
    execFile(process.execPath, allArgs, { cwd: project, env, timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: stdout + stderr });
    });
  });
}
const deploy = (...args: string[]) =>
  cli("deploy", "--typecheck", "disable", "--codegen", "disable", ...args);

async function until<T>(read: () => T | Promise<T>, accept: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const value = await read();
    if (accept(value) || Date.now() > deadline) return value;
    await sleep(20);
  }
}
const post = (pathname: string, body: string | Uint8Array<ArrayBuffer>) =>
  fetch(server.siteUrl + pathname, { method: "POST", body });

/** fetch() refuses bodies with GET and tidies paths, so the odd requests go out by hand. */
function rawRequest(method: string, pathname: string, body = ""): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.siteUrl);
    const headers = { "Content-Length": Buffer.byteLength(body) };
    const request = httpRequest({ hostname, port, method, path: pathname, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.on("error", reject).end(body);
  });
}

beforeAll(async () => {
  project = await mkdtemp(path.join(tmpdir(), "local-convex-test-"));
  await cp(fileURLToPath(new URL("./fixture", import.meta.url)), project, { recursive: true });
  await symlink(
    fileURLToPath(new URL("../../node_modules", import.meta.url)),
    path.join(project, "node_modules"),
  );
  server = await spawnLocalConvex({ onLog: (line) => log.push(line) });
  http = new ConvexHttpClient(server.url, { logger: false });
  const set = await cli("env", "set", "GREETING", "hello");
  expect(set).toMatchObject({ ok: true });
  const pushed = await deploy();
  expect(pushed, pushed.output).toMatchObject({ ok: true });
});

afterAll(async () => {
  await server.close();
  await rm(project, { recursive: true, force: true });
});

describe("the CLI", () => {
  test("is refused with a wrong admin key", async () => {
    const { ok, output } = await deploy("--admin-key", "wrong");
    expect(ok).toBe(false);
    expect(output).toContain("BadDeployKey");
    const response = await fetch(`${server.url}/api/query`, {
      method: "POST",
      headers: { Authorization: "Convex wrong" },
      body: JSON.stringify({ path: "items:list", args: {} }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ code: "BadDeployKey", message: expect.any(String) as string });
    const unauthenticated = await fetch(`${server.url}/api/deploy2/start_push`, {
      method: "POST",
      body: "{}",
    });
    expect(unauthenticated.status).toBe(401);
  });

  test("runs internal functions and functions of a component, and lists what there is", async () => {
    const [secret, current, missing, data] = await Promise.all([
      cli("run", "items:secret"),
      cli("run", "--component", "counter", "count:current"),
      cli("run", "items:nope"),
      cli("env", "list"),
    ]);
    expect(secret.output).toContain("only for admins");
    expect(current).toMatchObject({ ok: true, output: expect.stringMatching(/^\d+\s*$/) as string });
    expect(missing.output).toContain("Could not find function for 'items:nope'");
    expect(missing.output).toContain("items:secret");
    expect(data.output).toContain("GREETING=hello");
  });

  test("keeps the data when a compatible schema is pushed, and refuses one that does not fit", async () => {
    const id = (await http.mutation(api.items!.put!, { key: "kept", value: 7 })) as string;
    const countBefore = (await http.mutation(api.items!.bump!, { fail: false })) as number;
    await http.mutation(api.items!.addNoteLater!, { text: "scheduled before the push", ms: 3000 });
    const schemaFile = path.join(project, "convex", "schema.ts");
    const schema = await readFile(schemaFile, "utf8");

    await writeFile(schemaFile, schema.replace("value: v.number()", "value: v.string()"));
    const refused = await deploy();
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain("Schema validation failed");
    expect(refused.output).toContain('in table "items" does not match the schema');
    expect(await http.query(api.items!.list!, {})).toContainEqual(
      expect.objectContaining({ key: "kept", value: 7 }),
    );

    await writeFile(
      schemaFile,
      schema.replace(
        "value: v.number() })",
        'value: v.number(), extra: v.optional(v.null()) }).index("by_value", ["value"])',
      ),
    );
    const accepted = await deploy();
    expect(accepted, accepted.output).toMatchObject({ ok: true });
    expect(accepted.output).toContain("items.by_value");
    expect(await http.mutation(api.items!.put!, { key: "kept", value: 8 })).toBe(id);
    expect(await http.mutation(api.items!.bump!, { fail: false })).toBe(countBefore + 1);
    const notes = await until(
      () => http.query(api.items!.notes!, {}) as Promise<{ texts: string[] }>,
      ({ texts }) => texts.includes("scheduled before the push"),
    );
    expect(notes.texts).toContain("scheduled before the push");
    // An hourly interval cron runs at once when it is new, and not again when it is pushed unchanged.
    expect(notes.texts.filter((text) => text === "from cron")).toHaveLength(1);
  });
});

describe("functions", () => {
  test("queries, mutations and actions over HTTP, with errors", async () => {
    await http.mutation(api.items!.put!, { key: "a", value: 1 });
    expect(await http.action(api.items!.putTwice!, { key: "twice" })).toBe(true);
    expect(await http.query(api.items!.list!, {})).toContainEqual(
      expect.objectContaining({ key: "twice", value: 2 }),
    );
    await expect(http.mutation(api.items!.put!, { key: "a", value: -1 })).rejects.toMatchObject({
      data: { code: "Negative", key: "a" },
    });
    await expect(http.mutation(api.items!.put!, { key: 1 })).rejects.toThrow("Validator error");
    await expect(http.query(api.items!.secret!, {})).rejects.toThrow("Could not find public function");
    await expect(http.query(api.items!.put!, {})).rejects.toThrow("it is defined as Mutation");
    const byUrl = await fetch(`${server.url}/api/run/items/list`, { method: "POST", body: '{"args":{}}' });
    expect(await byUrl.json()).toMatchObject({ status: "success" });
  });

  test("a failing app mutation rolls the component back", async () => {
    const before = (await http.mutation(api.items!.bump!, { fail: false })) as number;
    await expect(http.mutation(api.items!.bump!, { fail: true })).rejects.toThrow("bump failed");
    expect(await http.mutation(api.items!.bump!, { fail: false })).toBe(before + 1);
  });

  test("see their own environment: the app the deployment's, a component what it is given", async () => {
    expect(await http.query(api.items!.environment!, {})).toEqual({
      greeting: "hello",
      host: null,
      cloud: server.url,
      site: server.siteUrl,
      counter: { greeting: "hello", site: `${server.siteUrl}/counter` },
      literal: { greeting: "literally", site: server.siteUrl },
    });
  });

  test("schedule functions in the app and in a component", async () => {
    const admin = new ConvexHttpClient(server.url, { logger: false });
    await http.mutation(api.items!.addNoteLater!, { text: "later", ms: 30 });
    const later = await fetch(`${server.url}/api/function`, {
      method: "POST",
      headers: { Authorization: `Convex ${server.adminKey}` },
      body: JSON.stringify({ path: "count:incrementLater", componentPath: "literal", args: { ms: 30 } }),
    });
    expect(await later.json()).toMatchObject({ status: "success" });
    const current = async (): Promise<unknown> => {
      const response = await fetch(`${server.url}/api/function`, {
        method: "POST",
        headers: { Authorization: `Convex ${server.adminKey}` },
        body: JSON.stringify({ path: "count:current", componentPath: "literal", args: {} }),
      });
      return ((await response.json()) as { value: unknown }).value;
    };
    expect(await until(current, (value) => value === 1)).toBe(1);
    const notes = () => admin.query(api.items!.notes!, {}) as Promise<{ texts: string[] }>;
    expect((await until(notes, ({ texts }) => texts.includes("later"))).texts).toContain("later");
  });

  test("log to the server's log", async () => {
    await http.mutation(api.items!.put!, { key: "logged", value: 1 });
    const lines = await until(
      () => log.filter((line) => line.includes("'logged'")),
      (found) => found.length > 0,
    );
    expect(lines).toEqual(["[items:put] [LOG] 'putting' 'logged'"]);
  });
});

describe("subscriptions", () => {
  test("follow writes from HTTP actions, re-run only for tables they read, and see the own mutation", async () => {
    const client = new ConvexClient(server.url, { webSocketConstructor: WebSocket as never, logger: false });
    try {
      let keys: string[] | undefined;
      let notes: { runs: number; texts: string[] } | undefined;
      client.onUpdate(
        api.items!.list!,
        {},
        (items: { key: string }[]) => (keys = items.map(({ key }) => key)),
      );
      client.onUpdate(api.items!.notes!, {}, (result: { runs: number; texts: string[] }) => (notes = result));
      await until(() => notes !== undefined && keys !== undefined, Boolean);
      const runsBefore = notes?.runs;

      const items = Array.from({ length: 100 }, (_, i) => ({
        key: `ws${String(i).padStart(3, "0")}`,
        value: i,
      }));
      expect((await post("/put", JSON.stringify(items))).status).toBe(204);
      expect(
        await until(
          () => keys,
          (seen) => seen?.includes("ws099") === true,
        ),
      ).toContain("ws099");
      expect(notes?.runs).toBe(runsBefore);

      await client.mutation(api.items!.put!, { key: "own", value: 1 });
      expect(keys).toContain("own");
      expect(await client.action(api.items!.putTwice!, { key: "action" })).toBe(true);
      await expect(client.mutation(api.items!.put!, { key: "x", value: -1 })).rejects.toMatchObject({
        data: { code: "Negative" },
      });
      expect(await client.query(api.items!.list!, {})).toContainEqual(
        expect.objectContaining({ key: "own" }),
      );
    } finally {
      await client.close();
    }
  });

  test("keep the pages of a paginated query together while rows are added and removed", async () => {
    const client = new ConvexClient(server.url, { webSocketConstructor: WebSocket as never, logger: false });
    try {
      for (const key of ["p1", "p3"]) await http.mutation(api.items!.put!, { key, value: 0 });
      const pages: string[][] = [];
      const paginationOpts = { numItems: 2, cursor: null };
      client.onUpdate(api.items!.page!, { paginationOpts }, ({ page }: { page: { key: string }[] }) => {
        pages.push(page.map(({ key }) => key));
      });
      await until(
        () => pages.length,
        (length) => length > 0,
      );
      await http.mutation(api.items!.put!, { key: "0 sorts first", value: 0 });
      await until(
        () => pages.length,
        (length) => length > 1,
      );
      // The page still ends where it ended, so the next one neither repeats nor misses a row.
      expect(pages.at(-1)).toEqual(["0 sorts first", ...(pages[0] ?? [])]);
    } finally {
      await client.close();
    }
  });

  test("count many writes close together as one", async () => {
    const client = new ConvexClient(server.url, { webSocketConstructor: WebSocket as never, logger: false });
    try {
      let updates = 0;
      let last: { key: string }[] = [];
      client.onUpdate(api.items!.list!, {}, (items: { key: string }[]) => {
        updates += 1;
        last = items;
      });
      await until(
        () => updates,
        (count) => count > 0,
      );
      const started = Date.now();
      const items = Array.from({ length: 200 }, (_, i) => ({ key: `many${String(i)}`, value: i }));
      await post("/put", JSON.stringify(items));
      await until(
        () => last,
        (seen) => seen.some(({ key }) => key === "many199"),
      );
      expect(updates).toBeLessThanOrEqual(2 + Math.ceil((Date.now() - started) / 50));
    } finally {
      await client.close();
    }
  });
});

describe("HTTP actions", () => {
  test("get the request as sent, without a body for GET and OPTIONS", async () => {
    const inspected = async (...request: Parameters<typeof rawRequest>): Promise<unknown> =>
      JSON.parse((await rawRequest(...request)).text) as unknown;
    expect(await inspected("POST", "/inspect?a=1", "body")).toEqual({
      method: "POST",
      url: `${server.siteUrl}/inspect?a=1`,
      bytes: 4,
    });
    expect(await inspected("GET", "/inspect", "body")).toMatchObject({ method: "GET", bytes: 0 });
    expect(await inspected("OPTIONS", "/inspect", "body")).toMatchObject({ method: "OPTIONS", bytes: 0 });
    expect(await rawRequest("HEAD", "/inspect")).toEqual({ status: 200, text: "" });
    expect(await inspected("GET", "//double/slash")).toMatchObject({
      url: `${server.siteUrl}//double/slash`,
    });
    expect(await inspected("GET", "/files/a%2Fb/c")).toMatchObject({
      url: `${server.siteUrl}/files/a%2Fb/c`,
    });
  });

  test("answer 404 for other paths and methods, and 500 for what they throw", async () => {
    for (const [method, pathname] of [
      ["GET", "/nothing"],
      ["DELETE", "/inspect"],
      ["GET", "/double/slash"],
      ["GET", "/counter"],
      ["GET", "/current"],
      ["POST", "/counter/current"],
    ] as const) {
      expect(await rawRequest(method, pathname), `${method} ${pathname}`).toEqual({
        status: 404,
        text: "No matching routes found",
      });
    }
    const boom = await post("/boom", "");
    expect(boom.status).toBe(500);
    expect(await boom.json()).toEqual({
      code: expect.any(String) as string,
      message: expect.stringContaining("nobody catches this") as string,
    });
  });

  test("leave /version and /metrics at the root to the backend, whatever the method of the app's routes", async () => {
    for (const pathname of ["/version", "/metrics"]) {
      const { status, text } = await rawRequest("GET", pathname);
      expect([status, text.includes("local-convex")]).toEqual([200, true]);
    }
    expect((await rawRequest("GET", "/counter/version")).status).toBe(404);
  });

  test("of a component are reachable under its prefix and see the full URL", async () => {
    const response = await fetch(`${server.siteUrl}/counter/current?x=1`);
    expect(await response.json()).toMatchObject({
      url: `${server.siteUrl}/counter/current?x=1`,
      site: `${server.siteUrl}/counter`,
    });
  });

  test("of a nested component are mounted below its parent's prefix, with data and environment of their own", async () => {
    const add = async (): Promise<unknown> => await (await post("/counter/tally/add", "")).json();
    expect(await add()).toEqual({ sum: 1, site: `${server.siteUrl}/counter/tally`, env: "hello" });
    const other = await fetch(`${server.url}/api/function`, {
      method: "POST",
      headers: { Authorization: `Convex ${server.adminKey}` },
      body: JSON.stringify({ path: "sums:add", componentPath: "literal/tally", args: {} }),
    });
    expect(await other.json()).toMatchObject({ status: "success", value: 1 });
    expect(await add()).toMatchObject({ sum: 2 });
  });

  test("pass large binary bodies through unchanged", async () => {
    const bytes = new Uint8Array(20 * 1024 * 1024).map((_, i) => (i * 31) % 256);
    const response = await post("/echo", bytes);
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toBe("application/x-test");
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes)).toBe(0);
    const largest = await post("/inspect", new Uint8Array(64 * 1024 * 1024));
    expect(await largest.json()).toMatchObject({ bytes: 64 * 1024 * 1024 });
  });

  test("run at the same time", async () => {
    const answers = await Promise.all([post("/meet", ""), post("/meet", "")]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });
});
