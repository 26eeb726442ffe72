/**
 * Senders at the same time, each on a mirror of its own: `npm run bench -- senders`. On the local server in optimistic
 * mode, with real read sets, conflicts and retries; and beside the senders what goes on in a deployment: refreshes with
 * their sweeps, audits, status queries, and a dashboard that subscribes to them. Every commit and every answer to an
 * action takes as long as told on average. The server is one process: without that wait, all senders would wait
 * for its processor, however little they contend. What is measured is whether they wait for each other.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ConvexClient } from "convex/browser";
import { anyApi } from "convex/server";
import WebSocket from "ws";
import { call, type Deployed, post, withApp } from "./project.js";

/** Mirrors beside those of the senders: one is refreshed, one audited. */
const REFRESHED = 8;
const AUDITED = 9;

const FILES: Record<string, string> = {
  "convex/schema.ts": `import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";
const mirror = () => mirrorTable({ id: v.number(), text: v.string() }, { primaryKey: ["id"] });
export default defineSchema(Object.fromEntries(Array.from({ length: 10 }, (_, i) => ["m" + i, mirror()])));`,
  "convex/operations.ts": `import { dashboardFunctions } from "convex-streaming-import/dashboard";
import { streamingImport } from "./imports";
export const { importStatus, runs } = dashboardFunctions(streamingImport, { authorize: async () => true });`,
};

export interface SendersOutcome {
  senders: number;
  /** Deliveries of the senders, of one chunk each, per second. */
  chunksPerSecond: number;
  /** The same, against one sender. */
  ratio: number;
  /** Chunks that committed, the refreshed mirror's among them. */
  chunks: number;
  /** Tries of chunks that were in vain, because another transaction had changed what they had read, for 100 chunks. */
  rerunsPer100: number;
  /** The share of its time that the server's processor was busy: near 1, that is what senders wait for. */
  busy: number;
}

/**
 * @param counts How many senders there are at the same time; the first is the measure.
 * @param latencyMs How long a commit, and an answer to an action, takes on average.
 */
export async function measureSenders(
  counts: readonly number[],
  seconds: number,
  latencyMs: number,
): Promise<{ outcomes: SendersOutcome[]; conflicts: Record<string, number> }> {
  return await withApp(FILES, { optimistic: true, gapMs: 2 * latencyMs }, async (deployed) => {
    const outcomes: SendersOutcome[] = [];
    // Warm-up: modules are loaded, and mirrors have the documents that only their first run makes.
    await play(deployed, Math.max(...counts), 5);
    for (const senders of counts) {
      const before = await metrics(deployed);
      const startedAt = performance.now();
      const delivered = await play(deployed, senders, seconds);
      const elapsed = (performance.now() - startedAt) / 1000;
      const after = await metrics(deployed);
      const grown = (pattern: RegExp) => sum(after, pattern) - sum(before, pattern);
      const chunks = grown(/^commits\{function="streamingImport\/ingest:applyChunk"/);
      const chunksPerSecond = delivered / seconds;
      outcomes.push({
        senders,
        chunksPerSecond,
        ratio: chunksPerSecond / (outcomes[0]?.chunksPerSecond ?? chunksPerSecond),
        chunks,
        rerunsPer100: (100 * grown(/^conflicts\{function="streamingImport\/ingest:applyChunk"/)) / chunks,
        busy: grown(/^processor_seconds/) / elapsed,
      });
    }
    return { outcomes, conflicts: Object.fromEntries(await conflictsOf(deployed)) };
  });
}

/** Everything at once. Returns how many deliveries the senders have made. */
async function play(deployed: Deployed, senders: number, seconds: number): Promise<number> {
  const { server, token } = deployed;
  const until = Date.now() + seconds * 1000;
  const goesOn = () => Date.now() < until;
  let delivered = 0;
  const sendTo = async (mirror: string): Promise<void> => {
    const run = await Run.begin(deployed, mirror, { syncMode: "append_dedup" });
    while (goesOn()) {
      await run.deliver(10);
      if (goesOn()) delivered += 1;
    }
    await run.finish();
  };
  const refresh = async (): Promise<void> => {
    while (goesOn()) {
      const run = await Run.begin(deployed, `m${String(REFRESHED)}`, { syncMode: "overwrite" });
      for (let i = 0; i < 5 && goesOn(); i++) await run.deliver(50);
      // The next one begins when the sweep of this one has ended.
      while ((await run.finish()) === "sweeping") await sleep(200);
    }
  };
  const each = async (ms: number, work: () => Promise<unknown>): Promise<void> => {
    while (goesOn()) {
      await work();
      await sleep(ms);
    }
  };
  const client = new ConvexClient(server.url, { webSocketConstructor: WebSocket as never, logger: false });
  const { importStatus, runs } = anyApi.operations!;
  client.onUpdate(importStatus!, {}, () => undefined);
  client.onUpdate(runs!, { mirror: "m0" }, () => undefined);
  const audited = { mirror: `m${String(AUDITED)}` };
  try {
    await Promise.all([
      ...Array.from({ length: senders }, async (_, i) => sendTo(`m${String(i)}`)),
      refresh(),
      each(1_000, async () => call(server, "function", "audit:start", audited, "streamingImport")),
      each(500, async () => {
        const headers = { Authorization: `Bearer ${token}` };
        await (await fetch(`${server.siteUrl}/v1/status`, { headers })).text();
      }),
    ]);
  } finally {
    await client.close();
  }
  return delivered;
}

/** A sender of protocol v1. */
class Run {
  #sequence = 1;
  #id = 0;

  private constructor(
    private readonly deployed: Deployed,
    private readonly run: string,
  ) {}

  static async begin(deployed: Deployed, mirror: string, options: object): Promise<Run> {
    const { server, token } = deployed;
    const begun = (await post(`${server.siteUrl}/v1/runs`, token, { mirror, ...options })) as { run: string };
    return new Run(deployed, begun.run);
  }

  async deliver(rows: number): Promise<void> {
    const sequence = this.#sequence++;
    const changes = Array.from({ length: rows }, () => ({
      op: "upsert",
      row: { id: this.#id++ % 500, text: `delivery ${String(sequence)}` },
    }));
    await this.#post("/v1/deliveries", {
      run: this.run,
      delivery: `d${String(sequence)}`,
      sequence,
      changes,
    });
  }

  /** Returns the state of the run. */
  async finish(): Promise<string> {
    const { state } = (await this.#post(`/v1/runs/${this.run}/finish`, { outcome: "complete" })) as {
      state: string;
    };
    return state;
  }

  async #post(path: string, body: object): Promise<unknown> {
    return await post(this.deployed.server.siteUrl + path, this.deployed.token, body);
  }
}

async function metrics({ server }: Deployed): Promise<string[]> {
  return (await (await fetch(`${server.siteUrl}/metrics`)).text()).split("\n");
}
const numberOf = (line: string): number => Number(line.slice(line.lastIndexOf(" ")));
function sum(lines: readonly string[], pattern: RegExp): number {
  return lines.filter((line) => pattern.test(line)).reduce((total, line) => total + numberOf(line), 0);
}
async function conflictsOf(deployed: Deployed): Promise<[string, number][]> {
  return (await metrics(deployed)).flatMap((line): [string, number][] => {
    const [, name, table] = /^conflicts\{function="(.*)",table="(.*)"\}/.exec(line) ?? [];
    return name === undefined ? [] : [[`${name} on ${table!}`, numberOf(line)]];
  });
}
