// @vitest-environment node
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Project } from "../e2e/project.js";
import type { Result } from "../../tools/conformance/run.js";

/** `npm run conformance`, as authors of senders run it, over HTTP against the stand-in for a deployment. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TSX = createRequire(import.meta.url).resolve("tsx/cli");

let project: Project;
let target: string[];

beforeAll(async () => {
  project = await Project.start("test/v1/programs/conformance");
  const mirrors = await readFile(path.join(ROOT, "scenarios/schema.ts"), "utf8");
  await writeFile(
    path.join(project.directory, "convex/conformanceMirrors.ts"),
    mirrors.replace("../src/schema/index.js", "convex-streaming-import/schema"),
  );
  await project.push();
  const token = await project.createToken("sender");
  const other = await project.createToken("other", ["conformance_scoped"]);
  target = ["--url", `${project.server.siteUrl}/import/`, "--token", token, "--other-token", other];
});
afterAll(async () => {
  await project.close();
});

async function conformance(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [TSX, "tools/conformance.ts", ...args], { cwd: ROOT });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, out, err };
}

test("every scenario holds on a deployment", async () => {
  const { code, out, err } = await conformance(...target, "--json");
  expect(err).toBe("");
  const results = JSON.parse(out) as Result[];
  expect(results.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
  expect(results.length).toBeGreaterThan(40);
  expect(code).toBe(0);
});

test("one line says what holds; those asked for are run, and no others", async () => {
  const { code, out } = await conformance(...target, "--only", "basic-write", "--only", "tokens");
  expect(out.split("\n")).toEqual([
    expect.stringMatching(/^ok {6}basic-write: Rows are inserted/),
    expect.stringMatching(/^ok {6}tokens: /),
    "2 of 2 hold.",
    "",
  ]);
  expect(code).toBe(0);
});

test("what does not hold shows in the exit code, with the reason", async () => {
  const [url, at] = target as [string, string];
  const { code, out } = await conformance(url, at, "--token", "csi_unknown", "--only", "basic-write");
  expect(out).toMatch(
    /^FAILED {2}basic-write: .*\n +before the first step: GET \/v1\/mirrors .*401.*BadAdminKey/,
  );
  expect(code).toBe(1);
});

test("without a URL or a token, it says how it is used; a scenario that is none is named", async () => {
  const usage = await conformance("--url", "http://127.0.0.1");
  expect([usage.code, usage.err]).toEqual([2, expect.stringContaining("--token <token>")]);
  const unknown = await conformance(...target, "--only", "nothing");
  expect(unknown.code).not.toBe(0);
  expect(unknown.err).toContain('There is no scenario "nothing"');
});
