import { execFile, execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** The connectors' packages take these versions of Python. */
const VERSIONS = ["3.11", "3.12", "3.10"];

/** A Python that makes virtual environments; null where the machine has none. */
export function findPython(): string | null {
  for (const program of ["python3", ...VERSIONS.map((version) => `python${version}`)]) {
    const script = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
    const { status, stdout } = spawnSync(program, ["-c", script], { encoding: "utf8" });
    if (status === 0 && VERSIONS.includes(stdout.trim())) return program;
  }
  return null;
}

/** The programs of Python packages. */
export class PythonEnvironment {
  private constructor(private readonly directory: string) {}

  /**
   * A virtual environment with packages from PyPI, such as `airbyte-source-faker==7.2.1`. It is made once per list of
   * packages and kept in the cache of the user, so that a second run installs nothing.
   */
  static async of(...packages: string[]): Promise<PythonEnvironment> {
    const python = findPython();
    if (python === null) throw new Error("These tests need Python 3.10 to 3.12 with venv.");
    const version = execFileSync(python, ["--version"], { encoding: "utf8" });
    const name = createHash("sha256")
      .update(JSON.stringify([version, packages]))
      .digest("hex")
      .slice(0, 16);
    const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache");
    const directory = path.join(cache, "streaming-import", `python-${name}`);
    const installed = path.join(directory, "installed");
    if (!existsSync(installed)) {
      await rm(directory, { recursive: true, force: true });
      await promisify(execFile)(python, ["-m", "venv", directory]);
      const pip = path.join(directory, "bin", "pip");
      await promisify(execFile)(pip, ["install", "--quiet", ...packages], { maxBuffer: 2 ** 26 });
      await writeFile(installed, packages.join("\n"));
    }
    return new PythonEnvironment(directory);
  }

  /** The path of a program that a package brings, such as `source-faker`, or `python`. */
  program(name: string): string {
    return path.join(this.directory, "bin", name);
  }
}
