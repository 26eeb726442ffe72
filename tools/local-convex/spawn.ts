/** Starts the server in a process of its own. Imports nothing of convex-test, so it is safe in any process. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

export interface SpawnOptions {
  /** 0, the default, picks free ports. */
  port?: number;
  sitePort?: number;
  env?: Record<string, string>;
  /** Write conflicts, retries and refusals as in production. */
  optimistic?: boolean;
  /** How long a commit, and an answer to an action, takes at most in optimistic mode. */
  gapMs?: number;
  /** Seconds that the database may take for a query or mutation. */
  systemSeconds?: number;
  /** Each call evaluates its modules again, as on the backend. */
  freshContext?: boolean;
  /** Passes --verbose; the lines arrive here. */
  onLog?: (line: string) => void;
}
export interface SpawnedLocalConvex {
  url: string;
  siteUrl: string;
  adminKey: string;
  pid: number;
  /** Cuts every connection, and lets everything die that runs. What has committed stays. Only in optimistic mode. */
  crash(): void;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;

export async function spawnLocalConvex(options: SpawnOptions = {}): Promise<SpawnedLocalConvex> {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  // By absolute URL, so that the caller's working directory does not matter.
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const args = ["--import", tsx, main, "--json", "--stop-with-stdin", "--port", String(options.port ?? 0)];
  if (options.sitePort !== undefined) args.push("--site-port", String(options.sitePort));
  for (const [name, value] of Object.entries(options.env ?? {})) args.push("--env", `${name}=${value}`);
  if (options.freshContext === true) {
    args.unshift("--experimental-vm-modules", "--no-warnings");
    args.push("--fresh-context");
  }
  if (options.optimistic === true) args.push("--optimistic");
  if (options.gapMs !== undefined) args.push("--gap", String(options.gapMs));
  if (options.systemSeconds !== undefined) args.push("--system-seconds", String(options.systemSeconds));
  if (options.onLog !== undefined) args.push("--verbose");

  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
  });
  let lastErrors = "";
  createInterface({ input: child.stderr }).on("line", (line) => {
    lastErrors = `${lastErrors}${line}\n`.slice(-2000);
    options.onLog?.(line);
  });
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), 3000);
    await exited;
    clearTimeout(force);
  };

  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("error", reject);
    void exited.then(() => {
      reject(new Error(`local-convex exited before it was ready:\n${lastErrors}`));
    });
    setTimeout(() => {
      reject(new Error(`local-convex was not ready after ${String(START_TIMEOUT_MS)} ms:\n${lastErrors}`));
    }, START_TIMEOUT_MS).unref();
  });
  try {
    const started = JSON.parse(await ready) as Omit<SpawnedLocalConvex, "close" | "crash">;
    return { ...started, crash: () => child.kill("SIGUSR2"), close };
  } catch (error) {
    await close();
    throw error;
  }
}
