import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { operation } from "../operations.js";
import { spawnLocalConvex, type SpawnedLocalConvex } from "../../tools/local-convex/spawn.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLI = path.join(
  path.dirname(createRequire(import.meta.url).resolve("convex/package.json")),
  "bin",
  "main.js",
);

/** How a connector's request was answered. */
export interface Answer {
  status: number;
  text: string;
}

/**
 * Calls a function of the app, or an operation by its name, as `convex run` does, without a process that takes a second
 * to start.
 */
export async function callFunction(
  server: SpawnedLocalConvex,
  name: string,
  args: Record<string, unknown>,
): Promise<unknown> {
  const { url, adminKey } = server;
  // The registry knows the mirrors of a schema that has just been deployed only after this.
  if (name === "createToken") await callFunction(server, "declare", {});
  const called = operation("streamingImport", name, args);
  const response = await fetch(`${url}/api/function`, {
    method: "POST",
    headers: { Authorization: `Convex ${adminKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      ...(called.component !== "" && { componentPath: called.component }),
      path: called.path,
      args: called.args,
    }),
  });
  const answer = (await response.json()) as { value?: unknown };
  if (answer.value === undefined) throw new Error(`${name} failed: ${JSON.stringify(answer)}`);
  return answer.value;
}

/**
 * A Convex project on disk with a local server behind it, driven from outside: by the Convex CLI, by HTTP and by
 * Convex's own clients. The project is a copy in a temporary directory, so that the CLI writes its generated code
 * there, and that a test may change the files between two pushes.
 */
export class Project {
  private constructor(
    readonly directory: string,
    readonly server: SpawnedLocalConvex,
    /** What the functions logged. */
    readonly log: string[],
  ) {}

  /** @param functions The directory with the project's functions, from the root of the repository. */
  static async start(functions: string): Promise<Project> {
    const project = await Project.of({});
    await cp(path.join(ROOT, functions), path.join(project.directory, "convex"), { recursive: true });
    return project;
  }

  /** @param files The project's files by their paths. */
  static async of(files: Readonly<Record<string, string>>): Promise<Project> {
    const directory = await mkdtemp(path.join(os.tmpdir(), "streaming-import-"));
    const modules = path.join(directory, "node_modules");
    await mkdir(modules);
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.join(directory, path.dirname(file)), { recursive: true });
      await writeFile(path.join(directory, file), text);
    }
    await cp(path.join(ROOT, "test/e2e/programs/package.json"), path.join(directory, "package.json"));
    await symlink(path.join(ROOT, "node_modules/convex"), path.join(modules, "convex"), "junction");
    await symlink(ROOT, path.join(modules, "convex-streaming-import"), "junction");
    const log: string[] = [];
    return new Project(
      directory,
      await spawnLocalConvex({ optimistic: true, onLog: (line) => log.push(line) }),
      log,
    );
  }

  async close(): Promise<void> {
    await this.server.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Pushes the functions as they are on disk. */
  async push(): Promise<void> {
    await this.cli("deploy", "--typecheck", "disable", "--yes");
  }

  /** Runs a function as an operator does, and returns what it returned. */
  async run(name: string, args: Record<string, unknown> = {}): Promise<unknown> {
    return await callFunction(this.server, name, args);
  }

  /** Makes a token for a connector. */
  async createToken(name: string, mirrors = ["*"]): Promise<string> {
    return (await this.run("createToken", { name, mirrors })) as string;
  }

  /** Runs the project's own Convex CLI. Rejects with its output when it fails. */
  async cli(command: string, ...args: string[]): Promise<string> {
    const { url, adminKey } = this.server;
    // A deployment configured in the caller's shell must not be touched.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("CONVEX_")),
    );
    const child = spawn(process.execPath, [CLI, command, ...args, "--url", url, "--admin-key", adminKey], {
      cwd: this.directory,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [output, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (code !== 0) throw new Error(`convex ${command} ended with ${String(code)}:\n${output}${errors}`);
    return output;
  }

  /** Sends a request as `destination-convex` does. */
  async send(token: string, method: string, route: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.server.siteUrl}${route}`, {
      method,
      headers: {
        Authorization: `Convex ${token}`,
        "Content-Type": "application/json",
        "Convex-Client": "streaming-import-0.1.0",
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }

  /** Sends records of one stream. */
  async importRecords(
    token: string,
    stream: string,
    primaryKey: string[][] | null,
    records: Record<string, unknown>[],
    pathPrefix = "",
  ): Promise<Answer> {
    return await this.send(token, "POST", `${pathPrefix}/api/streaming_import/import_airbyte_records`, {
      tables: { [stream]: { primaryKey, jsonSchema: {} } },
      messages: records.map((data) => ({ tableName: stream, data })),
    });
  }
}
