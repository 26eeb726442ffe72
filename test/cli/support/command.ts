import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createRequire } from "node:module";
import { PassThrough, Writable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { main } from "../../../src/cli/program.js";
import { EXIT, type ExitCode } from "../../../src/cli/terminal/exit.js";
import type { Io } from "../../../src/cli/terminal/io.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const MAIN = `${ROOT}/src/cli/main.ts`;
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

interface Options {
  cwd?: string;
  env?: Record<string, string | undefined>;
}

/** Variables of a shell in which no deployment is configured: that of the caller must not be touched. */
function environment(more: Options["env"]): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(CONVEX|STREAMING_IMPORT|XDG)_/.test(name),
  );
  return { ...Object.fromEntries(inherited), NO_COLOR: "1", ...more };
}

/** The command in this process, while it runs. */
export class Call {
  readonly stdin = new PassThrough();
  readonly ended: Promise<Ended>;
  out = "";
  err = "";
  readonly #handlers = new Set<(code: ExitCode) => void>();

  constructor(args: readonly string[], { cwd = ROOT, env }: Options = {}) {
    const io: Io = {
      stdin: this.stdin,
      stdout: collect((text) => (this.out += text)),
      stderr: collect((text) => (this.err += text)),
      env: environment(env),
      cwd,
      exitCode: EXIT.ok,
      onStop: (handle) => {
        this.#handlers.add(handle);
        return () => this.#handlers.delete(handle);
      },
    };
    this.ended = main(args, io).then((code) => ({ code, signal: null, out: this.out, err: this.err }));
  }

  /** What Ctrl-C does, or SIGTERM. */
  stop(code: ExitCode = EXIT.interrupted): void {
    for (const handle of this.#handlers) handle(code);
  }
}

function collect(add: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => {
      add(chunk.toString());
      done();
    },
  });
}

/** Runs the command to its end, in this process. */
export async function run(
  args: readonly string[],
  { input, ...options }: Options & { input?: string | Buffer } = {},
): Promise<Ended> {
  const call = new Call(args, options);
  call.stdin.end(input ?? "");
  return await call.ended;
}

/** The command as a process of its own: what only a process can show, its signals and its start. */
export class Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  out = "";
  err = "";

  constructor(args: readonly string[], { cwd, env }: Options = {}) {
    this.child = spawn(process.execPath, ["--import", TSX, MAIN, ...args], {
      ...(cwd !== undefined && { cwd }),
      env: environment(env),
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

/** Runs the command to its end, in a process of its own. */
export async function spawned(
  args: readonly string[],
  { input, ...options }: Options & { input?: string | Buffer } = {},
): Promise<Ended> {
  const running = new Running(args, options);
  running.child.stdin.end(input ?? "");
  return await running.ended;
}
