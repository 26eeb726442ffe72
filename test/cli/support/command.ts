import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

/** The command as a process of its own. */
export class Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  out = "";
  err = "";

  constructor(args: string[], options: { cwd?: string; env?: Record<string, string | undefined> } = {}) {
    // A deployment configured in the caller's shell must not be touched.
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(CONVEX|STREAMING_IMPORT|XDG)_/.test(name),
    );
    this.child = spawn(process.execPath, ["--import", TSX, MAIN, ...args], {
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...options.env },
    });
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => (this.out += text));
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => (this.err += text));
    // A command that has ended does not read what is still written to it.
    this.child.stdin.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        resolve({ code, signal, out: this.out, err: this.err });
      });
    });
  }
}

/** Runs the command to its end. */
export async function run(
  args: string[],
  options: { cwd?: string; env?: Record<string, string | undefined>; input?: string | Buffer } = {},
): Promise<Ended> {
  const running = new Running(args, options);
  running.child.stdin.end(options.input ?? "");
  return await running.ended;
}
