/** A Postgres server for tests, where one is installed: started in a temporary directory, gone afterwards. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import pg from "pg";

/** Where Debian puts the programs of each version. */
const VERSIONS = "/usr/lib/postgresql";

/** The folder with the server's programs, or null where there is none. */
export const postgresPrograms = ((): string | null => {
  if (!existsSync(VERSIONS)) return null;
  const newest = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))[0];
  const folder = path.join(VERSIONS, newest ?? "", "bin");
  return existsSync(path.join(folder, "initdb")) ? folder : null;
})();

export class PostgresServer {
  private constructor(
    private readonly directory: string,
    readonly port: number,
  ) {}

  static async start(): Promise<PostgresServer> {
    const directory = mkdtempSync(path.join(os.tmpdir(), "postgres-"));
    // The server does not run as root; its own user has to get at its files then.
    chmodSync(directory, 0o777);
    const server = new PostgresServer(directory, await freePort());
    server.#program("initdb", "-D", `${directory}/data`, "-U", "postgres", "-A", "trust", "--no-sync");
    server.#start("-w", "start");
    return server;
  }

  restart(): void {
    this.#start("-w", "-m", "fast", "restart");
  }

  stop(): void {
    this.#start("-w", "-m", "immediate", "stop");
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** A connection as the superuser. */
  async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      host: "127.0.0.1",
      port: this.port,
      user: "postgres",
      database: "postgres",
    });
    await client.connect();
    return client;
  }

  #start(...args: string[]): void {
    const options = `-p ${String(this.port)} -c listen_addresses=127.0.0.1 -c fsync=off -k ${this.directory}`;
    const { directory } = this;
    this.#program("pg_ctl", "-D", `${directory}/data`, "-l", `${directory}/log`, "-o", options, ...args);
  }

  #program(name: string, ...args: string[]): void {
    const program = path.join(postgresPrograms!, name);
    const [command, ...rest] =
      process.getuid?.() === 0 ? ["runuser", "-u", "postgres", "--", program, ...args] : [program, ...args];
    execFileSync(command!, rest, { stdio: "ignore", cwd: this.directory });
  }
}

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}
