// @vitest-environment node
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openAdmin } from "../../src/cli/deployment/admin.js";
import { borrowToken } from "../../src/cli/deployment/token.js";
import {
  findDeployment,
  readVariables,
  type DeploymentOptions,
} from "../../src/cli/deployment/environment.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "streaming-import-env-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  vi.unstubAllGlobals();
});

function find(variables: Record<string, string>, options: DeploymentOptions = {}) {
  return findDeployment(options, readVariables({ cwd: directory, env: variables }));
}

describe("variables", () => {
  test("of the process win over .env.local, those over .env", () => {
    writeFileSync(path.join(directory, ".env"), "A=env\nB=env\nC=env\n");
    writeFileSync(path.join(directory, ".env.local"), "# made by convex\nA=local\nB='local' # team: x\n");
    const read = readVariables({ cwd: directory, env: { A: "process" } });
    expect([read("A"), read("B"), read("C"), read("D")]).toEqual(["process", "local", "env", undefined]);
  });

  test("that are empty are none", () => {
    expect(readVariables({ cwd: directory, env: { A: " " } })("A")).toBeUndefined();
  });
});

const CLOUD = "https://happy-otter-123.convex.cloud";
const SITE = "https://happy-otter-123.convex.site";

describe("the deployment", () => {
  test.each<[string, Record<string, string>, DeploymentOptions, Record<string, unknown>]>([
    [
      "in the cloud, as `npx convex dev` leaves it",
      { CONVEX_DEPLOYMENT: "dev:happy-otter-123", CONVEX_URL: CLOUD },
      {},
      { url: CLOUD, adminKey: null, siteUrl: SITE, name: "dev:happy-otter-123" },
    ],
    ["in the cloud, for a framework", { VITE_CONVEX_URL: CLOUD }, {}, { url: CLOUD, siteUrl: SITE }],
    ["in the cloud, for Next.js", { NEXT_PUBLIC_CONVEX_URL: CLOUD }, {}, { url: CLOUD, siteUrl: SITE }],
    [
      "in the cloud, by a deploy key",
      { CONVEX_DEPLOY_KEY: "prod:happy-otter-123|secret" },
      {},
      { url: CLOUD, adminKey: "prod:happy-otter-123|secret", siteUrl: SITE },
    ],
    [
      "of a preview, whose key names none",
      { CONVEX_DEPLOY_KEY: "preview:team:project|secret", CONVEX_URL: CLOUD },
      {},
      { url: CLOUD, adminKey: "preview:team:project|secret" },
    ],
    [
      "that hosts itself, even where a deploy key is about",
      {
        CONVEX_SELF_HOSTED_URL: "http://convex.example:3210",
        CONVEX_SELF_HOSTED_ADMIN_KEY: "self|key",
        CONVEX_DEPLOY_KEY: "prod:happy-otter-123|secret",
      },
      {},
      { url: "http://convex.example:3210", adminKey: "self|key", siteUrl: "http://convex.example:3211" },
    ],
    [
      "whose HTTP actions have an address of their own",
      { CONVEX_SELF_HOSTED_URL: "https://api.example", CONVEX_SITE_URL: "https://actions.example/airbyte/" },
      {},
      { url: "https://api.example", siteUrl: "https://actions.example/airbyte" },
    ],
    [
      "of the command line: a key of the environment is not sent there",
      { CONVEX_DEPLOY_KEY: "prod:happy-otter-123|secret", CONVEX_SITE_URL: SITE, CONVEX_DEPLOYMENT: "dev:x" },
      { url: "http://127.0.0.1:3210" },
      { url: "http://127.0.0.1:3210", adminKey: null, siteUrl: "http://127.0.0.1:3211", name: null },
    ],
    [
      "of the command line, which is that of the deploy key: its key is used",
      { CONVEX_DEPLOY_KEY: "prod:happy-otter-123|secret" },
      { url: `${CLOUD}/` },
      { url: CLOUD, adminKey: "prod:happy-otter-123|secret", isKeyWithheld: false },
    ],
    [
      "of the command line, which is the one that hosts itself, written otherwise",
      { CONVEX_SELF_HOSTED_URL: "http://convex.example:3210", CONVEX_SELF_HOSTED_ADMIN_KEY: "self|key" },
      { url: "http://CONVEX.example:3210/" },
      { adminKey: "self|key", isKeyWithheld: false },
    ],
    [
      "of the command line, with its key",
      {},
      { url: "http://127.0.0.1:3210", adminKey: "k" },
      { url: "http://127.0.0.1:3210", adminKey: "k" },
    ],
    ["that nobody names", {}, {}, { url: null, adminKey: null, siteUrl: null, name: null, token: null }],
  ])("%s", (_, variables, options, expected) => {
    expect(find(variables, options)).toMatchObject(expected);
  });

  test.each([
    ["a deploy key", { CONVEX_DEPLOY_KEY: "prod:happy-otter-123|secret" }],
    ["a login", { CONVEX_DEPLOYMENT: "dev:x" }],
  ])("of the command line, where the environment has %s: it names --admin-key", async (_, variables) => {
    const deployment = find(variables, { url: "https://other-cat-1.convex.cloud" });
    const place = { cwd: directory, env: {} };
    expect(() => openAdmin(place, deployment)).toThrow(/--url names another deployment .* --admin-key/);
    await expect(borrowToken(place, deployment, ["x"], "write")).rejects.toThrow("--admin-key");
  });

  test("that is misspelt is shown as it should be: the API and HTTP actions have two domains", () => {
    expect(() => find({}, { url: "happy" })).toThrow("https://happy-otter-123.convex.cloud.");
    expect(() => find({}, { url: CLOUD, siteUrl: "happy" })).toThrow("https://happy-otter-123.convex.site.");
  });

  test.each(["not a url", "ftp://x", "https://user:secret@x.example"])(
    "refuses %s, and does not repeat a password",
    (url) => {
      const refused = expect(() => find({ CONVEX_URL: url }));
      refused.toThrow(/URL/);
      expect(() => find({ CONVEX_URL: url })).not.toThrow(/secret/);
    },
  );
});

test.each([
  [
    "in the cloud",
    { CONVEX_DEPLOY_KEY: "prod:happy-otter-123|secret" },
    CLOUD,
    "prod:happy-otter-123|secret",
  ],
  [
    "that hosts itself",
    { CONVEX_SELF_HOSTED_URL: "https://convex.example", CONVEX_SELF_HOSTED_ADMIN_KEY: "self|key" },
    "https://convex.example",
    "self|key",
  ],
])("a function of a deployment %s is called at its address, with its key", async (_, variables, url, key) => {
  const requests: [string, string | null][] = [];
  vi.stubGlobal("fetch", async (target: string | URL | Request, init: RequestInit) => {
    requests.push([String(target), new Headers(init.headers).get("Authorization")]);
    return Response.json({ status: "success", value: [], logLines: [] });
  });
  expect(await openAdmin({ cwd: directory, env: {} }, find(variables)).call("status")).toEqual([]);
  expect(requests).toEqual([[`${url}/api/function`, `Convex ${key}`]]);
});

test.each([
  [
    "[Request ID: 1] Server Error\nUncaught Error: There is no mirror.\n    at handler (x.ts:1)",
    "There is no mirror.",
  ],
  ["Uncaught Error: Uncaught Error: There is no mirror.\n    at handler (x.ts:1)", "There is no mirror."],
  ['Uncaught ConvexError: {"code":"UnknownMirror","message":"There is no mirror."}', "There is no mirror."],
  ['{"code":"BadDeployKey","message":"The key is wrong."}', "The key is wrong."],
  ["Uncaught TypeError: x is not a function", "x is not a function"],
])("what a function threw is shown as it said it: %j", async (thrown, shown) => {
  const url = "http://127.0.0.1:3210";
  vi.stubGlobal("fetch", async () =>
    Promise.resolve(
      Response.json({
        status: "error",
        errorMessage: thrown,
        logLines: [],
      }),
    ),
  );
  const variables = { CONVEX_SELF_HOSTED_URL: url, CONVEX_SELF_HOSTED_ADMIN_KEY: "k|1" };
  await expect(openAdmin({ cwd: directory, env: {} }, find(variables)).call("status")).rejects.toThrow(
    new RegExp(`^${shown.replaceAll(".", "\\.")}$`),
  );
});
