import { setTimeout as sleep } from "node:timers/promises";
import pc from "picocolors";
import { openAdmin } from "../admin.js";
import { V1Client } from "../client.js";
import { findDeployment, readVariables, requireSite } from "../environment.js";
import type { CommonOptions } from "../options.js";
import { ago, print, since, table } from "../output.js";
import type { MirrorStatus } from "../v1Types.js";
import type { RunInfo } from "./types.js";

/** How often `--watch` looks again, in milliseconds. */
const WATCH_MS = 2_000;

interface StatusOptions extends CommonOptions {
  watch?: boolean;
}

/** A mirror with the run that owns it, as far as the caller may know of it. */
type Watched = MirrorStatus & { run?: RunInfo | null };

export async function status(mirror: string | undefined, options: StatusOptions): Promise<void> {
  const read = reader(options);
  const show = async () => {
    const mirrors = (await read()).filter(({ name }) => mirror === undefined || name === mirror);
    return mirrors;
  };
  if (options.watch !== true) {
    const mirrors = await show();
    print(options.json, mirrors, () => describe(mirrors));
    return;
  }
  for (;;) {
    const mirrors = await show();
    if (options.json === true) process.stdout.write(`${JSON.stringify(mirrors)}\n`);
    else {
      // From the top, and nothing below: the terminal does not flicker.
      if (process.stdout.isTTY) process.stdout.write("\u001B[H\u001B[2J");
      process.stdout.write(`${describe(mirrors)}\n${pc.dim(new Date().toLocaleTimeString())}\n`);
    }
    await sleep(WATCH_MS);
  }
}

/** With the deployment's key everything; with an import token, the mirrors that it opens. */
function reader(options: StatusOptions): () => Promise<Watched[]> {
  const deployment = findDeployment(options, readVariables());
  const { token } = deployment;
  if (deployment.adminKey === null && token !== null) {
    const client = new V1Client({ url: requireSite(deployment), token });
    return async () => client.status();
  }
  const admin = openAdmin(deployment);
  return async () => {
    const mirrors = await admin.call<MirrorStatus[]>("status");
    return await Promise.all(
      mirrors.map(async (mirror) => {
        if (!mirror.running) return { ...mirror, run: null };
        const [run = null] = await admin.call<RunInfo[]>("runs", { mirror: mirror.name, limit: 1 });
        return { ...mirror, run };
      }),
    );
  };
}

const COLOURS: Record<string, (text: string) => string> = {
  upToDate: pc.green,
  snapshotting: pc.cyan,
  waiting: pc.dim,
  late: pc.yellow,
  stale: pc.red,
  paused: pc.yellow,
  failed: pc.red,
  removed: pc.dim,
};

function describe(mirrors: readonly Watched[]): string {
  if (mirrors.length === 0) return "No mirrors. Declare one with mirrorTable in convex/schema.ts and deploy.";
  const rows = mirrors.map((mirror) => [
    mirror.name,
    (COLOURS[mirror.state] ?? String)(mirror.state),
    mirror.rows,
    mirror.quarantined,
    mirror.lagMs === null ? null : since(mirror.lagMs),
    ago(mirror.lastHeardAt),
    progress(mirror),
  ]);
  const reasons = mirrors
    .filter(({ state }) => state !== "upToDate")
    .map(({ name, reason }) => `${pc.bold(name)}: ${reason}`);
  return [table(["mirror", "state", "rows", "quarantined", "lag", "heard", "run"], rows), ...reasons].join(
    "\n",
  );
}

/** How far the run is that owns the mirror, and what it takes of the write budget. */
function progress({ running, run }: Watched): string | null {
  if (!running) return null;
  if (run === null || run === undefined) return "running";
  const seconds = Math.max(1, (Date.now() - Date.parse(run.startedAt)) / 1000);
  const received = run.counts.received.toLocaleString("en");
  return `${received} rows, ${Math.round(run.counts.received / seconds).toLocaleString("en")} rows/s, ${(run.bytes / seconds / 1024).toFixed(0)} KiB/s`;
}
