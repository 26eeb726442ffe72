import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** An error that a compiler reported. */
export interface Diagnostic {
  file: string;
  line: number;
  code: string;
  /** The message with its elaborations, on one line. */
  message: string;
}

/** The compilers, by the package that holds them. */
export const COMPILERS = { "5.9": "typescript-5.9", "6.0": "typescript", "7.0": "typescript-7" } as const;

const require = createRequire(import.meta.url);
const ERROR = /^(\S.*)\((\d+),\d+\): error (TS\d+): (.*)$/;

/**
 * Compiles a project with `tsc` of the named package, as a child process: TypeScript 7 has no other interface, and so
 * all three are asked in the same way.
 */
export async function compile(
  name: string,
  project: string,
): Promise<{ version: string; errors: Diagnostic[] }> {
  const manifest = require.resolve(`${name}/package.json`);
  const { bin, version } = JSON.parse(readFileSync(manifest, "utf8")) as {
    bin: { tsc: string };
    version: string;
  };
  const root = path.dirname(project);
  const output = await run(
    path.join(path.dirname(manifest), bin.tsc),
    ["-p", project, "--pretty", "false"],
    root,
  );
  return { version, errors: parse(output) };
}

function run(script: string, args: string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script, ...args], { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      // tsc exits with 1 or 2 when there are errors, which is what it is here for.
      if (error === null || (typeof error.code === "number" && error.code <= 2 && stdout !== ""))
        resolve(stdout);
      else reject(new Error(`${script} failed: ${stderr || error.message}`));
    });
  });
}

function parse(output: string): Diagnostic[] {
  const errors: Diagnostic[] = [];
  for (const text of output.split("\n")) {
    const [, file, line, code, message] = ERROR.exec(text) ?? [];
    if (file !== undefined && code !== undefined && message !== undefined) {
      errors.push({ file: file.replace(/^programs\//, ""), line: Number(line), code, message });
    } else if (text.startsWith(" ")) {
      errors.at(-1)!.message += ` ${text.trim()}`;
    } else if (text !== "") {
      throw new Error(`tsc said: ${text}`);
    }
  }
  return errors;
}
