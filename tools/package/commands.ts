/** Running commands for the checks of the package. */
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a command and returns what it printed. Rejects with all of its output when it fails. */
export async function run(command: string, args: readonly string[], cwd = ROOT): Promise<string> {
  const child = spawn(command, args, { cwd, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  let [output, everything] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    everything += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    everything += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0)
    throw new Error(`${[command, ...args].join(" ")} ended with ${String(code)}:\n${everything}`);
  return output;
}

/** Builds the package and packs it into a directory. Returns the tarball's path. */
export async function pack(directory: string): Promise<string> {
  await run("npm", ["run", "build"]);
  const packed = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", directory]);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return path.join(directory, filename);
}

/** Without the caller's Convex deployment, which must not be touched, and without what `npm run` adds. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(CONVEX|npm_package|npm_lifecycle)_/.test(name)),
  );
}
