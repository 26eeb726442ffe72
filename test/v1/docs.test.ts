// @vitest-environment node
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { defineSchema } from "convex/server";
import { jsonToConvex, v, type JSONValue } from "convex/values";
import ts from "typescript";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import vectors from "../../src/core/proof/hash.vectors.json" with { type: "json" };
import { mirrorTable } from "../../src/schema/index.js";
import { expectConserved } from "../core/support/checks.js";
import { World, type AppVersion, type Row } from "../core/support/world.js";

/** What docs/protocol.md shows is what happens: its examples are run, in their order. */

const PAGE = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");

const version = {
  schema: defineSchema({
    customers: mirrorTable(
      { id: v.int64(), email: v.string(), updated_at: v.number() },
      { primaryKey: ["id"], source: "public.customers", version: "updated_at" },
    ),
    people: mirrorTable({ id: v.number(), name: v.string() }, { primaryKey: ["id"] }),
  }),
} as unknown as AppVersion;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-01-31T08:00:01.200Z") });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

/** The code blocks of a language, below a heading if one is named. */
function blocks(language: string, heading = ""): string[] {
  const start = heading === "" ? 0 : PAGE.indexOf(`## ${heading}\n`);
  expect(start, `the heading "${heading}"`).toBeGreaterThanOrEqual(0);
  const end = PAGE.indexOf("\n## ", start + 1);
  const part = PAGE.slice(start, heading === "" || end === -1 ? undefined : end);
  return [...part.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , code]) => code!);
}

/** A TypeScript block of the page as a module. */
async function load<Module>(code: string): Promise<Module> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  return (await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(outputText)}`
  )) as Module;
}

function linesOf(code: string): number {
  return code.split("\n").filter((line) => line.trim() !== "").length;
}

describe("the requests of the page", () => {
  interface Message {
    first: string;
    headers: Record<string, string>;
    body: string;
  }

  function parse(block: string): Message {
    const [head = "", ...body] = block.split("\n\n");
    const [first = "", ...headers] = head.trim().split("\n");
    return {
      first,
      headers: Object.fromEntries(headers.map((line) => line.split(": ") as [string, string])),
      body: body.join("\n\n").trim(),
    };
  }

  test("are answered as it says, in their order", async () => {
    const world = await World.start(version);
    world.token = await world.createToken("customers only", { mirrors: ["customers"] });
    const messages = blocks("http").map(parse);
    expect(messages.length).toBeGreaterThan(10);
    /** Ids on the page, and what they are here. */
    const ids = new Map<string, string>();
    const here = (text: string) =>
      [...ids].reduce((replaced, [page, id]) => replaced.replaceAll(page, id), text);
    for (let i = 0; i < messages.length; i += 2) {
      const [request, expected] = [messages[i]!, messages[i + 1]!];
      const [method = "", path = ""] = request.first.split(" ");
      const body = request.body === "" ? undefined : here(request.body);
      const answer = await world.send(method, here(path), body, request.headers);
      const shown = `${request.first}: ${JSON.stringify(answer.body)}`;
      const json = JSON.parse(expected.body) as Row;
      if (typeof json.run === "string" && !ids.has(json.run)) ids.set(json.run, answer.body.run as string);
      expect(`HTTP/1.1 ${String(answer.status)}`, shown).toBe(
        expected.first.split(" ").slice(0, 2).join(" "),
      );
      for (const [name, value] of Object.entries(expected.headers))
        expect(answer.headers.get(name)).toBe(value);
      expect(answer.body, shown).toEqual(JSON.parse(here(expected.body)));
    }
    await expectConserved(world, "customers");
  });
});

describe("the sender", () => {
  type Sender = {
    sendAll: (mirror: string, rows: readonly object[], size?: number) => Promise<{ state: string }>;
  };
  const [code = ""] = blocks("ts", "A sender in 30 lines");
  const rows = Array.from({ length: 7 }, (_, id) => ({ id, name: `n${String(id)}` }));

  async function start(): Promise<{ world: World; sender: Sender; requests: string[] }> {
    const world = await World.start(version);
    const requests: string[] = [];
    vi.stubEnv("IMPORT_URL", "https://example.convex.site");
    vi.stubEnv("IMPORT_TOKEN", world.token);
    vi.stubGlobal("fetch", async (url: string, { method, body, headers }: RequestInit) => {
      requests.push(url);
      const { pathname } = new URL(url);
      const {
        status,
        body: json,
        headers: sent,
      } = await world.send(method!, pathname, body, headers as Record<string, string>);
      return Response.json(json, { status, headers: sent });
    });
    // Environment variables are read when the module is loaded: each test has one of its own.
    return { world, sender: await load<Sender>(`${code}// ${String(Math.random())}`), requests };
  }

  test("has 30 lines, and needs nothing but fetch", () => {
    expect(linesOf(code)).toBeLessThanOrEqual(30);
    expect(code).not.toMatch(/^import /m);
  });

  test("makes a mirror equal to its rows, and again when they change", async () => {
    const { world, sender } = await start();
    expect(await sender.sendAll("people", rows, 3)).toMatchObject({ counts: { inserted: 7 } });
    await world.passTime(1_000);
    expect(await world.rows("people")).toEqual(rows);
    const next = [...rows.slice(2, 6), { id: 6, name: "new" }, { id: 7, name: "n7" }];
    expect(await sender.sendAll("people", next, 3)).toMatchObject({
      counts: { unchanged: 4, updated: 1, inserted: 1 },
    });
    await world.passTime(1_000);
    expect(await world.rows("people")).toEqual(next);
    await sender.sendAll("people", []);
    await world.passTime(1_000);
    expect(await world.rows("people")).toEqual([]);
    await expectConserved(world, "people");
  });

  test("survives a network that loses requests and answers, and a deployment that is busy", async () => {
    const { world, sender, requests } = await start();
    const answer = globalThis.fetch;
    let turn = 0;
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      turn += 1;
      if (turn % 4 === 1) throw new TypeError("fetch failed");
      if (turn % 4 === 2) return new Response("<html>Bad gateway</html>", { status: 502 });
      if (turn % 4 === 3) {
        await answer(url, init);
        return Response.json(
          { code: "Overloaded", message: "Later." },
          { status: 503, headers: { "Retry-After": "5" } },
        );
      }
      return await answer(url, init);
    });
    await world.whileTimePasses(sender.sendAll("people", rows, 3));
    await world.passTime(1_000);
    expect(await world.rows("people")).toEqual(rows);
    expect(requests.filter((url) => url.endsWith("/v1/deliveries"))).toHaveLength(6);
    expect(await world.mirror("people")).toMatchObject({ total: { received: 7 } });
  });

  test("says what waits in quarantine, and stops with the importer's words when it is refused", async () => {
    const { sender } = await start();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await sender.sendAll("people", [...rows, { id: 8, name: null }]);
    expect(warn).toHaveBeenCalledWith("quarantined:", [8]);
    await expect(sender.sendAll("nobody", rows)).rejects.toThrow(
      /^UnknownMirror: There is no mirror "nobody"/,
    );
  });
});

describe("the digest", () => {
  const SAMPLE = [
    { id: 1, name: "Ada" },
    { id: 2, name: "naïve ☃ 😀" },
    { id: 3.5, name: "" },
  ];

  /** The digest of SAMPLE as the importer keeps it. */
  async function kept(): Promise<unknown> {
    const world = await World.start(version);
    const post = async (path: string, body: object) => (await world.send("POST", path, body)).body;
    const { run } = await post("/v1/runs", { mirror: "people", syncMode: "append_dedup" });
    const changes = SAMPLE.map((row) => ({ op: "upsert", row }));
    await post("/v1/deliveries", { run, delivery: "d", sequence: 1, changes });
    const { buckets, rows } = (await world.send("GET", "/v1/digest?mirror=people")).body;
    expect(rows).toBe(3);
    expect(await post("/v1/verify", { mirror: "people", buckets: buckets as object })).toMatchObject({
      equal: true,
    });
    return buckets;
  }

  type Digest = {
    hash64: (value: unknown) => bigint;
    digest: (rows: readonly object[], primaryKey: readonly string[]) => [number, string][];
  };

  /** A Convex value as the page's TypeScript has it. */
  function bytesAsArrays(value: unknown): unknown {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (Array.isArray(value)) return value.map(bytesAsArrays);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, bytesAsArrays(inner)]));
  }

  test("in TypeScript is that of the importer, for every vector and for rows", async () => {
    const code = blocks("ts", "The digest").find((block) => block.includes("function digest"))!;
    const { hash64, digest } = await load<Digest>(code);
    for (const { name, value, sha256 } of vectors) {
      const hash = hash64(bytesAsArrays(jsonToConvex(value as JSONValue)));
      expect(hash.toString(16).padStart(16, "0"), name).toBe(sha256.slice(0, 16));
    }
    expect(digest(SAMPLE, ["id"])).toEqual(await kept());
  });

  test("in Python has 20 lines", () => {
    const [code] = blocks("python", "The digest");
    expect(linesOf(code!)).toBeLessThanOrEqual(20);
  });

  const hasPython = spawnSync("python3", ["--version"]).status === 0;

  test.runIf(hasPython)("in Python is that of the importer, for every vector and for rows", async () => {
    const [code] = blocks("python", "The digest");
    const program = `${code!}
import base64, json, sys
def value(v):
    if isinstance(v, list): return [value(x) for x in v]
    if not isinstance(v, dict): return v
    if list(v) == ["$integer"]: return struct.unpack("<q", base64.b64decode(v["$integer"]))[0]
    if list(v) == ["$float"]: return struct.unpack("<d", base64.b64decode(v["$float"]))[0]
    if list(v) == ["$bytes"]: return base64.b64decode(v["$bytes"])
    return {n: value(x) for n, x in v.items()}
given = json.load(sys.stdin, parse_int=float)
print(json.dumps({
    "bytes": [canonical(value(v)).hex() for v in given["values"]],
    "hashes": [f"{hash64(value(v)):016x}" for v in given["values"]],
    "digest": digest(value(given["rows"]), ["id"]),
}))
`;
    const { stdout, stderr } = spawnSync("python3", ["-c", program], {
      input: JSON.stringify({ values: vectors.map(({ value }) => value), rows: SAMPLE }),
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      bytes: vectors.map(({ bytes }) => bytes),
      hashes: vectors.map(({ sha256 }) => sha256.slice(0, 16)),
      digest: await kept(),
    });
  });
});

test("the signature is what a token for signed bodies demands", async () => {
  const [code = ""] = blocks("ts", "Signed bodies");
  type Sign = (token: string, method: string, url: string, body?: string) => string;
  const { signature } = await load<{ signature: Sign }>(code);
  const world = await World.start(version);
  world.token = await world.createToken("signed", { signed: true });
  const body = JSON.stringify({ mirror: "people", syncMode: "append" });
  const headers = (method: string, path: string, signed?: string) => ({
    "X-Signature": signature(world.token, method, `https://x.convex.site${path}`, signed),
  });
  expect(await world.send("POST", "/v1/runs", body, headers("POST", "/v1/runs", body))).toMatchObject({
    status: 200,
  });
  expect(await world.send("GET", "/v1/status", undefined, headers("GET", "/v1/status"))).toMatchObject({
    status: 200,
  });
  expect(await world.send("POST", "/v1/runs", body, headers("POST", "/v1/runs"))).toMatchObject({
    status: 403,
    body: { code: "InvalidSignature" },
  });
});
