import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import type { Value } from "convex/values";
import { expect } from "vitest";
import { run } from "../cli/support/command.js";
import { Project } from "../e2e/project.js";

/** The command as it is published. */
const MAIN = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

type Row = Record<string, Value>;

/** A stream of a catalog, as a source's `discover` prints it. */
export interface DiscoveredStream {
  name: string;
  namespace?: string;
  json_schema: unknown;
  supported_sync_modes?: string[];
  source_defined_primary_key?: string[][];
}

/** Runs a program to its end. */
export async function start(program: string, args: readonly string[], options = {}): Promise<Ended> {
  return await ended(spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options }));
}

async function ended(child: ChildProcess): Promise<Ended> {
  let [out, err] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return { code, out, err };
}

/** The messages among the lines that a connector prints. */
export function messages(out: string, type: string): Record<string, unknown>[] {
  return out.split("\n").flatMap((line) => {
    if (!line.startsWith("{")) return [];
    const message = JSON.parse(line) as Record<string, unknown>;
    return message.type === type ? [message] : [];
  });
}

/** What a source has. */
export async function discover(source: string, config: unknown, directory: string) {
  const file = path.join(directory, "source-config.json");
  await writeFile(file, JSON.stringify(config));
  const { code, out, err } = await start(source, ["discover", "--config", file]);
  expect({ code, err }).toMatchObject({ code: 0 });
  const [message] = messages(out, "CATALOG") as { catalog: { streams: DiscoveredStream[] } }[];
  return message!.catalog.streams;
}

/** A project whose mirrors `generate` has declared from a catalog, with a deployment and a token. */
export class Receiver {
  readonly #client: ConvexHttpClient;

  private constructor(
    readonly project: Project,
    readonly token: string,
  ) {
    this.#client = new ConvexHttpClient(project.server.url);
  }

  /** @param options More options of `generate`. */
  static async start(streams: readonly DiscoveredStream[], ...options: string[]): Promise<Receiver> {
    const project = await Project.start("test/postgres/programs/warehouse");
    await writeFile(path.join(project.directory, "catalog.json"), JSON.stringify({ streams }));
    const args = ["generate", "--airbyte", "catalog.json", "--yes", ...options];
    const { code, out, err } = await run(args, { cwd: project.directory });
    expect({ code, out, err }).toMatchObject({ code: 0 });
    await project.push();
    const token = await project.createToken("connector");
    const receiver = new Receiver(project, token);
    await writeFile(receiver.config, JSON.stringify(receiver.destinationConfig));
    return receiver;
  }

  /** The destination's configuration. */
  get destinationConfig(): Record<string, string> {
    return { deployment_url: this.project.server.siteUrl, access_key: this.token };
  }

  async close(): Promise<void> {
    await this.project.close();
  }

  file(name: string): string {
    return path.join(this.project.directory, name);
  }

  /** The file with the destination's configuration. */
  get config(): string {
    return this.file("destination-config.json");
  }

  /** An executable that is our destination, as PyAirbyte takes one. */
  async executable(): Promise<string> {
    const file = this.file("destination-streaming-import");
    await writeFile(file, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' airbyte "$@"\n`, { mode: 0o755 });
    return file;
  }

  /** Pipes `source read` into `airbyte write`, as a platform does. */
  async sync(source: string, sourceConfig: unknown, catalog: unknown): Promise<Ended> {
    await writeFile(this.file("source-config.json"), JSON.stringify(sourceConfig));
    await writeFile(this.file("configured.json"), JSON.stringify(catalog));
    const files = ["--catalog", this.file("configured.json")];
    const reading = spawn(source, ["read", "--config", this.file("source-config.json"), ...files], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const writing = spawn(process.execPath, [MAIN, "airbyte", "write", "--config", this.config, ...files], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    reading.stdout.pipe(writing.stdin);
    let problems = "";
    reading.stderr.setEncoding("utf8").on("data", (text: string) => (problems += text));
    const [code, written] = await Promise.all([
      new Promise<number | null>((resolve) => reading.once("close", resolve)),
      ended(writing),
    ]);
    expect({ code, problems }).toMatchObject({ code: 0 });
    return written;
  }

  async rows(table: string): Promise<Row[]> {
    const all = makeFunctionReference<"query", { table: string }, Row[]>("rows:all");
    return await this.#client.query(all, { table });
  }
}

/** A catalog in which each stream is read anew. */
export function configured(
  streams: readonly DiscoveredStream[],
  mode: "append" | "append_dedup" | "overwrite",
  generation = 0,
) {
  return {
    streams: streams.map((stream) => ({
      stream: { supported_sync_modes: ["full_refresh"], ...stream },
      sync_mode: "full_refresh",
      destination_sync_mode: mode,
      primary_key: stream.source_defined_primary_key ?? [],
      cursor_field: [],
      generation_id: generation,
      minimum_generation_id: mode === "overwrite" ? generation : 0,
      sync_id: generation + 1,
    })),
  };
}
