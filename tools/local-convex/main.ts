/** Command line of the local server: `tsx tools/local-convex/main.ts --port 3210`. */
import { parseArgs } from "node:util";
import { onOrphaned } from "../orphaned.js";
import { startLocalConvex } from "./server.js";

const USAGE = `Usage: local-convex [options]

  --port <n>         API and WebSocket port (default 3210; 0 picks a free one)
  --site-port <n>    HTTP actions port (default: port + 1; 0 picks a free one)
  --env NAME=value   environment variable of the deployment, repeatable
  --optimistic       mutations run at the same time: they conflict, are retried and refused as in production
  --gap <ms>         how long a commit and an answer to an action take at most with --optimistic (default 4)
  --system-seconds <n>  what the database may take for a query or mutation (default 15)
  --fresh-context    each call evaluates its modules again, as on the backend (node --experimental-vm-modules)
  --json             print one line {"url","siteUrl","adminKey","pid"} and nothing else
  --verbose          print what functions log, and errors, to stderr
  --stop-with-stdin  stop when stdin ends, so that it cannot outlive the process that started it
  --help

SIGUSR2 crashes it, with --optimistic: connections are cut, what runs dies, and what has committed stays.
`;

function parsePort(text: string, option: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--${option} must be a port number`);
  return port;
}

function parseNumber(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number >= 0)) throw new Error(`--${option} must be a number, from 0`);
  return number;
}

function parseEnv(assignments: string[]): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const at = assignment.indexOf("=");
      if (at < 1) throw new Error(`--env expects NAME=value, got "${assignment}"`);
      return [assignment.slice(0, at), assignment.slice(at + 1)];
    }),
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "3210" },
      "site-port": { type: "string" },
      env: { type: "string", multiple: true, default: [] },
      optimistic: { type: "boolean", default: false },
      gap: { type: "string" },
      "system-seconds": { type: "string" },
      "fresh-context": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      "stop-with-stdin": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const port = parsePort(values.port, "port");
  const sitePort =
    values["site-port"] === undefined
      ? port === 0
        ? 0
        : port + 1
      : parsePort(values["site-port"], "site-port");

  const server = await startLocalConvex({
    port,
    sitePort,
    env: parseEnv(values.env),
    optimistic: values.optimistic,
    gapMs: parseNumber(values.gap, "gap"),
    systemSeconds: parseNumber(values["system-seconds"], "system-seconds"),
    freshContext: values["fresh-context"],
    logger: values.verbose ? (line) => process.stderr.write(`${line}\n`) : undefined,
  });
  const { url, siteUrl, adminKey } = server;
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // Timers of scheduled functions would keep the process alive.
    void server.close().finally(() => process.exit(0));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  onOrphaned(stop);
  process.on("SIGUSR2", () => {
    server.crash();
  });
  if (values["stop-with-stdin"]) process.stdin.on("end", stop).resume();

  if (values.json) {
    process.stdout.write(`${JSON.stringify({ url, siteUrl, adminKey, pid: process.pid })}\n`);
  } else {
    process.stdout.write(`Local stand-in for a Convex deployment, for development only. It is not Convex:
nothing is saved (data is gone when this stops), and memory is not limited. See tools/local-convex/README.md.

  Deployment URL  ${url}
  HTTP actions    ${siteUrl}
  Admin key       ${adminKey}

Push a project to it:

  npx convex deploy --url ${url} --admin-key ${adminKey}

or keep pushing on every save:

  npx convex dev --url ${url} --admin-key ${adminKey}
`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
