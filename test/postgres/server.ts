import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import pg from "pg";

/** Where Debian keeps the programs of each version, which are not in the path. */
const DEBIAN = "/usr/lib/postgresql";

const PASSWORD = "p@ss/w:rd";

/** A Postgres server of its own, in a temporary directory, gone when it is closed. */
export class PostgresServer {
  readonly url: string;

  private constructor(
    private readonly directory: string,
    private readonly programs: string,
    private readonly owner: Owner,
    readonly port: number,
  ) {
    this.url = `postgres://owner:${encodeURIComponent(PASSWORD)}@127.0.0.1:${String(port)}/postgres`;
  }

  static async start(): Promise<PostgresServer> {
    const directory = await mkdtemp(path.join(os.tmpdir(), "streaming-import-postgres-"));
    const owner = ownerOfServer();
    if (owner !== null) await chown(directory, owner.uid, owner.gid);
    const passwordFile = path.join(directory, "password");
    await writeFile(passwordFile, PASSWORD);
    if (owner !== null) await chown(passwordFile, owner.uid, owner.gid);
    const server = new PostgresServer(directory, programs(), owner, await freePort());
    await server.#run("initdb", [
      ...["--pgdata", server.#data, "--username", "owner", "--pwfile", passwordFile],
      ...["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"],
    ]);
    const settings = `-c listen_addresses=127.0.0.1 -c port=${String(server.port)} -c fsync=off -c unix_socket_directories=`;
    await server.#run("pg_ctl", [
      "start",
      "-w",
      "-D",
      server.#data,
      "-l",
      path.join(directory, "log"),
      "-o",
      settings,
    ]);
    return server;
  }

  get #data(): string {
    return path.join(this.directory, "data");
  }

  /** Runs statements, and returns the rows of the last one. */
  async query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      const result = await client.query<Row>(text, values);
      return (Array.isArray(result) ? result.at(-1) : result).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** For settings that take a restart. */
  async restart(): Promise<void> {
    await this.#run("pg_ctl", [
      "restart",
      "-D",
      this.#data,
      "-l",
      path.join(this.directory, "log"),
      "-m",
      "fast",
      "-w",
    ]);
  }

  async close(): Promise<void> {
    await this.#run("pg_ctl", ["stop", "-D", this.#data, "-m", "immediate", "-w"]);
    await rm(this.directory, { recursive: true, force: true });
  }

  async #run(program: string, args: string[]): Promise<void> {
    const child = spawn(path.join(this.programs, program), args, {
      cwd: this.directory,
      stdio: ["ignore", "pipe", "pipe"],
      ...this.owner,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (output += data.toString()));
    // The server keeps what it inherits open: the end of pg_ctl is what counts, not that of its output.
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("exit", resolve);
    });
    child.stdout.destroy();
    child.stderr.destroy();
    if (code !== 0) throw new Error(`${program} ended with ${String(code)}:\n${output}`);
  }
}

type Owner = { uid: number; gid: number } | null;

/** Postgres does not run as root: whom to run it as then. */
function ownerOfServer(): Owner {
  if (process.getuid?.() !== 0) return null;
  for (const name of ["postgres", "nobody"]) {
    const found = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, "m").exec(readFileSync("/etc/passwd", "utf8"));
    if (found !== null) return { uid: Number(found[1]), gid: Number(found[2]) };
  }
  throw new Error("There is nobody but root to run Postgres as.");
}

function programs(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined)
    throw new Error("These tests need Debian's package postgresql: apt-get install postgresql");
  return path.join(DEBIAN, newest, "bin");
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => {
        resolve(port);
      });
    });
  });
}
