/**
 * Regenerates `_generated` of the component and of the example app with the real Convex CLI, offline, against the
 * local stand-in for a deployment (tools/local-convex).
 *
 * The order matters, also when nothing is generated yet: the app imports the component as a package, from `dist`, so
 * the component's own code comes first, then the build, then the app's code.
 *
 * With `--check`, or in CI, it fails afterwards if that changed anything.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { spawnLocalConvex } from "./local-convex/spawn.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CONVEX_CLI = path.join(
  path.dirname(createRequire(import.meta.url).resolve("convex/package.json")),
  "bin",
  "main.js",
);
const GENERATED = ["convex/_generated", "example/convex/_generated"];

/** A deployment configured in the caller's shell must not be touched. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CONVEX_")));
}

async function run(command: string, args: string[]): Promise<string> {
  const child = spawn(command, args, { cwd: ROOT, env: environment(), stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} failed:\n${output}`);
  return output;
}

async function generate(): Promise<void> {
  const server = await spawnLocalConvex();
  try {
    const convex = (...args: string[]) =>
      run(process.execPath, [CONVEX_CLI, ...args, "--url", server.url, "--admin-key", server.adminKey]);
    await convex("codegen", "--component-dir", "./convex");
    await run("npm", ["run", "build"]);
    await convex("codegen");
  } finally {
    await server.close();
  }
}

async function changes(): Promise<string> {
  const diff = await run("git", ["diff", "--", ...GENERATED]);
  const untracked = await run("git", ["ls-files", "--others", "--exclude-standard", "--", ...GENERATED]);
  return diff + untracked;
}

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
await generate();
if (values.check || process.env.CI !== undefined) {
  const changed = await changes();
  if (changed !== "") {
    process.stderr.write(
      `${changed}\nThe generated code is out of date: run \`npm run codegen\` and commit the result.\n`,
    );
    process.exitCode = 1;
  }
}
