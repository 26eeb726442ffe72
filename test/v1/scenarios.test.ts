import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { conformanceMirrors } from "../../scenarios/schema.js";
import { differences } from "../../tools/conformance/match.js";
import { Runner } from "../../tools/conformance/run.js";
import type { Scenario } from "../../tools/conformance/scenario.js";
import type { Target } from "../../tools/conformance/target.js";
import { App } from "../harness.js";
import { expectLaws } from "./support.js";

/** The scenarios for authors of senders, against the app under test, by the runner that they use. */

/** As text: a module made of JSON would lose the field `__proto__`. */
const scenarios = Object.entries(
  import.meta.glob<string>("../../scenarios/*.json", { eager: true, query: "?raw", import: "default" }),
).map(([path, text]) => [/([^/]+)\.json$/.exec(path)![1]!, JSON.parse(text) as Scenario] as const);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function deployment(prefix = ""): Promise<{ app: App; target: Target }> {
  const app = await App.start();
  const otherToken = (await app.call("createToken", {
    name: "other",
    mirrors: ["conformance_scoped"],
  })) as string;
  const target: Target = {
    url: `https://example.convex.site${prefix}`,
    token: app.token,
    otherToken,
    fetch: async (url, init) => {
      const { pathname, search } = new URL(url);
      return await app.t.fetch(pathname + search, init);
    },
    sleep: async (ms) => app.passTime(ms),
  };
  return { app, target };
}

test.each(scenarios)("%s", async (name, scenario) => {
  expect(scenario.name).toBe(name);
  expect(scenario.about).toMatch(/\.$/);
  expect(Object.keys(conformanceMirrors)).toEqual(expect.arrayContaining(scenario.mirrors));
  const { app, target } = await deployment();
  const runner = new Runner(target);
  expect(await runner.run(scenario)).toEqual({ name, outcome: "passed", problems: [] });
  await expectLaws(app);
});

test("all hold one after another, twice, on one deployment, under a path prefix", async () => {
  const { app, target } = await deployment("/airbyte");
  const runner = new Runner(target);
  for (let time = 0; time < 2; time++) {
    for (const [name, scenario] of scenarios) {
      // Two thousand rows in tables without indexes are slow here, and say nothing new.
      if (name === "several-transactions") continue;
      expect(await runner.run(scenario)).toEqual({ name, outcome: "passed", problems: [] });
    }
  }
  await expectLaws(app);
});

test("without a second token, the scenario that needs it is skipped, and says so", async () => {
  const { target } = await deployment();
  const { otherToken: _, ...without } = target;
  const scenario = scenarios.find(([name]) => name === "token-scope")![1];
  expect(await new Runner(without).run(scenario)).toMatchObject({
    outcome: "skipped",
    problems: [expect.stringContaining("--other-token")],
  });
});

test("a deployment without the mirrors is told what to deploy", async () => {
  const { target } = await deployment();
  const scenario: Scenario = { name: "x", about: "x.", mirrors: ["conformance_nobody"], steps: [] };
  expect(await new Runner(target).run(scenario)).toEqual({
    name: "x",
    outcome: "failed",
    problems: [
      expect.stringMatching(/before the first step.*no mirror conformance_nobody.*scenarios\/schema\.ts/),
    ],
  });
});

test("a scenario that does not hold fails at its step, with what was expected and what was found", async () => {
  const { target } = await deployment();
  const steps: Scenario["steps"] = [
    {
      request: {
        method: "POST",
        path: "/v1/runs",
        body: { mirror: "conformance_plain", syncMode: "append" },
      },
      expect: { status: 200, json: { epoch: "seven" } },
    },
  ];
  const broken = { name: "broken", about: "It breaks.", mirrors: ["conformance_plain"], steps };
  expect(await new Runner(target).run(broken)).toEqual({
    name: "broken",
    outcome: "failed",
    problems: ['step 1 (POST /v1/runs): epoch: expected "seven", found 2.'],
  });
  const rows: Scenario["steps"] = [{ rows: { conformance_plain: [{ id: "nobody" }] } }];
  expect((await new Runner(target).run({ ...broken, steps: rows })).problems).toEqual([
    expect.stringMatching(
      /step 1: The rows of conformance_plain are not those expected: it has 0, and these 1/,
    ),
  ]);
});

test("differences are found wherever they are", () => {
  const found = { a: { b: [1, { c: "text" }] }, d: null, more: true };
  expect(differences({ a: { b: [1, { c: "text" }] }, d: null }, found)).toEqual([]);
  expect(differences({ a: { b: [1, { c: { $match: "^te" } }] } }, found)).toEqual([]);
  expect(differences({ a: { b: { $has: { c: "text" } } }, more: { $any: true } }, found)).toEqual([]);
  expect(differences({ a: { b: [1] } }, found)).toHaveLength(1);
  expect(differences({ a: { b: [2, { c: "other" }] }, d: 0, e: 1 }, found)).toHaveLength(4);
  expect(differences({ d: { $any: true }, e: { $any: true } }, found)).toHaveLength(2);
  expect(differences({ a: { b: { $has: 2 } } }, found)).toHaveLength(1);
  expect(differences(-0, 0)).toHaveLength(1);
});
