/**
 * Runs `scenarios/*.json` against a deployment, and prints a line for each:
 *
 *     npm run conformance -- --url https://….convex.site --token csi_…
 *
 * For authors of senders, who can see in them what to send and what to expect; and for servers of the protocol. The
 * deployment needs the mirrors of scenarios/schema.ts, which the scenarios empty.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Runner, type Result } from "./conformance/run.js";
import type { Scenario } from "./conformance/scenario.js";

const FOLDER = fileURLToPath(new URL("../scenarios", import.meta.url));

const USAGE = `Usage: npm run conformance -- --url <url> --token <token> [options]

  --url <url>             where the import API is: the deployment's site URL, with the path prefix if there is one
  --token <token>         a token that opens the mirrors of scenarios/schema.ts
  --other-token <token>   one that opens conformance_scoped only; without it, a scenario is skipped
  --only <name>           only this scenario; may be given several times
  --json                  print the results as JSON
`;

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    token: { type: "string" },
    "other-token": { type: "string" },
    only: { type: "string", multiple: true },
    json: { type: "boolean", default: false },
  },
});

function readScenarios(only: readonly string[] | undefined): Scenario[] {
  const names = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no scenario "${unknown}"; there are ${names.join(", ")}.`);
  }
  return names
    .filter((name) => only?.includes(name) ?? true)
    .map((name) => JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8")) as Scenario);
}

function print({ name, outcome, problems }: Result, about: string): void {
  console.log(`${{ passed: "ok     ", failed: "FAILED ", skipped: "skipped" }[outcome]} ${name}: ${about}`);
  for (const problem of problems) console.log(`        ${problem}`);
}

async function main(url: string, token: string): Promise<void> {
  const runner = new Runner({
    url: url.replace(/\/+$/, ""),
    token,
    otherToken: values["other-token"],
    fetch: async (target, init) => fetch(target, init),
    sleep: async (ms) => {
      await sleep(ms);
    },
  });
  const results: Result[] = [];
  for (const scenario of readScenarios(values.only)) {
    const result = await runner.run(scenario);
    results.push(result);
    if (!values.json) print(result, scenario.about);
  }
  const failed = results.filter(({ outcome }) => outcome === "failed").length;
  if (values.json) console.log(JSON.stringify(results, null, 2));
  else console.log(`${String(results.length - failed)} of ${String(results.length)} hold.`);
  if (failed > 0) process.exitCode = 1;
}

if (values.url === undefined || values.token === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  await main(values.url, values.token);
}
