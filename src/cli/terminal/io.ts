import type { Readable, Writable } from "node:stream";
import { EXIT, type ExitCode } from "./exit.js";

export type Output = Writable & { isTTY?: boolean; columns?: number };

/** What a command reads and writes and where it runs: the process's own, or those of a test. */
export interface Io {
  readonly stdin: Readable & { isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** How the command ends, unless it throws. */
  exitCode: ExitCode;
  /** Calls back on Ctrl-C and SIGTERM. Returns the function that ends this. */
  onStop: (handle: (code: ExitCode) => void) => () => void;
}

/** Where a command runs, as far as it asks for files and variables. */
export type Place = Pick<Io, "cwd" | "env">;

export function processIo(): Io {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    exitCode: EXIT.ok,
    onStop: (handle) => {
      const interrupted = () => {
        handle(EXIT.interrupted);
      };
      const terminated = () => {
        handle(EXIT.terminated);
      };
      process.on("SIGINT", interrupted);
      process.on("SIGTERM", terminated);
      return () => {
        process.off("SIGINT", interrupted);
        process.off("SIGTERM", terminated);
      };
    },
  };
}
