// @vitest-environment node
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("SIGTERM to npm ends the server that its script runs", async () => {
  const npm = spawn("npm", ["run", "--silent", "local-convex", "--", "--port", "0", "--json"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(createInterface({ input: npm.stdout }), "line")) as [string];
  const { pid } = JSON.parse(line) as { pid: number };
  try {
    expect(isRunning(pid)).toBe(true);
    npm.kill("SIGTERM");
    await expect.poll(() => isRunning(pid), { timeout: 30_000 }).toBe(false);
  } finally {
    if (isRunning(pid)) process.kill(pid, "SIGKILL");
  }
}, 60_000);

test("no process stands between npm's shell and a script that runs until it is stopped", () => {
  const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const name of ["demo", "local-convex"]) expect(scripts[name]).toMatch(/^node --import tsx tools\//);
});
