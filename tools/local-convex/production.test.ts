// @vitest-environment node
/** What production does and a mock usually does not: limits in the backend's words, races, refusals. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { spawnLocalConvex, type SpawnedLocalConvex } from "./spawn.js";

let project: string;
let server: SpawnedLocalConvex;

beforeAll(async () => {
  project = await mkdtemp(path.join(tmpdir(), "local-convex-test-"));
  await cp(fileURLToPath(new URL("./fixture", import.meta.url)), project, { recursive: true });
  await symlink(
    fileURLToPath(new URL("../../node_modules", import.meta.url)),
    path.join(project, "node_modules"),
  );
  server = await spawnLocalConvex({ optimistic: true, freshContext: true, env: { GREETING: "hello" } });
  await deploy(server);
});
async function deploy({ url, adminKey }: SpawnedLocalConvex): Promise<void> {
  const cli = createRequire(import.meta.url)
    .resolve("convex/package.json")
    .replace("package.json", "bin/main.js");
  const target = ["--url", url, "--admin-key", adminKey];
  const quick = ["--typecheck", "disable", "--codegen", "disable"];
  await promisify(execFile)(process.execPath, [cli, "deploy", ...quick, ...target], { cwd: project });
}
afterAll(async () => {
  await server.close();
  await rm(project, { recursive: true, force: true });
});

interface Reply {
  httpStatus: number;
  status?: "success" | "error";
  value?: unknown;
  errorMessage?: string;
  code?: string;
  message?: string;
}
async function call(
  kind: "query" | "mutation" | "action",
  name: string,
  args: object,
  componentPath?: string,
): Promise<Reply> {
  const response = await fetch(`${server.url}/api/${kind}`, {
    method: "POST",
    headers: { Authorization: `Convex ${server.adminKey}` },
    body: JSON.stringify({ path: name, args, componentPath }),
  });
  return { httpStatus: response.status, ...((await response.json()) as object) };
}
const value = async (name: string, args: object): Promise<unknown> => (await call("query", name, args)).value;

/** The message without what the server puts before it and without the places of its stacks. */
function words(message: string | undefined): string {
  return (message ?? "no error")
    .replace("[Request ID: local] Server Error\n", "")
    .replace(/(?:\n {4}at .*)+\n/g, "\n<stack>\n")
    .replace(/_creationTime: [\d.]+, _id: "\w+"/, "<system fields>");
}

const HINT =
  "Consider using smaller limits in your queries, paginating your queries, or using indexed queries with a selective index range expressions.";
/** Words as the open-source backend answered them on 26 November 2026. */
const LIMITS: Record<string, string> = {
  ranges: `Too many reads in a single function execution (limit: 4096). ${HINT}`,
  replacedRanges: `Too many reads in a single function execution (limit: 4096). ${HINT}`,
  writes: "Too many writes in a single function execution (limit: 16000)",
  bytesWritten: "Too many bytes written in a single function execution (limit: 16 MiB)",
  bytesRead: `Too many bytes read in a single function execution (limit: 16 MiB). ${HINT}`,
  documentsRead: `Too many documents read in a single function execution (limit: 32000). ${HINT}`,
  bigDocument: "Value is too large (1.05 MiB > maximum size 1 MiB)",
  array: "Invalid argument `value` for `db.insert`: Array length is too long (8193 > maximum length 8192)",
  deep: `Document(value: {<system fields>, k: 3.0, s: ${"{a: ".repeat(17)}1.0${"}".repeat(17)}}) isn't a valid document: Document is too nested (nested 18 levels deep > maximum nesting 16)`,
  fields: "Invalid argument `value` for `db.insert`: Object has too many fields (1025 > maximum number 1024)",
  badField:
    'Failed to insert or update a document in table "failing" because it does not match the schema: Value does not match validator.\nPath: .k\nValue: "no"\nValidator: v.float64()',
  "an app's own words": "an app's own words",
};

describe("a limit reads as on the backend", () => {
  test.each(Object.entries(LIMITS))("%s", async (what, message) => {
    const once = `Uncaught Error: ${message}\n<stack>\n`;
    expect(words((await call("mutation", "fail:app", { what })).errorMessage)).toBe(once);
    expect(words((await call("mutation", "fail:run", { what }, "counter")).errorMessage)).toBe(once);
    const nested = await call("mutation", "fail:nested", { what });
    expect(words(nested.errorMessage)).toBe(`Uncaught Error: ${once}\n<stack>\n`);
    const caught = await call("mutation", "fail:nestedCatch", { what });
    expect(words(caught.value as string)).toBe(`caught inside: Error: ${once}`);
  });

  test("processor time, which has no stack of its own", async () => {
    const what = "spin";
    const message = "Function execution timed out (maximum duration: 1s)\n";
    expect(words((await call("mutation", "fail:app", { what })).errorMessage)).toBe(message);
    const nested = await call("mutation", "fail:nested", { what });
    expect(words(nested.errorMessage)).toBe(`Uncaught Error: ${message}\n<stack>\n`);
  });

  test("the time that the database takes, which is no fault of the function", async () => {
    const slow = await spawnLocalConvex({ systemSeconds: 0, env: { GREETING: "hello" } });
    try {
      await deploy(slow);
      const put = {
        method: "POST",
        body: JSON.stringify({ path: "items:put", args: { key: "a", value: 1 } }),
      };
      const refused = await fetch(`${slow.url}/api/mutation`, put);
      expect([refused.status, await refused.json()]).toEqual([
        503,
        { code: "SystemTimeoutError", message: "Your request timed out." },
      ]);
    } finally {
      await slow.close();
    }
  });

  test("strings are UTF-8, in documents and in arguments", async () => {
    const inside = await call("mutation", "fail:app", { what: "surrogate" });
    expect(inside.errorMessage).toContain("unexpected end of hex escape");
    const argument = await call("mutation", "fail:app", { what: "\ud800" });
    expect(argument.errorMessage).toContain("unexpected end of hex escape");
  });

  test.each([
    ["x", 17 << 20, "17.00"],
    ["漢", 6 << 20, "18.00"],
  ])("arguments of more than 16 MiB, in bytes of UTF-8: %s", async (character, length, mib) => {
    const { errorMessage } = await call("mutation", "items:put", { key: character.repeat(length), value: 1 });
    expect(errorMessage).toContain(
      `Arguments for items:put are too large (actual: ${mib} MiB, limit: 16 MiB)`,
    );
  });
});

test("what a module keeps does not outlive a call", async () => {
  const runs = async (): Promise<unknown> => ((await value("items:notes", {})) as { runs: number }).runs;
  expect([await runs(), await runs()]).toEqual([1, 1]);
});

describe("mutations run at the same time", () => {
  test("conflict on what they read, are retried, and none is lost or done twice", async () => {
    const replies: Reply[] = [];
    const lostOnes = (): Reply[] => replies.filter(({ status }) => status === undefined);
    // Many at once on one document: sooner or later one loses all of its five tries.
    for (let round = 0; round < 20 && lostOnes().length === 0; round++) {
      replies.push(
        ...(await Promise.all(Array.from({ length: 60 }, () => call("mutation", "race:add", {})))),
      );
    }
    const lost = lostOnes();
    expect(lost.length).toBeGreaterThan(0);
    const done = replies.filter(({ status }) => status === "success").length;
    expect(lost.length + done).toBe(replies.length);
    expect(await value("race:value", { key: "raced" })).toBe(done);
    for (const { httpStatus, code, message } of lost) {
      expect([httpStatus, code]).toEqual([503, "OptimisticConcurrencyControlFailure"]);
      expect(message).toMatch(
        /^Documents read from or written to the "items" table changed while this mutation was being run and on every subsequent retry/,
      );
    }
  });

  test("do not conflict on documents and ranges that they did not read", async () => {
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        call("mutation", "items:put", { key: `own${String(i)}`, value: i }),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => "success"));
  });

  test("also when they are scheduled, where each one happens in the end", async () => {
    const before = (await value("race:value", { key: "raced" })) as number;
    await call("mutation", "race:addLater", { times: 10 });
    await vi.waitFor(
      async () => {
        expect(await value("race:value", { key: "raced" })).toBe(before + 10);
      },
      { timeout: 60_000, interval: 100 },
    );
  });

  test("HTTP actions give each other a turn at every call", async () => {
    const post = () => fetch(`${server.siteUrl}/careless`, { method: "POST" });
    const answers = await Promise.all(Array.from({ length: 10 }, post));
    const done = answers.filter(({ status }) => status === 204).length;
    expect(done).toBeGreaterThan(0);
    expect(await value("race:value", { key: "careless" })).toBeLessThan(done);
  });

  test("a mutation is refused that begins above 4 MiB of commits in the last second", async () => {
    const until = Date.now() + 3000;
    const replies: Reply[] = [];
    const sender = async (): Promise<void> => {
      while (Date.now() < until) replies.push(await call("mutation", "race:write", { bytes: 1_000_000 }));
    };
    await Promise.all(Array.from({ length: 8 }, sender));
    const refused = replies.filter(({ status }) => status === undefined);
    expect(refused.length).toBeGreaterThan(0);
    for (const { httpStatus, code, message } of refused) {
      expect([httpStatus, code]).toEqual([429, "TooManyWrites"]);
      expect(message).toMatch(/^Too many writes per second\. Your deployment is limited to 4 MiB/);
    }
  });
});

describe("the backend's own functions", () => {
  test.each([
    ["_system/cli/queryEnvironmentVariables", {}],
    ["_system/cli/queryEnvironmentVariables:get", { name: "GREETING" }],
    ["_system/cli/convexUrl:cloudUrl", {}],
    ["_system/cli/modules:apiSpec", {}],
    ["_system/cli/modules:apiSpec", { componentId: null }],
    ["_system/cli/tables", { paginationOpts: { numItems: 10, cursor: null } }],
    [
      "_system/cli/tableData",
      { table: "items", order: "asc", paginationOpts: { numItems: 1, cursor: null } },
    ],
    ["_system/cli/tableSize:default", { tableName: "items" }],
  ])("%s takes %j, and nothing else", async (name, args) => {
    expect(await call("query", name, args)).toMatchObject({ status: "success" });
    const refused = await call("query", name, { ...args, more: 1 });
    expect(refused.errorMessage).toContain("ArgumentValidationError");
    const [first] = Object.keys(args).filter((field) => field !== "componentId");
    if (first === undefined) return;
    const { errorMessage } = await call("query", name, { ...args, [first]: undefined });
    expect(errorMessage).toContain("ArgumentValidationError");
  });
});

test("a crash undoes what has not committed, and nothing else; scheduled mutations run again", async () => {
  const before = (await value("race:value", { key: "raced" })) as number;
  await call("mutation", "race:addLater", { times: 5 });
  // This one waits for another, which does not come.
  const cut = fetch(`${server.siteUrl}/meet`, { method: "POST" });
  const crashes = setInterval(server.crash, 20);
  await expect(cut).rejects.toThrow("fetch failed");
  clearInterval(crashes);
  await vi.waitFor(
    async () => {
      expect(await value("race:value", { key: "raced" })).toBe(before + 5);
    },
    { timeout: 60_000, interval: 100 },
  );
});

test("actions import modules while they run; queries and mutations do not", async () => {
  expect(await call("action", "items:importsInAction", {})).toMatchObject({ status: "success" });
  const refused = await call("mutation", "items:importsInMutation", {});
  expect(words(refused.errorMessage)).toMatch(/dynamic module import unsupported/);
});
