import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { callFunction } from "../../e2e/project.js";
import { spawnLocalConvex, type SpawnedLocalConvex } from "../../../tools/local-convex/spawn.js";
import type { UserProject } from "./projects.js";

const CLI = path.join(
  path.dirname(createRequire(import.meta.url).resolve("convex/package.json")),
  "bin",
  "main.js",
);

/** A user's project with a local server behind it, reached as a self-hosted deployment is: by `.env.local`. */
export class DeployedProject {
  private constructor(
    readonly project: UserProject,
    readonly server: SpawnedLocalConvex,
  ) {}

  static async start(project: UserProject): Promise<DeployedProject> {
    const deployed = new DeployedProject(project, await spawnLocalConvex({ optimistic: true }));
    deployed.configure();
    await deployed.push();
    return deployed;
  }

  async close(): Promise<void> {
    await this.server.close();
    this.project.close();
  }

  /** Writes `.env.local` as it should be, with changes. */
  configure(changes: Record<string, string> = {}): void {
    const { url, siteUrl, adminKey } = this.server;
    const variables = {
      CONVEX_SELF_HOSTED_URL: url,
      CONVEX_SELF_HOSTED_ADMIN_KEY: adminKey,
      CONVEX_SITE_URL: siteUrl,
      ...changes,
    };
    const lines = Object.entries(variables).map(([name, value]) => `${name}='${value}'\n`);
    this.project.write(".env.local", lines.join(""));
  }

  async push(): Promise<void> {
    await this.convex("deploy", "--typecheck", "disable", "--yes");
  }

  /** Runs a function, as an operator does. */
  async run(name: string, args: Record<string, unknown> = {}): Promise<unknown> {
    return await callFunction(this.server, name, args);
  }

  /** The project's own Convex CLI. */
  async convex(...args: string[]): Promise<string> {
    const { url, adminKey } = this.server;
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("CONVEX_")),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [CLI, ...args, "--url", url, "--admin-key", adminKey],
      { cwd: this.project.directory, env },
    );
    return stdout;
  }

  /** Sends rows of a stream as Airbyte's connector does. */
  async send(token: string, stream: string, rows: Record<string, unknown>[]): Promise<number> {
    const { status } = await fetch(
      `${this.server.siteUrl}/airbyte/api/streaming_import/import_airbyte_records`,
      {
        method: "POST",
        headers: { Authorization: `Convex ${token}`, "Content-Type": "application/json" },
        body: JSON.stringify({
          tables: { [stream]: { primaryKey: [["id"]], jsonSchema: {} } },
          messages: rows.map((data) => ({ tableName: stream, data })),
        }),
      },
    );
    return status;
  }
}
